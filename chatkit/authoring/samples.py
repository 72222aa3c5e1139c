"""Samples: programs with a known verdict, wrong ones and right ones, in `tests/`.

`tests/mistakes/NN_name/<mistake>/` holds wrong programs and `expected.toml`, which names the
checks that fail, each with its symptom. `tests/alternatives/NN_name/<design>/` holds right ones.
"""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.authoring.clone import read
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import LessonVerdict

# check -> "passed", "not_reached", or the symptom of its failure. What a race does may be chance:
# then an expected outcome names each symptom that may come of it, "lost or silent".
Outcome = dict[str, str]
OR = " or "


@dataclass(frozen=True)
class Sample:
    """Programs of one lesson and what every check must say about them."""

    lesson: Lesson
    folder: Path
    expected: dict[str, Any]  # what `expected.toml` says; empty for a right program

    @property
    def fails(self) -> dict[str, str]:
        """The checks that fail, each with its symptom."""
        return {row["check"]: row["symptom"] for row in self.expected.get("fails", ())}

    @property
    def spoils(self) -> int:
        """How many checks it does not pass."""
        return len({*self.fails, *self.expected.get("not_reached", ())})

    @property
    def name(self) -> str:
        """Kind, lesson and name: "mistakes/01_echo/accepts_once"."""
        return "/".join(self.folder.parts[-3:])

    def outcome(self) -> Outcome:
        """What each check of the lesson must find; those left out may find anything."""
        outcome = dict.fromkeys((check.id for check in self.lesson.checks()), "passed")
        outcome |= dict.fromkeys(self.expected.get("not_reached", ()), "not_reached")
        outcome |= self.fails
        # A race that shows in its own check every time may show in another one now and then.
        for check in self.expected.get("sometimes", ()):
            del outcome[check]
        return outcome

    def grade(self, folder: Path, *, delays: bool = False) -> LessonVerdict:
        """Grade a copy of it in `folder`. `delays`: the bench stands still at random moments."""
        return grade_lesson(self.lesson, self.laid_out(folder), RunOptions(delays=delays))

    def laid_out(self, folder: Path) -> Path:
        """A copy of it in `folder`; a program that it has not is the solution's."""
        programs = shutil.copytree(self.folder, folder / self.folder.name)
        (programs / "expected.toml").unlink(missing_ok=True)
        for program in self.lesson.asked:
            if (
                program not in self.expected.get("missing", ())
                and not (programs / program).exists()
            ):
                shutil.copy(self.lesson.solutions / program, programs)
        return programs


def differences(found: Outcome, wanted: Outcome) -> dict[str, str]:
    """The checks that found something else than is wanted, each with what it found."""
    seen = {check: found.get(check, "missing") for check in wanted}
    return {check: one for check, one in seen.items() if one not in wanted[check].split(OR)}


def samples(course: Course, kind: str) -> list[Sample]:
    """All samples of a kind, "mistakes" or "alternatives", in order. Raises AuthoringError."""
    return [
        sample_in(folder, lesson)
        for lesson in course.lessons
        for folder in sorted((course.root / "tests" / kind / lesson.name).glob("*"))
        if folder.is_dir()
    ]


def sample_in(folder: Path, lesson: Lesson) -> Sample:
    """The sample in a folder. Raises AuthoringError."""
    file = folder / "expected.toml"
    return Sample(lesson, folder, expected_in(file) if file.is_file() else {})


def expected_in(file: Path) -> dict[str, Any]:
    """What an `expected.toml` says. Raises AuthoringError."""
    try:
        return tomllib.loads(read(file))
    except tomllib.TOMLDecodeError as cause:
        raise AuthoringError(Problem(file, str(cause), "write it as in docs/authors.md")) from None


def found_in(verdict: LessonVerdict) -> Outcome:
    """What each check has found."""
    return {
        check.id: check.symptom if check.status == "failed" else check.status
        for check in verdict.checks
    }
