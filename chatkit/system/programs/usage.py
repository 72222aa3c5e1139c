"""What processes use, as far as this system tells: threads, open files, memory, processor time."""

import contextlib

import psutil

from chatkit.system import linux
from chatkit.system.windows import WINDOWS


def threads_and_files(pids: list[int]) -> tuple[int, int]:
    """How many threads and how many open files these processes have now, in this order."""
    count = "num_handles" if WINDOWS else "num_fds"
    threads = files = 0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since
            process = psutil.Process(pid)
            files += getattr(process, count)()
            threads += process.num_threads()
    return threads, files


def memory(pids: list[int]) -> int:
    """How many bytes of memory these processes hold now. One that has ended counts as 0."""
    if linux.LINUX:
        return sum(map(linux.resident, pids))
    held = 0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            held += psutil.Process(pid).memory_info().rss
    return held


def processor_time(pids: list[int]) -> float:
    """How many seconds these processes have run. One that ends meanwhile counts as 0."""
    used = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            used += sum(psutil.Process(pid).cpu_times()[:2])
    return used
