"""The pytest plugin: gives each check its bench, and makes a verdict of what happened.

`pytest tests/lessons/test_01_echo.py --programs lessons/01_echo` works as plain pytest; without
`--programs` the solutions are checked. Tests that are no checks are left alone.
"""

import math
import random
import re
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chatkit._errors import Unavailable
from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson, find_course
from chatkit.grading import feedback
from chatkit.grading.causes import likely
from chatkit.grading.verdict import Status, Verdict
from chatkit.system.display import Display
from chatkit.system.forkserver import ForkServer
from chatkit.system.linux import LINUX
from chatkit.system.sandbox.sandbox import Sandbox

LESSONS = pytest.StashKey[dict[Path, Lesson]]()  # by the file of their checks
UNTIL = pytest.StashKey[float]()  # on the monotonic clock: no check begins after that
SANDBOX = pytest.StashKey[Sandbox | None]()
DELAYS = pytest.StashKey[bool]()  # whether the bench stands still at random moments
WHOLE = pytest.StashKey[bool]()  # keep every event of a transcript, however long it gets
HEARER = pytest.StashKey[Callable[[Verdict], None]]()
DISPLAY = pytest.StashKey[Display]()
FORK_SERVER = pytest.StashKey[ForkServer]()
BENCH = pytest.StashKey[Bench]()
LAST_LINES = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chatkit")
    group.addoption("--programs", metavar="DIR", help="the folder with one lesson's programs")
    group.addoption("--seed", metavar="TEXT", help="fixes the random words in what is sent")


def lesson_of(item: pytest.Item) -> Lesson:
    """The lesson that the check in `tests/lessons/test_NN_name.py` belongs to, read once a run."""
    lessons = item.config.stash.setdefault(LESSONS, {})
    if item.path not in lessons:
        name = item.path.stem.removeprefix("test_")
        lessons[item.path] = find_course(item.path.parent).lesson(name)
    return lessons[item.path]


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The bench of one check, with the programs of `--programs`, else the solutions."""
    lesson = lesson_of(request.node)
    chosen = request.config.getoption("--programs")
    folder = Path(chosen) if chosen else lesson.solutions
    seed = request.config.getoption("--seed") or secrets.token_hex(4)
    check: Check = request.function.check
    display = partial(the_display, request.config)
    delayed = request.config.stash.get(DELAYS, False)
    with Bench(
        lambda name: lesson.program_in(folder, name),
        f"{seed} {check.id}",
        display,
        request.config.stash.get(SANDBOX, None),
        random.Random(f"{seed} {check.id} delays") if delayed else None,
        the_fork_server(request.config),
    ) as bench:
        request.node.stash[BENCH] = bench
        if request.config.stash.get(WHOLE, False):
            bench.transcript.most = math.inf
        if time.monotonic() > request.config.stash.get(UNTIL, math.inf):
            told = "the time for this lesson was used up by the checks before"
            raise Failure("out-of-time", told, step="time")
        yield bench


def the_display(config: pytest.Config) -> Display:
    """The display of this run, made when the first window needs it. Raises Unavailable."""
    if DISPLAY not in config.stash:
        sandbox = config.stash.get(SANDBOX, None)
        config.stash[DISPLAY] = Display(user=sandbox.user if sandbox else None)
    return config.stash[DISPLAY]


def the_fork_server(config: pytest.Config) -> ForkServer | None:
    """That of this run; None where programs start anew: in a sandbox, and not on Linux."""
    if config.stash.get(SANDBOX, None) or not LINUX:
        return None
    return config.stash.setdefault(FORK_SERVER, ForkServer())


def pytest_unconfigure(config: pytest.Config) -> None:
    if display := config.stash.get(DISPLAY, None):
        display.close()
    if forkserver := config.stash.get(FORK_SERVER, None):
        forkserver.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    check = getattr(getattr(item, "function", None), "check", None)
    if not isinstance(check, Check):
        return report
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, Unavailable):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, str(error))
    elif isinstance(error, Failure):
        verdict = made(check, item, error)
        report.longrepr = feedback.plain(verdict)
    elif error is not None or report.when != "call":
        return report
    tell = item.config.stash.get(HEARER, None)
    if tell:
        tell(made(check, item, error))
    return report


def made(check: Check, item: pytest.Item, error: BaseException | None) -> Verdict:
    """The verdict on one check: `error` is what stopped it, or None."""
    lesson = lesson_of(item)
    bench = item.stash.get(BENCH, None)
    verdict = Verdict(
        id=check.id,
        title=check.title,
        status="passed",
        score=check.points,
        max_score=check.points,
        program=check.program,
        hint=check.hint,
        read=f'lessons/{lesson.name}/README.md, "{check.read}"',
        again=f"chatkit check {lesson.number} --only {check.id} --show",
        notes=tuple(bench.notes) if bench else (),
        transcript=tuple(bench.transcript.events) if bench else (),
    )
    if isinstance(error, Unavailable):
        return replace(verdict, status="skipped", score=0, max_score=0, message=str(error))
    if not isinstance(error, Failure):
        return verdict
    foreign = error.step and error.step not in check.owns
    status: Status = "not_reached" if foreign else "failed"
    return replace(
        verdict,
        status=status,
        score=0,
        symptom=error.symptom,
        message=error.message,
        expected=error.expected,
        received=error.received,
        likely=likely(check, lesson, error),
        output=printed(bench) if bench else "",
    )


def printed(bench: Bench) -> str:
    """The last lines that the programs of a check printed, without control characters."""
    said = "\n".join(program.printed for program in bench.programs if program.printed)
    lines = re.sub(r"[^\x20-\x7e\n\xa0-\ud7ff\ue000-\U0010ffff]", "\ufffd", said).split("\n")
    return "\n".join(line[:200] for line in lines[-LAST_LINES:])
