"""What every part of the bench shares: who takes part, chance, and notes.

`starting.py` and `connecting.py` build on it, and `chatkit.bench.bench.Bench` is all of them.
"""

import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from chatkit.bench import diagnosis
from chatkit.bench.eventloop import EventLoop
from chatkit.bench.failure import Failure, NotMet
from chatkit.bench.peer import Peer
from chatkit.bench.transcript import Event
from chatkit.bench.window import Window
from chatkit.system import linux
from chatkit.system.display import Display
from chatkit.system.forkserver import ForkServer
from chatkit.system.ports import another_loopback, free_port
from chatkit.system.program import Program
from chatkit.system.programs import timers, usage
from chatkit.system.sandbox.sandbox import Sandbox

WORDS = ("apple", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "igloo", "koala")
PARTS = 4  # numbers for the parts of a round of the scheduler: see `chatkit_turns.py`
RESTLESS = 4  # times that a program was busy all the time where it should have come to rest


class BenchBase(EventLoop):
    """The peers and windows of one check, and what the bench makes up for it."""

    def __init__(
        self,
        find: Callable[[str], Path],
        seed: int | str = 0,
        display: Callable[[], Display] = Display,
        sandbox: Sandbox | None = None,
        delays: random.Random | None = None,
        forkserver: ForkServer | None = None,
        turns: str = "",
    ) -> None:
        """`find` gives the path of "server.py" or "client.py"; `seed` fixes the random words.

        `display` gives the display on which windows open. The caller of the bench closes it.
        `sandbox` contains the programs. `delays` delays the bench at random, see `EventLoop`. The
        `forkserver`, where programs are trusted, begins them sooner; who calls closes it. `turns`
        is a seed that the scheduler of `orders` takes in place of a check's own.
        """
        super().__init__(sandbox, delays)
        self.peers: list[Peer] = []
        self.windows: list[Window] = []
        self.listener: socket.socket | None = None  # where a client under test connects
        self.visitors: list[socket.socket] = []  # who fill the queue of a listener
        self.find = find
        self.open_display = display
        self.forkserver = forkserver
        self.random = random.Random(seed)
        self.turns = turns
        self.rounds: Path | None = None  # the file of which the scheduler reads the round
        self.round = 0
        self.scheduled = ""  # the seed by which the program of this story is scheduled, if it is
        self.address = ("127.0.0.1", 0)  # where the program under test listens or connects
        self.remembered: tuple[Failure, tuple[Program, ...], tuple[Event, ...]] | None = None
        self.deserted = False  # the next client meets nobody, wherever it tries

    # ------------------------------------------------------------------- what it makes up

    def in_rounds(self, count: int) -> Iterator[int]:
        """Yield the numbers from 0 to below `count`, each as a round for the scheduler.

        A program that is never at rest takes its full time in each of them. Another check tells
        that; here the first few have to do.
        """
        for number in range(count):
            if number and self.restless >= RESTLESS:
                return
            self.next_round()
            yield number

    def next_round(self, *, part: bool = False) -> None:
        """Tell the scheduler, if there is one, that the story begins a round like the one before.

        At another line of the program than before threads then pause. `part`: another part of the
        round begins, and the line is the same.
        """
        if self.rounds:
            round, last = divmod(self.round, PARTS)
            following = round * PARTS + last % (PARTS - 1) + 1  # 1, 2, 3, 1, 2, 3
            self.round = following if part else (round + 1) * PARTS % 256
            with self.rounds.open("r+b") as file:
                file.write(bytes([self.round]))

    def remembers(self, failure: Failure) -> None:
        """Keep what was seen until `failure`: the check tries something else now, to judge it."""
        self.remembered = failure, tuple(self.programs), tuple(self.transcript.events)

    def seen_until(self, failure: Failure | None) -> tuple[tuple[Program, ...], tuple[Event, ...]]:
        """The programs and events of the check; of a remembered failure those that were there."""
        if failure and self.remembered and self.remembered[0] is failure:
            _, programs, events = self.remembered
            return programs, events
        return tuple(self.programs), tuple(self.transcript.events)

    def clear(self, visit: str = "") -> None:
        """End everything, as `close` does, and be ready for another story of the same check.

        `visit` names that story, for the report: "Ctrl-C while connecting".
        """
        self.transcript.begins_anew(visit)
        super().clear()
        for peer in self.peers:
            peer.close()
        for window in self.windows:
            window.forget()
        if self.listener:
            self.watch(self.listener, 0, lambda _: None)
            self.listener.close()
            self.listener = None
        for visitor in self.visitors:
            visitor.close()
        self.peers.clear()
        self.windows.clear()
        self.visitors.clear()
        if self.rounds:
            self.rounds.unlink(missing_ok=True)
            self.rounds = None

    def orders(self, *seeds: int) -> Iterator[str]:
        """Yield each seed for `start_server(turns=…)`, and clear the bench after each story.

        A run that repeats another one by its seed, `--turns`, has only that one.
        """
        for seed in [self.turns] if self.turns else map(str, seeds):
            yield seed
            self.clear()

    def word(self) -> str:
        """A word that no program can know beforehand, such as "birch-07af". The seed fixes it."""
        return f"{self.random.choice(WORDS)}-{self.random.randrange(16**4):04x}"

    def free_port(self, host: str) -> int:
        """A port that nobody uses on `host` now."""
        return free_port(host)

    @property
    def notes(self) -> list[str]:
        """What is worth saying, and once a run: that programs start in the slow way."""
        if not (self.forkserver and self.forkserver.broken and not self.forkserver.told):
            return super().notes
        self.forkserver.told = True
        return [*super().notes, f"programs start more slowly: {self.forkserver.broken}"]

    def another_host(self) -> str:
        """An address of this machine that is not the usual one; "127.0.0.1" if it has no other.

        A check where the host that it names matters less then says so in a note.
        """
        found = another_loopback()
        if found is None:
            self.noted.remark(
                "this machine has no address 127.0.0.2, so only 127.0.0.1 was tried: whether the "
                "server listens where it is told could not be seen"
            )
        return found or "127.0.0.1"

    # ------------------------------------------------------------------- what you can ask

    def holds(self) -> tuple[int, int]:
        """How many threads and how many open files the program has now, in this order."""
        if linux.NO_PROC:
            self.noted.remark("without /proc nobody can count threads and open files")
        return usage.threads_and_files(self.pids())

    def memory(self) -> int | None:
        """How many bytes of memory the program and all that it has started hold now.

        None where nobody can see that: Linux without /proc.
        """
        if linux.NO_PROC:
            self.noted.remark("without /proc nobody can see how much memory a program holds")
            return None
        return usage.memory(self.pids())

    @property
    def sees_sockets(self) -> bool:
        """Whether this system tells which sockets a program has; else `listeners` has none."""
        return linux.LINUX

    @property
    def can_hang(self) -> bool:
        """Whether `listen(hung=True)` works here: only Linux lets a connect wait."""
        return linux.LINUX

    def longest_time_out(self) -> float:
        """The longest time that a thread of the program still waits by itself, in seconds.

        0.0: none waits with a time-out, or nobody can see it.
        """
        threads = linux.threads(self.pids()).values()
        return max((timers.seconds_left(one) or 0.0 for one in threads), default=0.0)

    def listeners(self, program: Program) -> list[linux.Socket]:
        """The sockets on which this very program listens now (Linux only)."""
        if not (there := linux.listeners()):
            return []
        inodes = linux.socket_inodes(program.pids_inside())
        return [listener for listener in there if listener.inode in inodes]

    def explained(self, missed: NotMet) -> Failure:
        """`missed` as a failure with the symptom that says why.

        The program is ended by it: to say where its threads stand.
        """
        failure = diagnosis.explain(
            self, missed.stop, missed.expected, missed.received, missed.peer, missed.silence
        )
        if failure.symptom == missed.silence:
            failure.message = missed.told or failure.message
            if missed.came:
                also = failure.received if missed.stands else ""
                failure.received = "\n".join(filter(None, (missed.came, also)))
        failure.step = missed.step or failure.step
        return failure

    def ended_early(self, program: Program) -> Failure:
        """The failure of a program that is not there any more, and should be."""
        return diagnosis.exited(program)
