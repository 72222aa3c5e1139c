"""Grade one lesson: run its checks in this process, hear each verdict as it falls."""

import secrets
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from chatkit.course.checks import Check
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Lesson
from chatkit.grading.checkrun import CheckRunner
from chatkit.grading.options import ALL, RunOptions
from chatkit.grading.parallel import WorkerLost, share_out
from chatkit.grading.verdict import GradingError, LessonVerdict, MachineError, Verdict
from chatkit.system import machine
from chatkit.system.sandbox.sandbox import Sandbox
from chatkit.system.signals import signals_held

TROUBLED = ("failed", "not_reached")


def grade_lesson(
    lesson: Lesson,
    folder: Path,
    options: RunOptions = ALL,
    *,
    sandbox: Sandbox | None = None,
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> LessonVerdict:
    """Run the checks of `lesson` on the programs in `folder`.

    `on_verdict` hears each verdict when those before it have fallen; the result has all of them in
    the order of their file. `sandbox` contains the programs; None trusts them. Raises GradingError
    when the kit itself fails, MachineError when this machine lacks what a run needs, before the
    first check or after one that did not pass, what `on_verdict` raises, and KeyboardInterrupt on
    Ctrl-C. Every program has been ended by then.
    """
    if not options.seed:
        options = replace(options, seed=secrets.token_hex(4))
    if options.at_once > 1 and machine.lack(options.at_once, least=True):
        options = replace(options, at_once=1)  # one check at a time needs less
    if lack := machine.lack(options.at_once, least=True):
        raise MachineError(f"nothing was checked: {lack}")
    started = time.monotonic()
    try:
        written = lesson.checks()
    except CourseError as error:
        raise GradingError(str(error)) from None
    except Exception as error:  # whatever a file of checks that cannot be imported raises
        raise GradingError(told_of(lesson.checks_file.name, error)) from None
    order = [check for check in written if not options.only or check.id in options.only]
    turns = {id: turn for turn, id in enumerate(options.first)}
    order.sort(key=lambda check: turns.get(check.id, len(turns)))
    if not order:
        raise GradingError(f"{lesson.name} has no check {', '.join(options.only)}")
    verdicts: list[Verdict] = []
    trouble: list[str] = []

    def hear(told: Verdict | str) -> None:
        if isinstance(told, str):
            trouble.append(told)
        else:
            verdicts.append(told)
            on_verdict(told)

    runner = CheckRunner(lesson, folder, options, sandbox)
    if options.at_once > 1 and not options.until_failure:
        try:
            _run_at_once(runner, order, hear)
        except WorkerLost as lost:
            trouble.append(str(lost))
    else:
        with runner:
            for check in order:
                hear(_judged(runner, check))
                if options.until_failure and (trouble or verdicts[-1].status != "passed"):
                    break
    if trouble or any(one.status in TROUBLED for one in verdicts):
        _must_be_the_programs(trouble, options.at_once)
    if trouble:
        raise GradingError("\n".join(trouble))
    ids = [check.id for check in written]
    verdict = LessonVerdict(
        lesson=lesson.name,
        title=lesson.title,
        checks=tuple(sorted(verdicts, key=lambda one: ids.index(one.id))),
        seconds=time.monotonic() - started,
        isolation=sandbox.tier if sandbox else "processes",
        window=lesson.window,
    )
    if all(one.status not in TROUBLED for one in verdicts):
        return verdict
    from chatkit.grading.explain.ranking import explained  # large: see `checkrun.verdict_on`

    return explained(verdict)


def _must_be_the_programs(trouble: list[str], at_once: int) -> None:
    """Raise MachineError where it is this machine that lacks something."""
    if lack := machine.lack(at_once):
        raise MachineError(f"what was found does not count: {lack}")
    if refused := next(filter(machine.REFUSED.search, trouble), ""):
        raise MachineError(
            "what was found does not count: it refused the kit something: "
            f"{refused.strip().splitlines()[-1]}. Cure: close other programs, chatkit doctor"
        )


def _judged(runner: CheckRunner, check: Check) -> Verdict | str:
    """The verdict of one check, or what kept the kit from giving one."""
    try:
        return runner.run(check)
    except Exception as error:  # a fault of ours; the other checks are run all the same
        return told_of(check.id, error)


def told_of(what: str, error: Exception) -> str:
    """A fault of the kit in words. Its last line says it all: that is what a class run shows."""
    shown = "".join(traceback.format_exception(error))
    return f"{what}: {shown}{type(error).__name__}: {error}"


def _run_at_once(
    runner: CheckRunner, order: list[Check], hear: Callable[[Verdict | str], None]
) -> None:
    """Let several processes share the checks, slow ones first; tell in the order of `order`."""
    to_tell = [check.id for check in order]
    turns = sorted(range(len(order)), key=lambda turn: not order[turn].slow)
    fallen: dict[str, Verdict] = {}

    def work(turns: Iterator[int], tell: Callable[[Verdict | str], None]) -> None:
        try:
            for turn in turns:
                tell(_judged(runner, order[turn]))
        finally:
            with signals_held():  # nothing is left half closed
                runner.close()

    def hear_one(told: Verdict | str) -> None:
        if isinstance(told, str):
            hear(told)
            return
        fallen[told.id] = told
        while to_tell and to_tell[0] in fallen:
            hear(fallen[to_tell.pop(0)])

    share_out(turns, runner.options.at_once, work, hear_one)
