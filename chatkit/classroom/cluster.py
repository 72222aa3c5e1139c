"""A class on several machines: the same jobs, on the workers of dask.distributed.

A job travels with its programs. Each thread of such a worker has a worker of our own, as at home.
When one dies, nothing is lost: the scheduler gives its jobs to another one.

See https://distributed.dask.org/en/stable/api.html#distributed.Client.get_executor
"""

import atexit
import logging
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from chatkit._errors import UserError
from chatkit.classroom.gradekey import kit_digest, submitted_files
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, find_course
from chatkit.grading.jobs import Graded, WorkerPool, as_they_end
from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import GradingError, LessonVerdict
from chatkit.grading.worker import Job
from chatkit.system.leftovers import OwnFolder
from chatkit.system.sandbox.sandbox import Tier

ADDRESS = re.compile(r"(\w+://)?[^\s/:]+:\d+")
SECONDS = 10  # to wait for the scheduler, and for a first worker

pool = WorkerPool()  # of this machine
atexit.register(pool.close)


class ClusterError(UserError):
    """The cluster cannot be used; the message is one line that says what to do."""


def grade_on_cluster(
    jobs: Sequence[Job], course: Course, address: str, *, tier: Tier = "namespaces"
) -> Generator[Graded, None, None]:
    """Grade all jobs on the cluster whose scheduler is at `address`; yield each as it ends.

    Raises ClusterError.
    """

    def begin(job: Job) -> "Future[LessonVerdict]":
        digest = kit_digest(course.lesson(job.lesson))
        files = submitted_files(job.folder)
        future: Future[LessonVerdict] = executor.submit(
            grade_files, job.lesson, files, job.options, digest, tier
        )
        return future

    with connection(address) as client:
        threads = sum(client.nthreads().values())
        executor = client.get_executor(pure=False)  # two runs of one job are two runs
        yield from as_they_end(begin, jobs, at_once=2 * threads)


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
        raise ClusterError(
            f"{address!r} is not the address of a scheduler, such as tcp://10.0.0.5:8786"
        )
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


def grade_files(
    name: str, files: Mapping[str, bytes], options: RunOptions, kit: str, tier: Tier
) -> LessonVerdict:
    """On another machine: write the programs into a folder and grade them with the kit there.

    `name` is the lesson's: "02_broadcast". `files` are a student's, path in the folder -> content.
    `kit` is the digest of the kit and the checks that must grade them.
    Raises GradingError when it cannot, or when the kit there is another one.
    """
    try:
        course = find_course()
        lesson = course.lesson(name)
    except CourseError as error:
        raise GradingError(f"a worker of the cluster: {error}") from None
    if kit_digest(lesson) != kit:
        raise GradingError(
            "a worker of the cluster has another version of Python, of the kit or of its checks"
        )
    with OwnFolder("class") as room:
        for file, data in files.items():
            path = room.path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return pool.grade(Job(course.root, name, room.path, options), tier)
