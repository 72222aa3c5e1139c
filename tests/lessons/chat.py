"""The chat in a window: a running client of lesson 5, and what its checks ask of it in common."""

import contextlib
from collections.abc import Iterator

from chatkit.bench import Bench, Failure, IdleClock, NotMet, Peer, Symptom, Window, last_words

GREETING = "Connected to the server"
LONGEST_END = 3.0  # seconds in which a window that was closed may do nothing; 2 are promised


class Chat:
    """A running client.py with its window, connected to the bench."""

    def __init__(
        self, bench: Bench, *, greeted: bool = True, waits: bool = True, slow: bool = False
    ) -> None:
        """`greeted`: up to the greeting. `waits`: for the window, before the server says a word."""
        self.bench = bench
        self.name = f"al-{bench.random.randrange(16**3):03x}"
        bench.listen(slow=slow)
        self.window: Window = bench.start_window("--name", self.name)
        if waits:
            self.window.appears()
        self.server: Peer = bench.accept()
        if waits:
            bench.settle()
        if greeted:
            self.gives_its_name()
        if greeted and waits:
            self.server.says(GREETING)
            bench.settle()
            self.proves_that_it_shows()

    def gives_its_name(self) -> None:
        """The server asks, the client answers."""
        with self.bench.during("handshake"):
            self.server.says("NICK")
            self.server.hears(self.name)

    def proves_that_it_shows(self) -> None:
        """The set-up step "showing": a line that arrives can be read in the window."""
        with self.bench.during("showing"):
            word = f"bob: {self.bench.word()}"
            self.server.says(word)
            self.window.shows(word)
        self.window.is_usable()

    def says(self, text: str) -> None:
        """Send a line in the way that works. With what else it goes out is another's business."""
        self.window.says(text, self.server)
        self.bench.settle()
        while self.server.next_line() is not None:
            pass


@contextlib.contextmanager
def special(bench: Bench) -> Iterator[None]:
    """What fails in here fails for the special situation, or else it is no failure of this check.

    So where it fails, the same program is started once more, by `--name` and with a server that is
    there. If that does not work either, that is what is told: the story here was not reached.
    """
    try:
        yield
    except Failure as failure:
        with Bench(
            bench.find,
            "the usual start",
            lambda: bench.display or bench.open_display(),
            bench.sandbox,
            None,
            bench.forkserver,
        ) as usual:
            try:
                Chat(usual).window.was_alive()
            finally:
                bench.strangers |= usual.strangers
        failure.step = ""
        raise


def goes_on(bench: Bench) -> bool:
    """Whether the program is still there when it has come to rest: else another check says so."""
    bench.settle()
    return bench.program.status is None


def ends_well(bench: Bench) -> None:
    """The program ends, with status 0.

    Who does nothing for longer than it may take to end waits for something, on any machine.
    """
    program = bench.program
    idle = IdleClock(bench)
    stop = bench.wait(
        lambda: program.status is not None or idle.seconds() > LONGEST_END,
        promise=2.0,
        patient=True,
    )
    if program.status is None:
        raise bench.explained(
            NotMet(stop, "the program to end with its window", b"", silence=Symptom.NO_EXIT)
        )
    if program.status != 0:
        told = f"{program.name} ended with status {program.status}"
        raise Failure(Symptom.WRONG_STATUS, told, "status 0", last_words(program))
