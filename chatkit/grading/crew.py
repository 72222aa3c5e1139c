"""Grade for somebody who waits: where that is right, several stations share a lesson's checks.

The checks of a window wait most of their time, so several can do so at once, each station on a
display of its own. That is right only where a student's program may run several times side by side.
A chat has many clients on one machine. Two servers might want the same port: theirs are checked one
after the other.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from chatkit.course import Course, Lesson
from chatkit.grading.station import Order, Station, StationLost, close_all
from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
from chatkit.harness import kernel
from chatkit.harness.display import has_own

MOST = 4  # stations, each with a Python and a display


def grade_soon(
    course: Course,
    lesson: Lesson,
    folder: Path,
    *,
    only: str | None = None,
    on_verdict: Callable[[Verdict], None],
    seed: str | None = None,
) -> LessonVerdict:
    """As `grade_lesson`, for programs that are trusted; `on_verdict` hears in the checks' order.

    Raises GradingError and KeyboardInterrupt as that does; every program has been ended by then.
    """
    size = 1 if only else crew_for(lesson)
    if size == 1:
        from chatkit.grading.run import grade_lesson  # with pytest, which a crew has of its own

        return grade_lesson(lesson, folder, only=only, on_verdict=on_verdict, seed=seed)
    order = Order(course.root, lesson.name, folder, seed or secrets.token_hex(4))
    with _crew(size) as stations:
        return _together(stations, order, lesson, on_verdict)


def crew_for(lesson: Lesson) -> int:
    """How many stations can share the checks of `lesson`."""
    if lesson.asked != ("client.py",) or not (kernel.READS_REST and has_own()):
        return 1
    return min(MOST, 2 * (os.cpu_count() or 1))


@contextmanager
def _crew(size: int) -> Iterator[list[Station]]:
    stations: list[Station] = []
    try:
        for _ in range(size):
            stations.append(Station(None))
        yield stations
    finally:
        close_all(stations)


def _together(
    stations: Sequence[Station],
    order: Order,
    lesson: Lesson,
    on_verdict: Callable[[Verdict], None],
) -> LessonVerdict:
    heard: SimpleQueue[Verdict | LessonVerdict | Exception] = SimpleQueue()

    def work(number: int, station: Station) -> None:
        try:
            heard.put(station.grade(replace(order, share=(number, len(stations))), heard.put))
        except (GradingError, StationLost) as error:
            heard.put(error)

    started = time.monotonic()
    for each in enumerate(stations):
        threading.Thread(target=work, args=each, daemon=True).start()
    ids = [check.id for check in lesson.checks()]
    to_tell = list(reversed(ids))
    verdicts: dict[str, Verdict] = {}
    shares: list[LessonVerdict] = []
    while len(shares) < len(stations):
        told = heard.get()
        if isinstance(told, Exception):
            raise GradingError(str(told))
        if isinstance(told, LessonVerdict):
            shares.append(told)
            continue
        verdicts[told.id] = told
        while to_tell and to_tell[-1] in verdicts:
            on_verdict(verdicts[to_tell.pop()])
    return replace(
        shares[0],
        checks=tuple(verdicts[id] for id in ids),
        seconds=time.monotonic() - started,
    )
