"""Worker processes, forked after the checks are loaded, share the checks of one lesson.

The checks of a window wait most of their time, so several can do so at once, each on a display of
its own. That is right only where a student's program may run several times side by side. A chat has
many clients on one machine. Two servers might want the same port: theirs are checked one after the
other.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from chatkit.course.lessons import Lesson
from chatkit.system import linux
from chatkit.system.display import close_displays, has_own
from chatkit.system.signals import HELD, STOP_SECONDS, signals_held, stop_once

MOST = 8  # worker processes, each with a display

Tell = Callable[[Any], None]


class WorkerLost(Exception):
    """A worker process has ended before its work was done."""


def worth_sharing(lesson: Lesson) -> int:
    """How many worker processes can share the checks of `lesson`."""
    if not lesson.window or not (linux.READS_REST and has_own()):
        return 1
    return min(MOST, 4 * (os.cpu_count() or 1))


def share_out(
    turns: Sequence[int], size: int, work: Callable[[Iterator[int], Tell], None], hear: Tell
) -> None:
    """Let `size` copies of this process, fork(2), do `work` for all `turns`, numbers below 256.

    Each copy takes the next turn when it has done one. What `work` tells, `hear` hears in here.
    Raises WorkerLost. However it ends, all of them have ended.
    """
    turn, turns_to_come = os.pipe()
    os.write(turns_to_come, bytes(turns))
    os.close(turns_to_come)
    context = multiprocessing.get_context("fork")
    workers = []
    receivers: list[Connection] = []
    try:
        for _ in range(size):
            receiver, sender = context.Pipe(duplex=False)
            worker = context.Process(target=_worker, args=(turn, sender, work, os.getpid()))
            receivers.append(receiver)
            with signals_held():  # until it has its own handlers
                worker.start()
                workers.append(worker)  # in here: a Ctrl-C that waited is raised at the end of it
            sender.close()
        while receivers:
            for receiver in cast(list[Connection], wait(receivers)):
                try:
                    told = receiver.recv()
                except EOFError:
                    raise WorkerLost("a process that graded has ended") from None
                if told is None:
                    receivers.remove(receiver)
                else:
                    hear(told)
    except BaseException:
        for worker in workers:
            worker.terminate()
        raise
    finally:
        with signals_held():  # a terminal that hangs up fails first, and sends its signal then
            os.close(turn)
            for worker in workers:
                worker.join(STOP_SECONDS)
                if worker.is_alive():
                    worker.kill()
                    worker.join()


def _worker(
    turn: int, sender: Connection, work: Callable[[Iterator[int], Tell], None], parent: int
) -> None:
    linux.die_with_parent()
    if os.getppid() != parent:
        return  # it died before we asked to die with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent decides
    # A terminal that hangs up tells all at once, too. With a handler, and not with SIG_IGN: that
    # would stay with the programs that are started here, signal(7).
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGTERM, stop_once())
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        work(_taken(turn), sender.send)
        sender.send(None)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    close_displays()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left that it would have to end


def _taken(turn: int) -> Iterator[int]:
    while number := os.read(turn, 1):
        yield number[0]
