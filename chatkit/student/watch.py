"""The watch: what a student looks at while they work on a lesson.

One loop, and one kind of thing that goes into it: an event. A save, a key, a verdict that falls, a
run that ends. The loop knows no terminal: it tells a `Screen` when there is something to draw, and
everything to be drawn stands in the `Watch`.
"""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from chatkit.course import backups
from chatkit.course.checks import Check
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, Lesson
from chatkit.course.starters import StarterError
from chatkit.grading.explain.ranking import explained
from chatkit.grading.verdict import LessonVerdict, Verdict
from chatkit.student import hints
from chatkit.student.events import Event, Pressed, Question, Suspend, Waited
from chatkit.student.grader import Ended, Grader, Heard, turns
from chatkit.student.progress import Progress, ProgressError, fingerprints
from chatkit.student.saves import File, Saved, content, differing, files_in, may_be_whole
from chatkit.system.signals import LOOK_UP

REFILL = 0.5  # seconds without another change, after which a file is what was meant


class Screen(Protocol):
    """Who shows the watch."""

    def draw(self, watch: "Watch", event: Event | None) -> None:
        """Show what has changed by `event`; None at the start."""

    def run(self, lesson: Lesson, program: str) -> None:
        """Let the student use a program, until it has ended."""

    def suspend(self) -> None:
        """Stop as the shell wants it; return when it lets us go on."""


class Watch:
    """The state of the loop. What has no underscore is there to be drawn."""

    def __init__(self, course: Course, lesson: Lesson, progress: Progress, grader: Grader) -> None:
        self.course = course
        self.progress = progress
        self.grader = grader
        self.lesson = lesson
        self.checks: tuple[Check, ...] = ()
        self.statuses: dict[str, str] = {}  # check -> what was found last, maybe days ago
        self.verdicts: dict[str, Verdict] = {}  # the last of each check since the watch began
        self.heard: set[str] = set()  # the checks whose verdicts are of the latest run
        self.turns: tuple[str, ...] = ()  # the checks in the order in which they run
        self.running = False
        self.trouble = ""  # why there can be no verdict
        self.note = ""  # what the last key did
        self.hinted = 0  # the TODO that the note gives a hint for
        self.remark = ""  # why the state of the student is not kept
        self.question: Question | None = None
        self.help = False
        self.graded = lesson  # what the latest run is about: another lesson in a round
        self.round: dict[str, LessonVerdict | None] = {}  # through all lessons; else empty
        self.files: dict[str, File] = {}  # of the lesson, as they were when the run began
        self._refill: float | None = None  # until when an unfinished file may stay so, monotonic
        self._unfinished: dict[str, File] = {}  # the files, when that wait began
        self._left: list[Lesson] = []  # of the round
        self._prints: dict[str, str] = {}  # the programs of the run
        self._run = 0

    # ------------------------------------------------------------------------------- the loop

    def loop(self, events: "SimpleQueue[Event]", screen: Screen) -> None:
        """Show `lesson` and follow the events, until the student quits."""
        self.screen = screen
        self.open(self.lesson)
        screen.draw(self, None)
        while True:
            event = self._next(events)
            if isinstance(event, Heard | Ended) and event.run != self._run:
                continue  # of a run that was cut short
            if not self.handle(event):
                return
            screen.draw(self, event)

    def _next(self, events: "SimpleQueue[Event]") -> Event:
        while True:
            left = LOOK_UP
            if self._refill is not None:
                left = max(0.0, self._refill - time.monotonic())
            try:
                return events.get(timeout=left)
            except Empty:
                if self._refill is not None:
                    return Waited()

    def handle(self, event: Event) -> bool:
        """Do what `event` asks for; False when the student wants to stop."""
        match event:
            case Pressed(key):
                return self._pressed(key)
            case Saved():
                self._saved()
            case Waited():
                self._refill = None
                if differing(self._unfinished, files_in(self.lesson.folder)):
                    self._saved()  # its event is late
                else:
                    self.check()
            case Suspend():
                self.screen.suspend()
            case Heard(_, verdict):
                self._heard(verdict)
            case Ended(_, verdict, trouble):
                self._ended(verdict, trouble)
        return True

    # ------------------------------------------------------------------------- what is drawn

    @property
    def known(self) -> LessonVerdict:
        """The last verdict on each check since the watch began, with what explains them."""
        found = [self.verdicts[one.id] for one in self.checks if one.id in self.verdicts]
        return explained(LessonVerdict(self.lesson.name, self.lesson.title, tuple(found), 0.0))

    @property
    def doing(self) -> str:
        """The check that runs now."""
        return next((id for id in self.turns if self.running and id not in self.heard), "")

    @property
    def points(self) -> tuple[int, int]:
        """The points there are by what is known, and the most that there can be."""
        known = [(check.points, self.statuses.get(check.id)) for check in self.checks]
        return (
            sum(points for points, status in known if status == "passed"),
            sum(points for points, status in known if status != "skipped"),
        )

    # -------------------------------------------------------------------------------- checking

    def open(self, lesson: Lesson) -> None:
        """Go to `lesson` and check it."""
        self.lesson = lesson
        self.statuses = dict(self.progress.of(lesson).statuses)
        self.verdicts = {}
        self.files = {}
        try:
            self.checks = lesson.checks()
        except CourseError as error:
            self.checks = ()
            self._fail(str(error))
        else:
            self.check()

    def check(self) -> None:
        """Check the lesson now; what runs is cut short."""
        now = files_in(self.lesson.folder)
        changed = differing(self.files, now)
        self.files = now
        self._refill = None
        self.round = {}
        self._start(self.lesson, changed & set(self.lesson.programs) or self.lesson.programs)

    def _start(self, lesson: Lesson, changed: Collection[str]) -> None:
        if not lesson.folder.is_dir():
            self._fail(
                f"The folder {lesson.folder} is gone. "
                "When it is there again, the watch goes on by itself."
            )
            return
        statuses = self.progress.of(lesson).statuses
        if lesson is self.lesson:
            statuses = self.statuses
        self.graded = lesson
        self.trouble = ""
        self.heard = set()
        self.turns = turns(lesson.checks(), statuses, changed)
        self.running = True
        self._prints = fingerprints(lesson)
        self._run = self.grader.start(lesson, self.turns)

    def _fail(self, trouble: str) -> None:
        """There can be no verdict now; nothing runs."""
        self.grader.cancel()
        self._run = 0
        self.running = False
        self.trouble = trouble

    def _saved(self) -> None:
        """Look whether a save matters here, and whether it is whole."""
        now = files_in(self.lesson.folder)
        if not differing(self.files, now):
            return  # another lesson
        changed = {
            name for name in {*self.files, *now} if content(self.files, name) != content(now, name)
        }
        if self.running and not changed:
            self.files = now  # just this is being checked
            return
        if not all(may_be_whole(content(now, name), content(self.files, name)) for name in changed):
            # There will be another event; if none comes in time, this is what was meant. A verdict
            # about a part of a file would be wrong: what runs is cut short.
            self._refill, self._unfinished = time.monotonic() + REFILL, now
            if self.running:
                self.grader.cancel()
                self._run, self.running = 0, False
            return
        self.help = False
        self.check()

    def _heard(self, verdict: Verdict) -> None:
        self.heard.add(verdict.id)
        self.grader.warm_up()
        if self.graded is self.lesson:
            self.statuses[verdict.id] = verdict.status
            self.verdicts[verdict.id] = verdict

    def _ended(self, verdict: LessonVerdict | None, trouble: str) -> None:
        self.running = False
        if verdict:
            self._keep(lambda: self.progress.record(self.graded, verdict, self._prints))
            if self.hinted and self._next_todo() != self.hinted:
                self.note, self.hinted = "", 0  # it is done
        else:
            self.trouble = trouble[:1].upper() + trouble[1:]
        if self.round:
            self.round[self.graded.name] = verdict
            self._go_round()

    def _keep(self, change: Callable[[], None]) -> None:
        """Change the student's state. When it cannot be kept, that is said, and all goes on."""
        self.remark = self.progress.remark
        try:
            change()
        except ProgressError as error:
            self.remark = str(error)

    # ---------------------------------------------------------------------------------- keys

    def _pressed(self, key: str) -> bool:
        if key == "gone":
            return False
        if self.question:
            answer = self.question.answers.get(key)
            self.question = None
            if answer:
                answer()
            return True
        self.note, self.hinted = "", 0
        if not self.running:
            self.round = {}
        showed_help, self.help = self.help, False
        actions: dict[str, Callable[[], None]] = {
            "n": lambda: self._walk(1),
            "p": lambda: self._walk(-1),
            "h": self._hint,
            "r": self._ask_run,
            "enter": self.check,
            "c": self.check,
            "a": self._begin_round,
            "x": self._ask_reset,
        }
        if key == "q":
            return False
        if key == "?":
            self.help = not showed_help
        elif action := actions.get(key):
            action()
        return True

    def _walk(self, step: int) -> None:
        other = self.course.neighbour(self.lesson, step)
        if other:
            self.open(other)
        else:
            self.note = "This is the last lesson." if step > 0 else "This is the first lesson."

    def _hint(self) -> None:
        """One more hint for the TODO that what failed last asks for."""
        known = self.progress.of(self.lesson)
        try:
            choice = hints.choose(self.lesson, known)
        except hints.HintError as error:
            self.note = str(error)
            return
        if choice is None:
            self.note = "Every TODO is done, and nothing has failed: no hint is left."
            return
        todo, count = choice.todo, hints.opened(choice.todo, known)
        if count < len(todo.hints):
            count += 1
            self._keep(lambda: self.progress.open_hint(self.lesson, todo.number))
        where = f"TODO {todo.number} in {todo.program}, hint {count} of {len(todo.hints)}"
        self.note, self.hinted = f"{where}: {todo.hints[count - 1]}", todo.number

    def _next_todo(self) -> int:
        """The TODO that a hint would be for now; 0 when there is none."""
        with suppress(hints.HintError):
            choice = hints.choose(self.lesson, self.progress.of(self.lesson))
            return choice.todo.number if choice else 0
        return 0

    def _ask_run(self) -> None:
        def run(program: str) -> Callable[[], None]:
            return lambda: self.screen.run(self.lesson, program)

        programs = self.lesson.programs
        self.question = Question(
            "Run which program?  " + "   ".join(f"{name[0]} {name}" for name in programs),
            {name[0]: run(name) for name in programs},
        )

    def _ask_reset(self) -> None:
        self.question = Question(
            f"Put the starter of lesson {self.lesson.number} back? Yours is kept as a backup.  "
            "y yes  n no",
            {"y": self._reset},
        )

    def _reset(self) -> None:
        try:
            kept = backups.reset(self.course, self.lesson)
        except (backups.BackupError, StarterError) as error:
            self.note = str(error)
        else:
            self.note = "The starter was there already."
            if kept:
                where = f"{self.lesson.folder.name}/{kept.folder.relative_to(self.lesson.folder)}"
                self.note = f"The starter is back. What you had is in {where}."

    def _begin_round(self) -> None:
        """Check all lessons, one after the other."""
        self.round = {lesson.name: None for lesson in self.course.lessons}
        self._left = list(self.course.lessons)
        self._go_round()

    def _go_round(self) -> None:
        while self._left:
            lesson = self._left.pop(0)
            with suppress(CourseError):  # this one stays without a verdict
                if lesson.folder.is_dir():
                    self._start(lesson, lesson.programs)
                    return
