"""The page of all mistakes: which checks each one fails, and what a mistake costs on average.

It is made from the `expected.toml` of each mistake. The tests of the kit grade every mistake and
compare, so the page cannot say what the grader does not.
"""

from chatkit.authoring.clone import Clone
from chatkit.authoring.samples import Sample
from chatkit.authoring.site.cataloguepage import known
from chatkit.authoring.site.markdown import escaped

INTRODUCTION = """\
<!-- Made from tests/mistakes by `chatkit author sync`. Edit the expected.toml there. -->

# What a mistake costs

A mistake should cost the checks of what is wrong, and no others. A server that never starts has one
mistake, not eleven. So a check whose set-up fails is *not tried*. It gives no points either, but
the student reads one cause once, and not eleven times.

Here are all wrong programs of `tests/mistakes`. The tests of the kit grade each of them and
compare.

- *failed*: the mean number of checks that fail because of one mistake
- *failed before*: the same, if every check that was not tried had failed, too

A program with the name `typical_tutorial` has many mistakes at once.
"""

RECOGNISED = """\
A verdict names a cause only where there is evidence for it in this program: what was raised and
where, where each thread stood, what came over the wire, and the line that does it. These are the
causes that the kit knows. Where none of them has its evidence, the verdict says what happened, and
no more."""


def mistakes_page(clone: Clone, mistakes: list[Sample]) -> str:
    """The text of `docs/mistakes.md`."""
    grouped = [(one, [m for m in mistakes if m.lesson == one]) for one in clone.lessons]
    by_lesson = [(lesson, own) for lesson, own in grouped if own]
    rows = [
        "| lesson | mistakes | failed | failed before |",
        "|---|--:|--:|--:|",
        *(row(f"{lesson.number} {lesson.title}", own) for lesson, own in by_lesson),
        row("all", mistakes),
    ]
    blocks = [INTRODUCTION.rstrip(), "\n".join(rows)]
    for lesson, own in by_lesson:
        blocks.append(f"## Lesson {lesson.number}: {lesson.title}")
        lines = [
            "| mistake | in the words of who made it | failed | not tried |",
            "|---|---|---|--:|",
        ]
        blocks.append("\n".join([*lines, *map(told, own)]))
    if recognised := known(clone):
        blocks += ["## What the kit can explain", RECOGNISED, *recognised]
    return "\n\n".join(blocks) + "\n"


def row(title: str, mistakes: list[Sample]) -> str:
    """How much these mistakes cost, on average."""
    count = len(mistakes)
    failed = sum(len(one.fails) for one in mistakes) / count
    spoilt = sum(one.spoils for one in mistakes) / count
    return f"| {title} | {count} | {failed:.1f} | {spoilt:.1f} |"


def told(mistake: Sample) -> str:
    """The row of one mistake: what it is, what it fails, how much could not be tried."""
    failed = ", ".join(
        f"[{id}](checks.md#lesson-{mistake.lesson.number}-{id})" for id in mistake.fails
    )
    why = escaped(str(mistake.expected.get("why", "")).rstrip("."))
    untried = mistake.spoils - len(mistake.fails)
    return f"| `{mistake.folder.name}` | {why} | {failed} | {untried or ''} |"
