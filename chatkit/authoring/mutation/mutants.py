"""Mutants: the finished programs with one small change each, and whether a check notices it.

A mutant that passes every check has survived. Then a check is missing, or the change makes no
difference that the contract knows of; `tests/mutants.toml` says for each of these why not. The
changes are cosmic-ray's, or those of `concepts`, which are also put into the alternatives. A mutant
is graded as a stranger's submission, for it may do anything.
"""

import difflib
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.mutation.concepts import concept_mutants
from chatkit.authoring.samples import Sample, samples
from chatkit.course.lessons import Lesson
from chatkit.grading.jobs import grade_jobs
from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import GradingError
from chatkit.grading.worker import Job

EXPLAINED = "tests/mutants.toml"

Key = tuple[str, str, int, str]  # the program, line before, which of them, line after


@dataclass(frozen=True)
class Mutant:
    """One right program with one change."""

    of: Sample  # the finished programs of a lesson, or an alternative
    program: str
    concept: str  # what its author got wrong; "" where it is no change of `concepts`
    line: int  # of the finished program, from 1
    before: str  # the lines that change, without their indentation
    after: str
    nth: int  # of the lines that read like this one, from 1
    text: str  # the whole program

    @property
    def name(self) -> str:
        concept = f"{self.concept.replace('_', ' ')}: " if self.concept else ""
        return f"{self.place}:{self.line}: {concept}{self.before} → {self.after}"

    @property
    def place(self) -> str:
        """The program: "01_echo/server.py", "alternatives/01_echo/timeouts/server.py"."""
        finished = self.of.folder == self.of.lesson.solutions
        return f"{self.of.lesson.name if finished else self.of.name}/{self.program}"

    @property
    def key(self) -> Key:
        """How `tests/mutants.toml` names it: a line's number changes too often."""
        return self.place, self.before, self.nth, self.after


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: the check that stopped it, or none."""

    mutant: Mutant
    check: str
    why: str  # the symptom; of a survivor its explanation, "" if it has none

    @property
    def survived(self) -> bool:
        return not self.check


def mutants(lessons: Sequence[Lesson]) -> list[Mutant]:
    """All mutants of the programs that these lessons ask for. Raises ImportError.

    Two changes that give the same program count once.
    """
    found: list[Mutant] = []
    for lesson in lessons:
        finished = Sample(lesson, lesson.solutions, {})
        for program in lesson.asked:
            source = read(lesson.solutions / program)
            found += distinct(finished, program, source, (("", one) for one in changed(source)))
    return found


def with_concepts(clone: Clone, lessons: Sequence[Lesson]) -> list[Mutant]:
    """All concept mutants of the programs of these lessons and of their alternatives."""
    right = [Sample(lesson, lesson.solutions, {}) for lesson in lessons]
    right += [one for one in samples(clone.course, "alternatives") if one.lesson in lessons]
    found: list[Mutant] = []
    for one in right:
        for program in one.lesson.asked:
            file = one.folder / program
            if file.is_file():
                source = file.read_text(encoding="utf-8-sig")
                found += distinct(one, program, source, concept_mutants(source))
    return found


def distinct(
    of: Sample, program: str, source: str, texts: Iterable[tuple[str, str]]
) -> Iterator[Mutant]:
    """A mutant for each text that differs from the source and from those before it."""
    lines = [line.strip() for line in source.splitlines()]
    seen = {source}
    for concept, text in texts:
        if text not in seen:
            seen.add(text)
            line, before, after = difference(source, text)
            nth = lines[:line].count(lines[line - 1])
            yield Mutant(of, program, concept, line, before, after, nth, text)


def changed(source: str) -> Iterator[str]:
    """The program with each change that cosmic-ray knows, one at a time."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(source)))
    for name in sorted(operator_names()):
        kind = get_operator(name)
        if kind.arguments():
            continue  # two that put one variable for another, whose names one has to give
        operator = kind()
        places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        for place in range(places):
            yield mutate_code(source, operator, place)


def difference(source: str, text: str) -> tuple[int, str, str]:
    """The number of the first line that differs, and all lines up to the last one that does."""
    one, other = source.splitlines(), text.splitlines()
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    changes = [block for block in blocks if block[0] != "equal"]
    start, begin = changes[0][1], changes[0][3]
    before, after = one[start : changes[-1][2]], other[begin : changes[-1][4]]
    return start + 1, "\n".join(map(str.strip, before)), "\n".join(map(str.strip, after))


def explained(root: Path) -> dict[Key, str]:
    """Why a mutant may survive.

    Raises OSError without the table, ValueError when it is no TOML or explains a mutant twice.
    """
    with (root / EXPLAINED).open("rb") as file:
        table = tomllib.load(file)
    reasons: dict[Key, str] = {}
    for entry in table.get("survives", ()):
        places = product(entry["programs"], entry["lines"].items(), entry.get("nth", [1]))
        for program, (before, afters), nth in places:
            for after in afters:
                key = (program, before, nth, after)
                if key in reasons:
                    raise ValueError(f"{EXPLAINED} explains this twice: {key}")
                reasons[key] = entry["why"]
    return reasons


def fates(clone: Clone, chosen: Sequence[Mutant], *, workers: int) -> Iterator[Fate]:
    """Grade the mutants, `workers` at once; yield what became of each as it ends.

    Grading stops at the first check that does not pass. Raises GradingError when the kit fails,
    and what `explained` raises.
    """
    reasons = explained(clone.root)
    with tempfile.TemporaryDirectory(prefix="chatkit-") as folder:
        jobs = []
        for number, mutant in enumerate(chosen):
            home = mutant.of.laid_out(Path(folder) / str(number))  # what is given, the lesson has
            (home / mutant.program).write_text(mutant.text, encoding="utf-8")
            options = RunOptions(seed="mutants", until_failure=True)
            jobs.append(Job(clone.root, mutant.of.lesson.name, home, options, str(number)))
        with closing(grade_jobs(jobs, workers=workers)) as graded:
            for done in graded:
                mutant = chosen[int(done.job.student)]
                if done.verdict is None:
                    raise GradingError(f"{mutant.name}: {done.trouble}")
                failed = [one for one in done.verdict.checks if one.score < one.max_score]
                if failed:
                    yield Fate(mutant, failed[0].id, failed[0].symptom)
                else:
                    yield Fate(mutant, "", reasons.get(mutant.key, ""))
