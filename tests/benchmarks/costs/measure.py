"""One server with one crowd, measured; and all of them, one after the other."""

import contextlib
import gc
import math
import multiprocessing
import os
import platform
import select
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from chatkit.system import linux
from chatkit.system.program import Program
from chatkit.system.signals import signals_held
from costs.crowd import HOST, Crowd, Refused
from costs.figures import DESIGNS, Design, Machine, Memory, Run

DELIVERIES = 5000.0  # a second, while delays are taken: every server can do a multiple of that
MOST_LINES = 100.0  # a second, then
STILL = 0.1  # seconds; a server that has used no processor time for so long is at rest
LONGEST = 30.0  # seconds that a server may take to start or to come to rest
LONGEST_RUN = 300.0  # seconds besides the talking
MORE_FILES = 100  # that a process with a thousand connections has open


@dataclass(frozen=True)
class Task:
    """One run that is to be made."""

    root: Path
    design: Design
    clients: int
    seconds: float


def measure(root: Path, crowds: Sequence[int], rounds: int, seconds: float) -> Iterator[Run]:
    """Measure each design with each crowd, so many times. Raises Refused.

    A round is finished before the next one begins, so what the machine does meanwhile meets all
    designs. What was started ends with the iterator.
    """
    for _ in range(rounds):
        for clients in crowds:
            for design in DESIGNS:
                yield _in_a_process_of_its_own(Task(root, design, clients, seconds))


def _in_a_process_of_its_own(task: Task) -> Run:
    spawn = multiprocessing.get_context("spawn")
    reader, writer = spawn.Pipe(duplex=False)
    worker = spawn.Process(target=_work, args=(task, writer), daemon=True)
    with signals_held():  # in the worker, for good: Ctrl-C is for the command, which ends it
        worker.start()
    writer.close()
    try:
        longest = LONGEST_RUN + 3 * task.seconds
        told = reader.poll(longest)
        busy = Refused(f"no result after {longest:.0f} seconds: does something else run here?")
        result = reader.recv() if told else busy
    except EOFError:
        result = Refused("the process with all clients has ended")
    finally:
        with contextlib.suppress(psutil.Error):
            for server in psutil.Process(worker.pid).children(recursive=True):
                server.kill()
        worker.kill()
        worker.join()
        reader.close()
    if isinstance(result, Refused):
        raise Refused(f"{task.design.name}, {task.clients} clients: {result}")
    assert isinstance(result, Run)
    return result


def _work(task: Task, writer: Connection) -> None:
    if linux.LINUX:
        linux.die_with_parent()
    gc.disable()  # no pauses of its own: what it keeps is bounded
    try:
        writer.send(run(task))
    except Refused as refused:
        writer.send(refused)


def run(task: Task) -> Run:
    """Start the server, measure it, and end it. Raises Refused."""
    allow_files(task.clients + MORE_FILES)
    server = Program(task.root / task.design.file, ["--host", HOST, "--port", "0"], buffered=True)
    try:
        port = ready(server)
        process = psutil.Process(server.pid)
        empty = memory(process)
        with Crowd(port) as crowd:
            crowd.join(task.clients)
            at_rest(process)
            idle, threads = memory(process), process.num_threads()

            crowd.talk(task.seconds / 5)  # until everything is warm
            server_before, crowd_before = processor_time(process), time.process_time()
            lines, seconds = crowd.talk(task.seconds)
            crowd_time = time.process_time() - crowd_before
            server_time = processor_time(process) - server_before

            rate = min(MOST_LINES, DELIVERIES / task.clients)
            delays = sorted(crowd.pace(rate, math.ceil(rate * task.seconds)))
            crowd.farewell()
            at_rest(process)
            return Run(
                design=task.design.name,
                clients=task.clients,
                threads=threads,
                empty=empty,
                idle=idle,
                after=memory(process),
                lines=lines,
                seconds=round(seconds, 4),
                server_busy=round(server_time / seconds, 2),
                crowd_busy=round(crowd_time / seconds, 2),
                line_rate=rate,
                delays=len(delays),
                median=milliseconds(delays, 0.5),
                p99=milliseconds(delays, 0.99),
                longest=milliseconds(delays, 1),
            )
    except (Refused, psutil.Error) as error:
        server.errors.read()
        said = f"\nthe server said:\n{server.errors.text}" if server.errors.text else ""
        raise Refused(f"{error}{said}") from None
    finally:
        server.close()


def allow_files(count: int) -> None:
    """Let this process, and what it starts, have so many files open. Raises Refused."""
    if os.name == "nt":
        return  # Windows has no such bound
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise Refused(
            f"a process may have {hard} open files here, and this needs {count}: as root, type"
            f" `ulimit -n {count}` before it, or measure fewer clients with --clients"
        )
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def ready(server: Program) -> int:
    """The port that the server says it listens on. Raises Refused."""
    deadline = time.monotonic() + LONGEST
    while (left := deadline - time.monotonic()) > 0:
        select.select([server.output.stream], [], [], left)
        goes_on = server.output.read()
        for line in server.output.lines:
            if line.startswith("Server running on "):
                return int(line.rpartition(":")[2])
        if not goes_on:
            break
    raise Refused("the server did not say that it runs")


def at_rest(process: psutil.Process) -> None:
    """Wait until the server has nothing to do. Raises Refused."""
    deadline = time.monotonic() + LONGEST
    now = processor_time(process)
    while time.monotonic() < deadline:
        before = now
        time.sleep(STILL)
        now = processor_time(process)
        if now == before:
            return
    raise Refused(f"the server was not at rest after {LONGEST:.0f} seconds without talk")


def processor_time(process: psutil.Process) -> float:
    """Seconds, of all threads together."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory(process: psutil.Process) -> Memory:
    proportional = int(process.memory_full_info().pss) if linux.LINUX else None
    return Memory(int(process.memory_info().rss), proportional)


def milliseconds(delays: list[int], share: float) -> float:
    """The delay, of sorted ones in nanoseconds, that this share of them does not exceed."""
    return round(delays[math.ceil(len(delays) * share) - 1] / 1e6, 3)


def machine() -> Machine:
    """This machine, now."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()}",
        python=python,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        load_before=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
