"""The pages of the checks: what each lesson is graded on, and what each wrong program costs.

They are made from the checks and from the `expected.toml` of each mistake. The tests of the kit
grade every mistake and compare, so the pages cannot say what the grader does not.
"""

from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.samples import Sample, samples
from chatkit.authoring.site.markdown import escaped, folded, front, headings
from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson

NOTE = "<!-- Made from tests/lessons and tests/mistakes by `chatkit author sync`. -->"
ABOUT = "All checks of the lessons with their points, and what a mistake costs."
INTRODUCTION = """\
# The checks

This is what you are graded on. A check starts your program, talks to it as other programs would,
and looks only at what comes out. A lesson has 100 points.
"""
COSTS = """\
## What a mistake costs

A mistake should cost the checks of what is wrong, and no others. A server that never starts has one
mistake, not eleven. So a check whose set-up fails is *not tried*. It gives no points either, but
the student reads one cause once, and not eleven times.

The page of each lesson lists its wrong programs from `tests/mistakes`. The tests of the kit grade
each of them and compare.

- *failed*: the mean number of checks that fail because of one mistake
- *failed before*: the same, if every check that was not tried had failed, too

A program with the name `typical_tutorial` has many mistakes at once.
"""
LESSON = """\
Each check says where it comes from: the rule in [the contract](../contract.md), and the TODO in
your starter program that makes it pass. *It catches* shows mistakes that fail this check, in the
words of students who make them.
"""
MOST_MISTAKES = 3  # that are shown of a check; the others are counted


def checks_pages(clone: Clone) -> Iterator[tuple[Path, str]]:
    """The page of all checks, `docs/checks.md`, and a page for each lesson beside it."""
    contract = clone.docs / "contract.md"
    rules = headings(read(contract)) if contract.is_file() else []
    names = {heading.anchor: heading.text for heading in rules}
    mistakes = samples(clone.course, "mistakes")
    known = [(one, checks_of(one)) for one in clone.lessons if one.checks_file.is_file()]
    yield clone.docs / "checks.md", overview(known, mistakes)
    for lesson, checks in known:
        own = [mistake for mistake in mistakes if mistake.lesson == lesson]
        yield clone.docs / f"checks/{lesson.name}.md", lesson_page(lesson, checks, names, own)


def overview(known: list[tuple[Lesson, tuple[Check, ...]]], mistakes: list[Sample]) -> str:
    """The text of `docs/checks.md`: every check with its points, and what mistakes cost."""
    rows = ["| lesson | checks and their points |", "|---|---|"]
    for lesson, checks in known:
        page = f"checks/{lesson.name}.md"
        links = (f"[{one.id}]({page}#{anchor(lesson, one.id)}) {one.points}" for one in checks)
        rows.append(f"| [{lesson.number} {lesson.title}]({page}) | {', '.join(links)} |")
    blocks = [front(ABOUT), NOTE, INTRODUCTION.rstrip(), "\n".join(rows)]
    if mistakes:
        costs = ["| lesson | mistakes | failed | failed before |", "|---|--:|--:|--:|"]
        for lesson, _ in known:
            if own := [one for one in mistakes if one.lesson == lesson]:
                costs.append(cost(f"{lesson.number} {lesson.title}", own))
        blocks += [COSTS.rstrip(), "\n".join([*costs, cost("all", mistakes)])]
    return "\n\n".join(blocks) + "\n"


def lesson_page(
    lesson: Lesson, checks: tuple[Check, ...], rules: dict[str, str], mistakes: list[Sample]
) -> str:
    """The text of one lesson's page: its checks, and all its wrong programs."""
    about = f"The checks of lesson {lesson.number}, {lesson.title}: points, hints and mistakes."
    blocks = [
        front(about),
        NOTE,
        f"# The checks of lesson {lesson.number}: {lesson.title}",
        LESSON.rstrip(),
    ]
    for check in checks:
        blocks += section(check, lesson, rules, caught(check, mistakes))
    if mistakes:
        rows = [
            "| mistake | in the words of its author | failed | not tried |",
            "|---|---|---|--:|",
        ]
        table = "\n".join([*rows, *(told(one) for one in mistakes)])
        title = f"All {len(mistakes)} wrong programs, and the checks that each of them fails"
        blocks += ["## Wrong programs", folded("example", title, table)]
    return "\n\n".join(blocks) + "\n"


def caught(check: Check, mistakes: list[Sample]) -> list[str]:
    """Why each mistake that fails the check is made; those that spoil little else come first."""
    found = [
        (mistake.spoils, mistake.name, str(mistake.expected.get("why", "")))
        for mistake in mistakes
        if check.id in mistake.fails
    ]
    return [why for _, _, why in sorted(found) if why]


def section(check: Check, lesson: Lesson, rules: dict[str, str], whys: list[str]) -> Iterator[str]:
    """The blocks of one check. Its anchor names the lesson: lessons share ids."""
    points = "1 point" if check.points == 1 else f"{check.points} points"
    yield f"## {check.id} · {points} {{ #{anchor(lesson, check.id)} }}"
    yield f"{check.title[0].upper()}{check.title[1:]}."
    facts = [f"Hint: {check.hint}"]
    facts.append(f"Rule: [{rules.get(check.rule, check.rule)}](../contract.md#{check.rule}).")
    todos = [str(todo.number) for todo in lesson.todos if check.id in todo.checks]
    if todos:
        facts.append(f"TODO {', '.join(todos)} in your program.")
    yield " ".join(facts)
    if whys:
        shown = [f"- “{escaped(why)}”" for why in whys[:MOST_MISTAKES]]
        if (more := len(whys) - MOST_MISTAKES) > 0:
            shown.append(f"- and {more} more")
        yield "It catches:"
        yield "\n".join(shown)


def anchor(lesson: Lesson, check: str) -> str:
    """The name of a check's place on its page."""
    return f"lesson-{lesson.number}-{check}"


def cost(title: str, mistakes: list[Sample]) -> str:
    """How much these mistakes cost, on average."""
    count = len(mistakes)
    failed = sum(len(one.fails) for one in mistakes) / count
    spoilt = sum(one.spoils for one in mistakes) / count
    return f"| {title} | {count} | {failed:.1f} | {spoilt:.1f} |"


def told(mistake: Sample) -> str:
    """The row of one mistake: what it is, what it fails, how much could not be tried."""
    failed = ", ".join(f"[{id}](#{anchor(mistake.lesson, id)})" for id in mistake.fails)
    why = escaped(str(mistake.expected.get("why", "")).rstrip("."))
    untried = mistake.spoils - len(mistake.fails)
    return f"| `{mistake.folder.name}` | {why} | {failed} | {untried or ''} |"
