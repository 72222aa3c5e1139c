"""A watch on a copy of the lessons, with a grader and a screen that only note what they get."""

import shutil
from pathlib import Path

from chatkit.cli.student.watching import page
from chatkit.course.lessons import Lesson, find_course
from chatkit.grading.verdict import LessonVerdict, Verdict
from chatkit.student.events import Event, Pressed
from chatkit.student.grader import Ended, Heard
from chatkit.student.progress import load
from chatkit.student.saves import Saved
from chatkit.student.watch import Watch

COURSE = find_course(Path(__file__).parent)
ROOT = COURSE.root


class Bench:
    """A grader that only notes what it is asked for."""

    def __init__(self) -> None:
        self.run = 0
        self.orders: list[tuple[str, tuple[str, ...]]] = []
        self.cancelled = 0

    def start(self, lesson: Lesson, first: tuple[str, ...]) -> int:
        self.run += 1
        self.orders.append((lesson.name, first))
        return self.run

    def cancel(self) -> None:
        self.cancelled += 1

    def warm_up(self) -> None:
        pass


class Paper:
    """A screen that keeps what was drawn."""

    def __init__(self) -> None:
        self.drawn: list[Event | None] = []
        self.ran: list[str] = []

    def draw(self, watch: Watch, event: Event | None) -> None:
        self.drawn.append(event)

    def run(self, lesson: Lesson, program: str) -> None:
        self.ran.append(f"{lesson.name}/{program}")

    def suspend(self) -> None:
        self.ran.append("suspended")


class Student:
    """A watch on a copy of the lessons."""

    def __init__(self, root: Path, lesson: str = "1") -> None:
        shutil.copytree(ROOT / "lessons", root / "lessons")
        self.course = find_course(root)
        self.grader = Bench()
        self.paper = Paper()
        self.watch = Watch(
            self.course,
            self.course.lesson(lesson),
            load(self.course),
            self.grader,  # type: ignore[arg-type]
        )
        self.watch.screen = self.paper
        self.watch.open(self.watch.lesson)

    @property
    def orders(self) -> list[tuple[str, tuple[str, ...]]]:
        return self.grader.orders

    def write(self, program: str, text: str) -> None:
        (self.watch.lesson.folder / program).write_text(text, encoding="utf-8")
        self.watch.handle(Saved())

    def press(self, keys: str) -> None:
        for key in keys:
            self.watch.handle(Pressed(key))

    def falls(self, id: str, status: str = "passed", message: str = "") -> None:
        self.watch.handle(Heard(self.grader.run, self.verdict(id, status, message)))

    def verdict(self, id: str, status: str = "passed", message: str = "") -> Verdict:
        check = next(one for one in self.watch.graded.checks() if one.id == id)
        score = check.points if status == "passed" else 0
        most = 0 if status == "skipped" else check.points
        return Verdict(
            id,
            check.title,
            status,  # type: ignore[arg-type]
            score,
            most,
            check.program,
            message=message,
            again=f"chatkit check 1 --only {id} --show",
        )

    def ends(self, status: str = "passed") -> None:
        """All checks that have not fallen get `status`, and the run is over."""
        for id in self.watch.turns:
            if id not in self.watch.heard:
                self.falls(id, status)
        lesson = self.watch.graded
        known = self.watch.verdicts if lesson is self.watch.lesson else {}
        found = [known.get(check.id, self.verdict(check.id, status)) for check in lesson.checks()]
        whole = LessonVerdict(lesson.name, lesson.title, tuple(found), 1.0)
        self.watch.handle(Ended(self.grader.run, whole))

    def screen(self, width: int = 80, height: int = 24) -> str:
        lines = page(self.watch, width, height)
        assert len(lines) <= height
        assert all(line.cell_len <= width for line in lines)
        return "\n".join(line.plain for line in lines)
