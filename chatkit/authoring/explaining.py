"""Are the explanations true? Wrong programs are graded, and what is told is compared.

Each wrong program has its true causes on record, as names of the catalogue: `causes` in its
`expected.toml`, or in a table for programs that lie elsewhere. A program whose only cause on record
is "" is one that no entry explains yet.
"""

import multiprocessing
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatkit.authoring.samples import Sample
from chatkit.course.lessons import Course
from chatkit.grading.verdict import Explanation, LessonVerdict
from chatkit.system import linux

Judgement = Literal["true", "silent", "false", "todo", "unrecorded", "unseen"]


@dataclass(frozen=True)
class Explained:
    """What a student with one wrong program is told."""

    name: str  # of the program
    causes: tuple[str, ...]  # the true ones on record
    explanations: tuple[Explanation, ...]
    silent: tuple[str, ...]  # failed checks that nothing explains
    unwritten: bool  # whether it stopped at a TODO, which is then what comes next
    stumbled: tuple[str, ...] = ()  # predicates of the catalogue that raised, with the error

    @property
    def judgement(self) -> Judgement:
        """Whether what is told is true, by the record."""
        told = {one.cause.name for one in self.explanations}
        if not self.causes:
            return "unrecorded"
        if not told and self.unwritten:
            return "todo"
        if not told:
            return "silent" if self.silent else "unseen"  # no check failed at all
        return "true" if told <= set(self.causes) else "false"


def explained(samples: Sequence[Sample], workers: int) -> Iterator[Explained]:
    """Grade all of them, `workers` at once, and judge what is told. They come in their order."""
    begin = linux.die_with_parent if linux.LINUX else None
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=begin) as pool:
        try:
            yield from pool.map(_explained, samples)
        finally:
            pool.shutdown(cancel_futures=True)


def _explained(sample: Sample) -> Explained:
    with tempfile.TemporaryDirectory(prefix="chatkit-") as folder:
        return judged(sample, sample.grade(Path(folder)))


def judged(sample: Sample, verdict: LessonVerdict) -> Explained:
    """What the verdict on `sample` tells, beside what is on record."""
    told = {id for one in verdict.explanations for id in one.checks}
    failed = [check.id for check in verdict.checks if check.status == "failed"]
    return Explained(
        sample.name,
        tuple(sample.expected.get("causes", ())),
        tuple(one for one in verdict.explanations if not one.cause.todo),
        tuple(id for id in failed if id not in told),
        any(one.cause.todo for one in verdict.explanations),
        tuple(dict.fromkeys(error for check in verdict.checks for error in check.stumbled)),
    )


def samples_elsewhere(course: Course, folder: Path, table: Path) -> list[Sample]:
    """The programs in `folder` that `table` names, as samples.

    The table is TOML: `[L1_client_hardcoded]` with `lesson = "1"` and `causes = […]`. Raises
    OSError, tomllib.TOMLDecodeError, KeyError.
    """
    record: Mapping[str, Mapping[str, object]] = tomllib.loads(table.read_text(encoding="utf-8"))
    return [
        Sample(course.lesson(str(facts["lesson"])), folder / name, dict(facts))
        for name, facts in record.items()
        if (folder / name).is_dir()
    ]
