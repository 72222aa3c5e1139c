"""A class on several machines: the same units of work, on the workers of dask.distributed.

A unit travels with its programs. Each thread of a worker has a station of its own, as at home. A
worker that dies takes nothing along: the scheduler gives its units to another one.

See https://distributed.dask.org/en/stable/api.html#distributed.Client.get_executor
"""

import atexit
import logging
import re
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chatkit._errors import UserError
from chatkit.classroom.gradekey import kit_digest, submitted_files
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, find_course
from chatkit.grading.jobs import Graded, Stations, Unit, as_they_end
from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import GradingError, LessonVerdict
from chatkit.grading.worker import Order
from chatkit.system.leftovers import OwnFolder
from chatkit.system.sandbox.sandbox import Tier

ADDRESS = re.compile(r"(\w+://)?[^\s/:]+:\d+")
SECONDS = 10  # to wait for the scheduler, and for a first worker

stations = Stations()  # of this worker
atexit.register(stations.close)


class ClusterError(UserError):
    """The cluster cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Parcel:
    """One lesson of one student as it travels."""

    lesson: str  # "02_broadcast"
    files: dict[str, bytes]  # path in the student's folder -> content
    seed: str
    kit: str  # the digest of the kit and the checks that must grade it


def grade_on_cluster(
    units: Sequence[Unit], course: Course, address: str, *, tier: Tier = "namespaces"
) -> Generator[Graded, None, None]:
    """Grade all units on the cluster whose scheduler is at `address`; yield each as it ends.

    Raises ClusterError.
    """

    def begin(unit: Unit) -> "Future[LessonVerdict]":
        digest = kit_digest(course.lesson(unit.lesson))
        parcel = Parcel(unit.lesson, submitted_files(unit.folder), unit.seed, digest)
        future: Future[LessonVerdict] = pool.submit(grade_parcel, parcel, tier)
        return future

    with connection(address) as client:
        threads = sum(client.nthreads().values())
        pool = client.get_executor(pure=False)  # two runs of one unit are two runs
        yield from as_they_end(begin, units, at_once=2 * threads)


@contextmanager
def connection(address: str) -> Iterator[Any]:
    """A client of the scheduler at `address`, which has at least one worker."""
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "--cluster needs one more package. In the clone of the kit, on every machine: "
            'pip install --editable ".[cluster]"'
        ) from None
    if not ADDRESS.fullmatch(address):
        raise ClusterError(f"{address!r} is no address of a scheduler, such as tcp://10.0.0.5:8786")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say it ourselves, in one line
    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise ClusterError(f"no scheduler answers at {address}: {why}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise ClusterError(f"the scheduler at {address} has no worker: start one") from None
        yield client


def grade_parcel(parcel: Parcel, tier: Tier) -> LessonVerdict:
    """On a worker: unpack the programs and grade them with the kit that is there.

    Raises GradingError, also when that is another kit.
    """
    try:
        course = find_course()
        lesson = course.lesson(parcel.lesson)
    except CourseError as error:
        raise GradingError(f"a worker of the cluster: {error}") from None
    if kit_digest(lesson) != parcel.kit:
        raise GradingError(
            "a worker of the cluster has another version of Python, of the kit or of its checks"
        )
    with OwnFolder("class") as room:
        for name, data in parcel.files.items():
            path = room.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        order = Order(course.root, parcel.lesson, room.path, RunOptions(seed=parcel.seed))
        return stations.grade(order, tier)
