"""The page "what changed since the last step", and the list `changes` that it follows."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.authoring.clone import Clone
from chatkit.authoring.functions import Definition, Difference, difference
from chatkit.course.lessons import Lesson

INTRODUCTION = """\
# What changed since the last step

Each lesson grows out of an earlier one, mostly the one before it. This page shows what became of
the functions that two steps share, and why: a line with `-` is gone, a line with `+` is new. A
function that is not on this page is the same in both steps, word for word.

The page shows finished programs. Solve a lesson first, then come here and compare.
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


def changes_page(clone: Clone) -> str:
    """The text of `docs/changes.md`."""
    lines = [INTRODUCTION]
    for before, lesson in clone.steps():
        lines.append(f"## Lesson {lesson.number}: {lesson.title}\n")
        walkthrough = f"[walkthrough](walkthroughs/{lesson.name}.md)"
        lines.append(f"{lesson.summary} The {walkthrough} explains the whole of it.\n")
        lines.append(f"What is different from lesson {before.number}, {before.title}:\n")
        for change in changes(clone, before, lesson):
            lines += section(lesson, change)
    return "\n".join(lines)


def section(lesson: Lesson, change: Change) -> Iterator[str]:
    """One program: what is new, what is gone, and a block for each changed function."""
    yield f"### {change.program} in lesson {lesson.number}\n"
    if not any((change.difference.changed, change.difference.new, change.difference.gone)):
        yield "No function changed.\n"
    yield from listed("New functions:", change.difference.new)
    yield from listed("Gone:", change.difference.gone)
    untold = [now for _, now in change.difference.changed if not told(lesson, change, now)]
    yield from listed("Written anew:", tuple(untold))
    for was, now in change.difference.changed:
        why = reason(lesson, change.program, now.name)
        if why is not None:
            yield f"`{now.name}`: {why}\n"
            yield f"```diff\n{diff(was.text, now.text)}\n```\n"


def told(lesson: Lesson, change: Change, function: Definition) -> bool:
    return reason(lesson, change.program, function.name) is not None


def listed(title: str, pieces: tuple[Definition, ...]) -> Iterator[str]:
    if pieces:
        items = (f"- `{p.name}`" + (f": {p.summary}" if p.summary else "") for p in pieces)
        yield f"{title}\n\n" + "\n".join(items) + "\n"


def diff(before: str, after: str) -> str:
    """The whole function, each line marked as kept, gone or new."""
    marked = difflib.unified_diff(
        before.splitlines(), after.splitlines(), n=len(before) + len(after), lineterm=""
    )
    return "\n".join(list(marked)[3:])
