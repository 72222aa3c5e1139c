"""A worker: one warm process that grades one lesson after the other.

Python and the checks are loaded once in it. What it says is pickled: each verdict as it falls, then
the verdict on the lesson, or a text that says what kept the kit from giving one. If a submission
takes its worker down, it takes down nobody else.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import psutil

from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course
from chatkit.grading.options import ALL, RunOptions
from chatkit.grading.parallel import WorkerLost
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
from chatkit.system import linux
from chatkit.system.leftovers import OwnFolder
from chatkit.system.sandbox import cgroup
from chatkit.system.sandbox.namespaces import new_keyring
from chatkit.system.sandbox.sandbox import Refused, Tier, enter
from chatkit.system.sandbox.walls.zygote import Zygotes
from chatkit.system.signals import STOP_SECONDS, stop_once
from chatkit.system.windows import WINDOWS

JOB_SECONDS = 600.0  # of wall clock for one lesson of one student; what is left is not tried
TRUSTED = "trusted"  # what stands on the command line for no sandbox at all


@dataclass(frozen=True)
class Job:
    """One lesson of one student, to be graded: by any worker, in any order, and again."""

    root: Path  # of the course
    lesson: str  # "02_broadcast"
    folder: Path  # with the student's programs
    options: RunOptions = ALL
    student: str = ""  # whose it is
    key: str = ""  # of its grade, see `classroom.gradekey`


class Worker:
    """A process that does jobs, seen from outside. Threads must not share one."""

    def __init__(self, tier: Tier | None, *, warm: bool = False) -> None:
        """`tier` is the best containment to use, see `sandbox.enter`; None trusts the programs.

        With `warm` isolated programs begin as copies of a warm Python: see `sandbox.walls`.
        """
        self.group = cgroup.make() if tier else None  # who trusts programs does not bound them
        folder = str(self.group.folder) if self.group else ""
        # Copies of students' programs lie in it: the next run sweeps them, should we be killed.
        self.space = OwnFolder("worker", passable=True) if tier else None
        there = {"TMPDIR": str(self.space.path)} if self.space else {}
        # -P: a module beside the submissions is not ours, whatever its name
        command = (sys.executable, "-P", "-m", "chatkit.grading.worker")
        self.process = subprocess.Popen(
            [*command, tier or TRUSTED, str(os.getpid()), folder, "warm" if warm else ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **there},
            start_new_session=True,  # Ctrl-C is for the parent, even while this one starts
        )

    def grade(self, job: Job, on_verdict: Callable[[Verdict], None] | None = None) -> LessonVerdict:
        """Do one job; `on_verdict` hears each verdict as it falls.

        Raises GradingError when the kit fails, WorkerLost when the worker itself ends.
        """
        assert self.process.stdin
        with self._or_lost():
            pickle.dump(job, self.process.stdin)
            self.process.stdin.flush()
        while True:
            told = self._hear()
            if isinstance(told, LessonVerdict):
                return told
            if isinstance(told, GradingError):
                raise told
            if on_verdict:
                on_verdict(told)

    def _hear(self) -> Verdict | LessonVerdict | GradingError:
        assert self.process.stdout
        with self._or_lost():
            told: Verdict | LessonVerdict | GradingError = pickle.load(self.process.stdout)
        return told

    @contextlib.contextmanager
    def _or_lost(self) -> Iterator[None]:
        """What fails between the worker and us; what fails in those who hear is theirs."""
        try:
            yield
        except (OSError, EOFError, pickle.UnpicklingError, ValueError):
            raise WorkerLost("the process that graded it has ended") from None

    def close(self) -> None:
        """End it with all that it has started. Any thread may call this, even in the middle."""
        if WINDOWS:  # there terminate() lets nobody end anything
            with contextlib.suppress(psutil.NoSuchProcess):
                for program in psutil.Process(self.process.pid).children(recursive=True):
                    program.kill()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(OSError):  # a job that could not be sent
            assert self.process.stdin
            self.process.stdin.close()
        if self.group:
            self.group.remove()
        if self.space:
            self.space.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(tier: Tier | None, parent: int, folder: str, *, warm: bool = False) -> None:
    """Inside the worker: do one job after the other, until none comes any more.

    `folder` is that of its cgroup, or empty. `warm` as for `Worker`.
    """
    if linux.LINUX:
        linux.die_with_parent()
        if os.getppid() != parent:
            return  # it died before we asked to die with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent decides
    signal.signal(signal.SIGTERM, stop_once())
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # what is printed here by mistake must not come between the answers

    def tell(what: Verdict | LessonVerdict | GradingError) -> None:
        pickle.dump(what, answers)
        answers.flush()

    group = cgroup.MemoryGroup(Path(folder)) if folder else None
    if group:
        try:
            group.enter()  # before the sandbox, where we have fewer rights
        except OSError:
            group = None
    refused = ""
    try:
        sandbox = replace(enter(tier), group=group) if tier else None
        if sandbox and sandbox.isolated and warm:
            sandbox = replace(sandbox, zygotes=Zygotes(sandbox))
    except Refused as refusal:
        refused = str(refusal)
    course = cache(find_course) if tier else find_course  # a class run reads it once
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            job: Job = pickle.load(jobs)
            if refused:
                tell(GradingError(refused))
                continue
            if tier:
                new_keyring()  # for each student: the one before may have left something
            try:
                lesson = course(job.root).lesson(job.lesson)
                options = replace(job.options, seconds=JOB_SECONDS)
                done = grade_lesson(lesson, job.folder, options, on_verdict=tell, sandbox=sandbox)
            except GradingError as error:
                tell(error)
            except CourseError as error:
                tell(GradingError(str(error)))
            else:
                tell(done)


if __name__ == "__main__":
    wanted: Tier | None = None if sys.argv[1] == TRUSTED else sys.argv[1]  # type: ignore[assignment]
    serve(wanted, int(sys.argv[2]), sys.argv[3], warm=sys.argv[4] == "warm")
