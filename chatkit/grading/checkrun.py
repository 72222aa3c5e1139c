"""One check on one student's program: its bench is made, its story runs, a verdict comes out."""

import contextlib
import math
import random
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Self

from chatkit._errors import Unavailable
from chatkit._text import visible
from chatkit.bench.bench import Bench
from chatkit.bench.diagnosis import ask_where_it_stands
from chatkit.bench.evidence import Evidence, raised_in, stacks_in
from chatkit.bench.failure import Failure
from chatkit.bench.symptoms import Symptom
from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson
from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import Status, Verdict
from chatkit.system.display import Display
from chatkit.system.forkserver import ForkServer
from chatkit.system.linux import LINUX
from chatkit.system.program import Program
from chatkit.system.programs.folder import copied
from chatkit.system.sandbox.sandbox import Sandbox

LAST_LINES = 20  # of what the programs printed; a verdict keeps no more


class CheckRunner(AbstractContextManager["CheckRunner"]):
    """Runs checks of one lesson, one after the other. Close it, and all that they shared has ended.

    The checks share a display, made when the first window needs it, and where programs are trusted
    a fork server.
    """

    def __init__(
        self,
        lesson: Lesson,
        folder: Path,
        options: RunOptions,
        sandbox: Sandbox | None = None,
    ) -> None:
        """`folder` holds the programs, `sandbox` contains them; None trusts them.

        `options.seed` must be there, and the time of `options.seconds` begins now.
        """
        self.lesson = lesson
        self.folder = folder
        self.options = options
        self.sandbox = sandbox
        self.until = time.monotonic() + options.seconds
        self.laid_out: tempfile.TemporaryDirectory[str] | None = None  # see `find`
        self.shared_display: Display | None = None
        self.shared_forkserver: ForkServer | None = None
        self.spinning: set[str] = set()  # the programs that were seen to spin in some check

    def run(self, check: Check) -> Verdict:
        """The verdict of one check. Raises what its story raises, except a Failure."""
        seed = f"{self.options.seed} {check.id}"
        bench = Bench(
            self.find,
            seed,
            self.display,
            self.sandbox,
            random.Random(f"{seed} delays") if self.options.delays else None,
            self.forkserver(),
            self.options.turns,
        )
        if self.options.whole:
            bench.transcript.most = math.inf
        with bench:
            bench.spins = check.program in self.spinning
            found: Failure | Unavailable | None = None
            try:
                if time.monotonic() > self.until:
                    told = "the time for this lesson was used up by the checks before"
                    raise Failure(Symptom.OUT_OF_TIME, told, step="time")
                check.story(bench)
            except (Failure, Unavailable) as failure:
                found = failure
            if bench.spins:
                self.spinning.add(check.program)
            return verdict_on(check, self.lesson, bench, found)

    def display(self) -> Display:
        """The display of this run, made when the first window needs it. Raises Unavailable."""
        if not self.shared_display:
            self.shared_display = Display(sandbox=self.sandbox)
        return self.shared_display

    def find(self, name: str) -> Path:
        """Where the program `name` lies, with the modules that the lesson gives beside it.

        Where the folder lacks one that the program imports, that is a copy of the folder.
        """
        path = self.lesson.program_in(self.folder, name)
        if path.parent != self.folder or not path.is_file():
            return path
        text = text_of(path)
        lacks = [
            one
            for one in self.lesson.modules
            if not (self.folder / one).exists()
            and re.search(rf"^\s*(from|import)\b.*\b{Path(one).stem}\b", text, re.MULTILINE)
        ]
        if not lacks:
            return path
        self.laid_out = self.laid_out or tempfile.TemporaryDirectory(prefix="chatkit-")
        home = Path(self.laid_out.name, self.folder.resolve().name)
        if not (home / name).exists():
            with contextlib.suppress(OSError):  # the program cannot be read: the bench says so
                home.mkdir(exist_ok=True)
                copied(path, home)
                for one in lacks:
                    shutil.copyfile(self.lesson.folder / one, home / one)
        return home / name

    def forkserver(self) -> ForkServer | None:
        """That of this run; None where programs start anew: in a sandbox, and not on Linux."""
        if not self.shared_forkserver and LINUX and not self.sandbox:
            self.shared_forkserver = ForkServer()
        return self.shared_forkserver

    def close(self) -> None:
        """End what the checks shared. What is needed again is made again."""
        if self.shared_display:
            self.shared_display.close()
            self.shared_display = None
        if self.shared_forkserver:
            self.shared_forkserver.close()
            self.shared_forkserver = None
        if self.laid_out:
            self.laid_out.cleanup()
            self.laid_out = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def verdict_on(
    check: Check, lesson: Lesson, bench: Bench, found: Failure | Unavailable | None
) -> Verdict:
    """The verdict on one check: `found` is what stopped it, or None."""
    turns = f" --turns {shlex.quote(bench.scheduled)}" if bench.scheduled else ""
    programs, events = bench.seen_until(found if isinstance(found, Failure) else None)
    verdict = Verdict(
        id=check.id,
        title=check.title,
        status="passed",
        score=check.points,
        max_score=check.points,
        program=check.program,
        hint=check.hint,
        read=f'lessons/{lesson.name}/README.md, "{check.read}"',
        again=f"chatkit check {lesson.number} --only {check.id}{turns} --show",
        notes=tuple(bench.notes),
        transcript=events,
    )
    if isinstance(found, Unavailable):
        return replace(verdict, status="skipped", score=0, max_score=0, message=str(found))
    if found is None:
        return verdict
    # Imported when something has failed: the catalogue is large, and a right program needs none.
    from chatkit.grading.explain.ranking import Conclusion, concluded_from
    from chatkit.grading.explain.todos import next_todo

    evidence = evidence_of(check, lesson, bench, found)
    # What an unfinished program does says little about what is written of it.
    todo = next_todo(lesson, evidence)
    concluded = Conclusion((todo,), ()) if todo else concluded_from(evidence)
    causes = concluded.causes
    foreign = found.step and found.step not in check.owns
    status: Status = "not_reached" if foreign else "failed"
    return replace(
        verdict,
        status=status,
        score=0,
        symptom=str(found.symptom),
        message=visible(found.message),  # they may quote what the program printed
        expected=visible(found.expected),
        received=visible(found.received.replace("\r\n", "\n")),
        likely=causes[0].sentence if causes else "",
        causes=causes,
        stumbled=concluded.stumbled,
        output=printed(programs),
    )


def printed(programs: Sequence[Program]) -> str:
    """The last lines that the programs of a check printed, fit to be shown."""
    said = "\n".join(program.printed for program in programs if program.printed)
    lines = visible(said.replace("\r\n", "\n")).split("\n")
    return "\n".join(line[:200] for line in lines[-LAST_LINES:])


def evidence_of(check: Check, lesson: Lesson, bench: Bench, failure: Failure) -> Evidence:
    """What the bench saw of the program that `check` judges. If it still runs, this ends it."""
    programs, events = bench.seen_until(failure)
    about = Evidence(
        lesson=lesson.number,
        check=check.id,
        program=check.program,
        symptom=str(failure.symptom),
        step=failure.step,
        message=failure.message,
        expected=failure.expected,
        received=failure.received,
        events=events,
        todos=tuple(
            todo.number
            for todo in lesson.todos
            if todo.program == check.program and check.id in todo.checks
        ),
    )
    ours = [program for program in programs if program.path.name == check.program]
    if not ours:
        return about
    program = ours[-1]
    ask_where_it_stands(bench, program)
    errors = program.errors.text
    own = errors if program.said is None else program.said
    return replace(
        about,
        raised=raised_in(own, program.path),
        stacks=stacks_in(errors, program.path),
        status=program.status if program.said is None else None,
        ended_for=program.ended_for,
        output=program.output.text,
        errors=own,
        waits=program.waited,
        text=text_of(program.source),
        beside=beside(program.source),
    )


def beside(file: Path) -> tuple[str, ...]:
    """The names of all that lies in the folder of a student's file, in order."""
    try:
        return tuple(sorted(one.name for one in file.parent.iterdir()))
    except OSError:
        return ()


def text_of(file: Path) -> str:
    """What a student's file holds; empty when it cannot be read as Python would."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
