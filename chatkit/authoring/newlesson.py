"""A new lesson, whole from the start: it grows from another one, and says what is left to write.

Its programs are the finished ones of that lesson, with one region around `main()`. Its checks are
taken from there, as are a wrong program and one of another design. So it works at once, and every
rule holds but for the words `WRITE ME`, which `chatkit author check` finds.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chatkit.authoring import newtexts
from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.functions import functions
from chatkit.authoring.newtexts import MARK, NewTexts
from chatkit.authoring.samples import Sample, samples
from chatkit.authoring.site.pages import LESSON_PAGES
from chatkit.course.checks import Check, load_checks
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Lesson

STEP = re.compile(r"[a-z][a-z0-9_]*")
FULL_SCORE = 100
LESSON_LINE = r"(?m)^( *)- .*\b(?:{pages})/\d\d_\w+\.md\n"
SIDE_BY_SIDE = ("lessons", "walkthroughs")  # a lesson and its walkthrough, then the next one
SECTION = re.compile(r"(?m)^## Lesson \d+: .*\n(?:(?!## ).*\n)*")


@dataclass(frozen=True)
class NewLesson:
    """What a new lesson is called, and what it starts from."""

    number: int
    step: str  # "whisper"
    title: str
    origin: Lesson
    asks: tuple[str, ...]


def planned(
    clone: Clone, number: int, step: str, origin: Lesson, asks: tuple[str, ...], title: str
) -> NewLesson:
    """A lesson that there can be. Raises CourseError for a number or a name that does not fit."""
    last = clone.lessons[-1].number
    if number != last + 1:
        raise CourseError(f"the next lesson has the number {last + 1}, not {number}")
    if not STEP.fullmatch(step):
        raise CourseError(
            f"{step!r} is not a name for a step: small letters, digits and _, as in gui"
        )
    if (clone.root / "chatkit/reference" / step).exists():
        raise CourseError(f"chatkit/reference/{step} is there already: take another name")
    for program in asks:
        if program not in origin.programs:
            known = " and ".join(origin.programs)
            raise CourseError(f"{origin.name} has no {program}: it has {known}")
    return NewLesson(number, step, title, origin, asks)


def files(clone: Clone, wanted: NewLesson) -> dict[Path, str | bytes]:
    """Every file that an author writes of a lesson, and the pages that name it, with their text.

    `chatkit author sync` makes the rest. Raises AuthoringError, and CourseError where one of them
    is there already.
    """
    new = described(clone, wanted)
    name, root = new.name, clone.root
    reference = root / "chatkit/reference" / wanted.step
    made: dict[Path, str | bytes] = {
        reference / "__init__.py": f'"""Step {wanted.number}: {MARK} in one line."""\n',
        root / "lessons" / name / "lesson.toml": newtexts.lesson_toml(new),
        root / "lessons" / name / "README.md": newtexts.lesson_text(new),
        root / "solutions" / name / "README.md": newtexts.walkthrough(new),
        root / "tests/lessons" / f"test_{name}.py": newtexts.checks(new),
    }
    for turn, program in enumerate(wanted.asks, start=1):
        owner = clone.owner(wanted.origin, program)
        made[reference / program] = with_region(clone.finished(owner, program), turn)
    made |= sample_files(clone, wanted, name)
    for path in made:
        if path.exists():
            raise CourseError(f"{path} is there already: delete it, or take another name")
    made.update(changed(clone, new))
    return made


def described(clone: Clone, wanted: NewLesson) -> NewTexts:
    """What the texts of the lesson need to know."""
    origin = wanted.origin
    given = {p: clone.owner(origin, p) for p in origin.programs if p not in wanted.asks}
    judged = [check for check in checks_of(origin) if check.program in wanted.asks]
    if not judged:
        raise CourseError(f"{origin.name} has no check of {' or '.join(wanted.asks)}")
    names = {
        function.check.id: name
        for name, function in vars(load_checks(origin.checks_file)).items()
        if isinstance(getattr(function, "check", None), Check)
    }
    todos = {
        program: first_function(clone.finished(clone.owner(origin, program), program))
        for program in wanted.asks
    }
    return NewTexts(
        number=wanted.number,
        step=wanted.step,
        title=wanted.title,
        minutes=origin.minutes,
        origin=origin,
        goes_on=origin == clone.lessons[-1],
        given=given,
        todos=todos,
        checks=tuple((names[check.id], check) for check in judged),
        points=shared_out([check.points for check in judged]),
    )


def shared_out(points: list[int]) -> list[int]:
    """The points in the same proportions, so that they are 100 together and none is 0."""
    total = sum(points)
    exact = [one * FULL_SCORE / total for one in points]
    found = [max(1, int(one)) for one in exact]
    by_rest = sorted(range(len(found)), key=lambda turn: found[turn] - exact[turn])
    turn = 0
    while missing := FULL_SCORE - sum(found):
        at = by_rest[turn % len(found)] if missing > 0 else found.index(max(found))
        found[at] += 1 if missing > 0 else -1
        turn += 1
    return found


def first_function(program: str) -> str:
    """The function that gets the first region: main(), or the last one of the program."""
    names = [name for name in functions(program) if "." not in name]
    return "main" if "main" in names else names[-1]


def with_region(program: str, number: int) -> str:
    """The program with all of its main function in one region."""
    main = first_function(program)
    [node] = [
        one
        for one in ast.parse(program).body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == main
    ]
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    lines = program.split("\n")
    first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
    while lines[first - 2].lstrip().startswith("#"):
        first -= 1
    indent = " " * body[0].col_offset
    lines.insert(last, f"{indent}# endregion")
    task = f"{indent}# region TODO {number}: write what is new in this lesson ({MARK})"
    lines.insert(first - 1, task)
    return "\n".join(lines)


def sample_files(clone: Clone, wanted: NewLesson, name: str) -> dict[Path, str | bytes]:
    """One wrong program and one of another design, as the other lesson has them."""
    own = [one for kind in ("mistakes", "alternatives") for one in samples(clone.course, kind)]
    judged = {check.id for check in checks_of(wanted.origin) if check.program in wanted.asks}
    found: dict[Path, str | bytes] = {}
    for kind in ("mistakes", "alternatives"):
        fitting = [
            one
            for one in own
            if one.lesson == wanted.origin
            and one.folder.parts[-3] == kind
            and {*one.fails, *one.expected.get("not_reached", ())} <= judged
            and list(programs_of(one, wanted))
        ]
        if not fitting:
            continue
        sample = min(fitting, key=lambda one: (one.spoils, "sometimes" in one.expected, one.name))
        folder = clone.root / "tests" / kind / name / sample.folder.name
        found |= {folder / file.name: file.read_bytes() for file in programs_of(sample, wanted)}
        if kind == "mistakes":
            said = read(sample.folder / "expected.toml")
            note = (
                f"{MARK}: this one is {wanted.origin.name}'s. Write wrong programs of this lesson."
            )
            found[folder / "expected.toml"] = f"# {note}\n{said}"
    return found


def programs_of(sample: Sample, wanted: NewLesson) -> Iterator[Path]:
    return (file for file in sorted(sample.folder.glob("*.py")) if file.name in wanted.asks)


def changed(clone: Clone, new: NewTexts) -> Mapping[Path, str]:
    """The pages that name every lesson, with the new one. Those that are not there stay so."""
    found: dict[Path, str] = {}
    contract, navigation = clone.docs / "contract.md", clone.root / "mkdocs.yml"
    if contract.is_file():
        found[contract] = behind(read(contract), SECTION, newtexts.contract_section(new))
    if navigation.is_file():
        text = read(navigation)
        for pages, title in LESSON_PAGES.items():
            beside = "|".join(SIDE_BY_SIDE) if pages in SIDE_BY_SIDE else pages
            if place := list(re.finditer(LESSON_LINE.format(pages=beside), text)):
                entry = title.format(number=new.number, title=new.title)
                line = f'{place[-1][1]}- "{entry}": {pages}/{new.name}.md\n'
                text = text[: place[-1].end()] + line + text[place[-1].end() :]
        found[navigation] = text
    return found


def behind(text: str, pattern: re.Pattern[str], more: str) -> str:
    """`more` behind the last place that `pattern` finds; at the end where it finds none."""
    places = list(pattern.finditer(text))
    at = places[-1].end() if places else len(text)
    return text[:at] + more + text[at:]
