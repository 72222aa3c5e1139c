"""What changed since the last lesson: a part of each walkthrough on the site, and its list."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.authoring.clone import Clone
from chatkit.authoring.functions import Definition, Difference, difference
from chatkit.authoring.site.markdown import folded
from chatkit.course.lessons import Lesson

INTRODUCTION = """\
## What changed since the last lesson

Lesson {number} grows out of lesson {before}. Here is what became of the functions that both have,
and why: a line with `-` is gone, a line with `+` is new. A function that is not named here is the
same in both, word for word.
"""


@dataclass(frozen=True)
class Change:
    """What became of one program from one lesson to the next."""

    program: str
    difference: Difference


def changes(clone: Clone, before: Lesson, lesson: Lesson) -> list[Change]:
    """The programs that both lessons have, and that `lesson` brings in a version of its own.

    One that it gives from another step was explained there.
    """
    found = []
    for program in lesson.programs:
        if program not in before.programs:
            continue
        was, now = clone.owner(before, program), clone.owner(lesson, program)
        both_there = all(clone.reference(step, program).is_file() for step in (was, now))
        if was != now == lesson.step and both_there:
            compared = difference(clone.finished(was, program), clone.finished(now, program))
            found.append(Change(program, compared))
    return found


def reason(lesson: Lesson, program: str, function: str) -> str | None:
    """Why this function differs from the step before; None where the lesson does not list it."""
    return lesson.changes.get(f"{program}:{function}", lesson.changes.get(function))


def changes_section(clone: Clone, before: Lesson, lesson: Lesson) -> str:
    """What is new in a lesson, as the last part of its walkthrough; "" where nothing is shared."""
    found = changes(clone, before, lesson)
    blocks = [block for change in found for block in section(before, lesson, change)]
    if not blocks:
        return ""
    return "\n\n".join(
        [INTRODUCTION.format(number=lesson.number, before=before.number).rstrip(), *blocks]
    )


def section(before: Lesson, lesson: Lesson, change: Change) -> Iterator[str]:
    """One program: what is new, what is gone, and a box for each changed function."""
    yield f"### {change.program} since lesson {before.number}"
    if not any((change.difference.changed, change.difference.new, change.difference.gone)):
        yield "No function changed."
    yield from listed("New functions:", change.difference.new)
    yield from listed("Gone:", change.difference.gone)
    untold = [now for _, now in change.difference.changed if not told(lesson, change, now)]
    yield from listed("Written anew:", tuple(untold))
    for was, now in change.difference.changed:
        why = reason(lesson, change.program, now.name)
        if why is not None:
            title = f"{now.name}: {why.replace('`', '')}"
            yield folded("abstract", title, f"```diff\n{diff(was.text, now.text)}\n```")


def told(lesson: Lesson, change: Change, function: Definition) -> bool:
    return reason(lesson, change.program, function.name) is not None


def listed(title: str, pieces: tuple[Definition, ...]) -> Iterator[str]:
    """A box with what these functions are for; nothing where there are none."""
    if pieces:
        items = (f"- `{p.name}`" + (f": {p.summary}" if p.summary else "") for p in pieces)
        yield folded("abstract", f"{title} {len(pieces)}", "\n".join(items))


def diff(before: str, after: str) -> str:
    """The whole function, each line marked as kept, gone or new."""
    marked = difflib.unified_diff(
        before.splitlines(), after.splitlines(), n=len(before) + len(after), lineterm=""
    )
    return "\n".join(list(marked)[3:])
