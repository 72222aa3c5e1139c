"""Rules about checks: what they are worth, and where they send the student to read."""

from collections import Counter
from collections.abc import Iterable, Iterator

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.site.markdown import anchors, headings
from chatkit.course.errors import Problem
from chatkit.course.lessons import Lesson

FULL_SCORE = 100


def checks_have_one_name(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """no two checks of a lesson have the same id"""
    for name, times in Counter(check.id for check in checks_of(lesson)).items():
        if times > 1:
            what = f"{times} checks have the id {name!r}"
            yield Problem(lesson.checks_file, what, "give each check an id of its own")


def points_are_100(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the checks of a lesson are worth 100 points together"""
    total = sum(check.points for check in checks_of(lesson))
    if total != FULL_SCORE:
        what = f"the checks are worth {total} points together, not {FULL_SCORE}"
        cure = "take a new check's points from checks of the same kind"
        yield Problem(lesson.checks_file, what, cure)


def checks_judge_programs(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every check judges a program of the lesson"""
    for check in checks_of(lesson):
        if check.program not in lesson.programs:
            what = f"the check {check.id!r} judges {check.program}"
            cure = f"{lesson.name} has only {' and '.join(lesson.programs)}: correct program=…"
            yield Problem(lesson.checks_file, what, cure)


def checks_say_where_to_read(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every check names a heading of the lesson's README.md"""
    readme = lesson.folder / "README.md"
    if not readme.is_file():
        return  # another rule asks for it
    known = [heading.text for heading in headings(read(readme))]
    for heading, names in by_target((check.read, check.id) for check in checks_of(lesson)):
        if heading not in known:
            what = f"no heading {heading!r} to read, for {names}"
            cure = f"{lesson.name}/README.md has: {', '.join(known) or 'no heading'}"
            yield Problem(lesson.checks_file, what, cure)


def checks_stand_on_the_contract(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every check names a section of docs/contract.md"""
    contract = clone.docs / "contract.md"
    if not contract.is_file():
        yield Problem(contract, "the contract is missing", "write what a program must do")
        return
    known = anchors(read(contract))
    for section, names in by_target((check.rule, check.id) for check in checks_of(lesson)):
        if section not in known:
            what = f"no section {section!r} to stand on, for {names}"
            cure = f"docs/contract.md has: {', '.join(sorted(known))}"
            yield Problem(lesson.checks_file, what, cure)


def by_target(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each target once, with the ids of all checks that name it."""
    found: dict[str, list[str]] = {}
    for target, name in pairs:
        found.setdefault(target, []).append(name)
    for target, names in found.items():
        yield target, ", ".join(names)
