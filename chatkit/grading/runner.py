"""Grade one lesson: run its checks in this process, hear each verdict as it falls."""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson
from chatkit.grading import pytest_plugin
from chatkit.grading.parallel import MemberLost, share_out
from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
from chatkit.system.sandbox.sandbox import Sandbox
from chatkit.system.spawn import signals_held

# Parts of pytest that no check uses. They cost time for each lesson of each student.
NOT_NEEDED = (
    *("terminal", "cacheprovider", "logging", "warnings", "faulthandler", "capture", "junitxml"),
    *("unraisableexception", "threadexception", "recwarn", "unittest", "doctest", "subtests"),
    *("pastebin", "stepwise", "setuponly", "setupplan", "legacypath"),
)


class _Listener:
    """Hears verdicts, and notices when a check fails for a reason of its own."""

    def __init__(
        self,
        tell: Callable[[Verdict], None],
        lesson: Lesson,
        only: str | None,
        at_once: int,
        first: Sequence[str],
        sandbox: Sandbox | None,
        seconds: float,
        delays: bool,
        whole: bool,
    ) -> None:
        self.tell = tell
        self.whole = whole
        self.lesson = lesson
        self.until = time.monotonic() + seconds
        self.sandbox = sandbox
        self.delays = delays
        self.only = only
        self.at_once = at_once
        self.first = first
        self.written: list[str] = []  # the ids of all checks in the order of their file
        self.verdicts: list[Verdict] = []
        self.trouble: list[str] = []
        self.deaf: BaseException | None = None  # what kept `tell` from being heard

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[pytest_plugin.HEARER] = self.hear
        config.stash[pytest_plugin.LESSONS] = {self.lesson.checks_file: self.lesson}
        config.stash[pytest_plugin.SANDBOX] = self.sandbox
        config.stash[pytest_plugin.UNTIL] = self.until
        config.stash[pytest_plugin.DELAYS] = self.delays
        config.stash[pytest_plugin.WHOLE] = self.whole

    def hear(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        try:
            self.tell(verdict)
        except (OSError, SystemExit) as error:  # nobody reads our output any more: `| head`
            self.deaf = error
            raise KeyboardInterrupt from None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.written = [check_in(item) for item in items]
        turns = {id: turn for turn, id in enumerate(self.first)}
        items.sort(key=lambda item: turns.get(check_in(item), len(turns)))
        if self.only:
            items[:] = [item for item in items if check_in(item) == self.only]

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Where several checks are run at once; else pytest does it."""
        if self.at_once == 1 or not session.items:
            return None
        config, items = session.config, session.items
        to_tell = [id for id in map(check_in, items) if id]
        slow = {check.id for check in self.lesson.checks() if check.slow}
        turns = sorted(range(len(items)), key=lambda turn: check_in(items[turn]) not in slow)
        fallen: dict[str, Verdict] = {}

        def work(turns: Iterator[int], tell: Callable[[object], None]) -> None:
            self.tell = tell
            try:
                for turn in turns:
                    config.hook.pytest_runtest_protocol(item=items[turn], nextitem=None)
                    while self.trouble:
                        tell(self.trouble.pop(0))
            finally:
                with signals_held():  # nothing is left half closed
                    pytest_plugin.pytest_unconfigure(config)

        def hear(told: Verdict | str) -> None:
            if isinstance(told, str):
                self.trouble.append(told)
                return
            fallen[told.id] = told
            while to_tell and to_tell[0] in fallen:
                self.hear(fallen[to_tell.pop(0)])

        try:
            share_out(turns, self.at_once, work, hear)
        except MemberLost as lost:
            self.trouble.append(str(lost))
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(str(report.longrepr))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not isinstance(report.longrepr, str):
            crash = getattr(report.longrepr, "reprcrash", None)
            last = crash.message if crash else ""  # that is the line which a class run shows
            self.trouble.append(f"{report.nodeid}: {report.longrepr}\n{last}")

    def pytest_internalerror(self, excrepr: object) -> None:
        self.trouble.append(str(excrepr))


def check_in(item: pytest.Item) -> str:
    """The id of the check that pytest has collected; empty for a test that is none."""
    check = getattr(getattr(item, "function", None), "check", None)
    return check.id if isinstance(check, Check) else ""


def grade_lesson(
    lesson: Lesson,
    folder: Path,
    *,
    only: str | None = None,
    at_once: int = 1,
    first: Sequence[str] = (),
    on_verdict: Callable[[Verdict], None] | None = None,
    seed: str | None = None,
    sandbox: Sandbox | None = None,
    seconds: float = math.inf,
    delays: bool = False,
    until_failure: bool = False,
    whole: bool = False,
) -> LessonVerdict:
    """Run the lesson's checks on the programs in `folder`.

    `only` names one of the lesson's checks. Those in `first` are run before the others, in that
    order; the result has all in the order of their file. With `at_once` 4 that many are run at
    once: see `parallel.py`. `on_verdict` hears each verdict when those before it have fallen. The same
    `seed` gives the same random words. `sandbox` contains the programs; None trusts them. After
    `seconds` no further check is begun. With `delays` the bench stands still at random moments,
    drawn from the seed, as on a machine that has no time for it. With `until_failure` the first
    check that does not pass is the last one that is run; then they are run one by one.
    `whole` keeps every event of a transcript; else a long one loses its middle.
    Raises GradingError when the kit itself fails,
    KeyboardInterrupt on Ctrl-C (every program has been ended by then).
    """
    listener = _Listener(
        on_verdict or (lambda verdict: None),
        lesson,
        only,
        1 if until_failure else at_once,
        first,
        sandbox,
        seconds,
        delays,
        whole,
    )
    arguments = [
        *("-c", os.devnull, "--noconftest"),
        # Without the second one pytest looks through every folder above as well.
        *(f"--{name}={lesson.checks_file.parent}" for name in ("rootdir", "confcutdir")),
        *(part for name in NOT_NEEDED for part in ("-p", f"no:{name}")),
        f"--programs={folder}",
        *([f"--seed={seed}"] if seed else []),
        *(["--exitfirst"] if until_failure else []),
        str(lesson.checks_file),
    ]
    started = time.monotonic()
    with _own_pytest():
        status = pytest.main(arguments, plugins=[pytest_plugin, listener])
    if listener.deaf:
        raise listener.deaf
    if status == pytest.ExitCode.INTERRUPTED and not listener.trouble:
        raise KeyboardInterrupt
    if listener.trouble or not listener.verdicts:
        raise GradingError("\n".join(listener.trouble) or f"pytest ended with {status!r}")
    return LessonVerdict(
        lesson=lesson.name,
        title=lesson.title,
        checks=tuple(sorted(listener.verdicts, key=lambda one: listener.written.index(one.id))),
        seconds=time.monotonic() - started,
        isolation=sandbox.tier if sandbox else "processes",
    )


@contextmanager
def _own_pytest() -> Iterator[None]:
    """Keep what the user has set for their own pytest away from ours, and ours silent."""
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    theirs = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", *ours)
    before = {name: os.environ.pop(name) for name in theirs if name in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(before)
