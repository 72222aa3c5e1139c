"""The bench: what a check can do with a program, as a small language.

Start a server and connect peers to it, or listen and let a client come; then say what is sent,
what must be heard, printed, and left behind. Waiting is `eventloop.py`'s, bytes are `peer.py`'s.
"""

import contextlib
import errno
import random
import re
import secrets
import select
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from chatkit._errors import Unavailable
from chatkit.bench import diagnosis
from chatkit.bench.diagnosis import explain
from chatkit.bench.eventloop import Stage
from chatkit.bench.failure import Failure
from chatkit.bench.idle import GRACE, PROMISE
from chatkit.bench.peer import SHORT, SMALL, Peer
from chatkit.bench.window import Window
from chatkit.system import linux
from chatkit.system.display import Display
from chatkit.system.forkserver import WINDOW_IMPORTS, ForkServer
from chatkit.system.linux import WINDOWS
from chatkit.system.ports import free_port, is_free
from chatkit.system.program import Program, environment
from chatkit.system.sandbox.sandbox import AGENT, TK, Sandbox

READY = re.compile(r"Server running on (?P<host>\S+):(?P<port>\d+)\s*$")
BYTES = re.compile(r"(?<!\w)b(['\"]).*\1")  # as print() writes bytes

MOST_PORTIONS = 100  # that are sent to somebody who does not read, at the most

WORDS = ("apple", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "igloo", "koala")


class Bench(Stage):
    """One check's scripts. A `Stage`: close it, or use it with `with`."""

    def __init__(
        self,
        find: Callable[[str], Path],
        seed: int | str = 0,
        display: Callable[[], Display] = Display,
        sandbox: Sandbox | None = None,
        delays: random.Random | None = None,
        forkserver: ForkServer | None = None,
    ) -> None:
        """`find` gives the path of "server.py" or "client.py"; `seed` fixes the random words.

        `display` gives the display on which windows open. Who calls the bench closes it.
        `sandbox` contains the programs. `delays` makes the bench stumble, see `Stage`. The
        `forkserver`, where programs are trusted, begins them sooner; who calls closes it.
        """
        super().__init__(sandbox, delays)
        self.find = find
        self.open_display = display
        self.forkserver = forkserver
        self.random = random.Random(seed)
        self.address = ("127.0.0.1", 0)  # where the program under test listens or connects

    # ------------------------------------------------------------------- what it makes up

    def word(self) -> str:
        """A word that no program can know beforehand, such as "birch-07af". The seed fixes it."""
        return f"{self.random.choice(WORDS)}-{self.random.randrange(16**4):04x}"

    def free_port(self, host: str) -> int:
        """A port that nobody uses on `host` now."""
        return free_port(host)

    # --------------------------------------------------------------------- what it starts

    def start_server(self, host: str = "127.0.0.1", port: int | None = None) -> Program:
        """Start server.py and wait until it listens where it was told to.

        `port` None means one that the bench chooses; a collision there is the bench's own trouble
        and is tried again. Raises Failure with step "start".
        """
        for last_try in (False, False, True):
            chosen = free_port(host) if port is None else port
            self.address = (host, chosen)
            try:
                with self.during("start"):
                    program = self._start("server.py", ["--host", host, "--port", str(chosen)])
                    self._wait_until_listening(program, host, chosen)
                return program
            except Failure:
                collided = port is None and not is_free(host, chosen)
                ended = self.programs and self.program.status is not None
                if last_try or not collided or not ended:
                    raise
        raise AssertionError("unreachable")

    def start_server_quietly(self, host: str, port: int) -> Program:
        """Start server.py with its output buffered, as in a pipe, and wait for nothing.

        It is for checks of the ready line: a print without flush=True stays in the buffer.
        """
        self.address = (host, port)
        return self._start("server.py", ["--host", host, "--port", str(port)], buffered=True)

    def start_client(self, *arguments: str) -> Program:
        """Start client.py against the address of `listen`, or of `nobody_listens`.

        `arguments` follow its --host and --port. Raises Failure with step "start".
        """
        host, port = self.address
        try:
            return self._start("client.py", ["--host", host, "--port", str(port), *arguments])
        except Failure as failure:
            failure.step = "start"  # that it starts is all that is known; it may crash later
            raise

    def start_window(self, *arguments: str) -> Window:
        """Start client.py, which has a window, with the agent in its process.

        Raises Failure with step "start", and Unavailable without Tk or a display.
        """
        self.display = self.display or self.open_display()
        if self.display.pid:
            self.strangers.add(self.display.pid)
        host, port = self.address
        secret = secrets.token_hex(8)
        with self.during("start"), socket.create_server(("127.0.0.1", 0)) as desk:
            desk.setblocking(False)
            path = self.find("client.py").resolve()
            refuse_what_cannot_start(path)
            extra = {
                **self.display.environment,
                "PYTHONPATH": str(AGENT),
                "CHATKIT_AGENT": f"127.0.0.1 {desk.getsockname()[1]} {secret}",
                "CHATKIT_PROGRAM": path.name,
            }
            if self.forkserver:
                given = environment() | extra
                self.strangers.add(self.forkserver.prepare(path, given, WINDOW_IMPORTS))
            program = self.adopt(
                Program(
                    path,
                    ["--host", host, "--port", str(port), *arguments],
                    extra=extra,
                    visible=[AGENT, *TK, *self.display.files],
                    sandbox=self.sandbox,
                    forkserver=self.forkserver,
                )
            )
            agent = self._wait_for_agent(desk, secret)
        window = Window(self, program, agent)
        self.windows.append(window)
        return window

    # ------------------------------------------------------------------------ connections

    def connect(self, name: str, *, slow: bool = False) -> Peer:
        """A new client called `name`. `slow` gives it small buffers, for one that stops reading.

        Raises Failure with step "connect".
        """
        family, _, _, _, address = socket.getaddrinfo(*self.address, type=socket.SOCK_STREAM)[0]
        deadline = time.monotonic() + PROMISE * GRACE
        self.transcript.add(name, "server", "connect")
        with self.during("connect"):
            while True:
                connection = socket.socket(family, socket.SOCK_STREAM)
                if slow:
                    make_slow(connection)
                connection.setblocking(False)
                error = connection.connect_ex(address)
                if error in (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY):
                    error = self._wait_until_connected(connection)
                if not error:
                    there = (str(address[0]), int(address[1]))
                    return self._peer(name, connection, there, "server")
                connection.close()
                gone = not self.programs or self.program.status is not None
                # Where the kernel does not say who listens, the first connect is the probe.
                if linux.LINUX or gone or time.monotonic() > deadline:
                    break
                self.pump(0.01)
            self.transcript.add("server", name, "refused")
            stop = self.wait(lambda: False, seconds=PROMISE)
            wanted = f"{name} to connect to {self.address[0]}:{self.address[1]}"
            raise explain(self, stop, wanted, b"", silence="refused")

    def listen(self, *, slow: bool = False, hung: bool = False) -> None:
        """Be a server: listen where the next client will connect.

        `slow` gives its connections small buffers, for a server that stops reading. `hung` lets
        nobody in: a connect waits, as with a server that cannot be reached. Raises Unavailable
        where the system has no such wait.
        """
        if hung and not linux.LINUX:
            raise Unavailable("only Linux lets a connect wait when the queue of a listener is full")
        host = "127.0.0.1"
        self.listener = socket.socket()
        if not WINDOWS:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if slow:
            make_slow(self.listener)
        self.listener.bind((host, free_port(host)))
        self.listener.listen(0 if hung else 128)
        for _ in range(2 * hung):  # one more than the queue has places: see listen(2)
            visitor = socket.socket()
            visitor.setblocking(False)
            visitor.connect_ex(self.listener.getsockname())
            self.visitors.append(visitor)
            self.wait(self.somebody_waits)
        self.listener.setblocking(False)
        self.address = (host, self.listener.getsockname()[1])

    def nobody_listens(self) -> None:
        """Choose an address where no server is, and keep it: bound, but not listening."""
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", free_port("127.0.0.1")))
        self.address = self.listener.getsockname()

    def somebody_waits(self) -> bool:
        """Whether a connection has come that `accept` would take."""
        assert self.listener
        return bool(select.select([self.listener], [], [], 0)[0])

    def waits_for_an_attempt(self) -> None:
        """The program tries to connect, to a listener that lets nobody in. Raises Failure."""
        here = self.address

        def tries() -> bool:
            own = linux.socket_inodes(self.program.pids())
            return any(one.inode in own for one in linux.attempts(here[1]))

        stop = self.wait(tries, what="the connection")
        if not tries():
            wanted = f"{self.program.name} to connect to {here[0]}:{here[1]}"
            raise explain(self, stop, wanted, b"", silence="no-connect")

    def accept(self, name: str = "server") -> Peer:
        """The client's connection. Raises Failure with step "connect" when none comes."""
        assert self.listener
        self.watch(self.listener, selectors.EVENT_READ, lambda _: None)
        accepted: list[tuple[socket.socket, linux.Address]] = []

        def arrived() -> bool:
            with contextlib.suppress(BlockingIOError):
                assert self.listener
                accepted.append(self.listener.accept())
            return bool(accepted)

        with self.during("connect"):
            stop = self.wait(arrived, what="the connection")
            self.watch(self.listener, 0, lambda _: None)
            if not accepted:
                self.transcript.add("client", name, "missing", text="connect")
                wanted = f"client.py to connect to {self.address[0]}:{self.address[1]}"
                raise explain(self, stop, wanted, b"", silence="no-connect")
        self.transcript.add("client", name, "accept")
        return self._peer(name, *accepted[0], "client")

    def fills_up(self, peer: Peer) -> Iterator[int]:
        """Yield how many bytes wait for `peer`, until that number has stopped to grow.

        The caller makes the program send more between two numbers.
        """
        waiting, same = -1, 0
        for _ in range(MOST_PORTIONS):
            now = peer.waiting_for_it()
            same = same + 1 if now == waiting else 0
            if same == 3:
                return
            waiting = now
            yield waiting

    # ----------------------------------------------------------- what the program must do

    def prints(self, text: str, *, promise: float = PROMISE) -> None:
        """The program prints a line that ends with `text`, after those asked for before.

        `promise` is the time that the contract gives, in seconds; the bench allows ten times as
        long. Raises Failure.
        """
        program = self.program
        stream = program.output

        def found() -> int | None:
            for at, line in enumerate(stream.lines[program.heard :], program.heard):
                if line.rstrip().endswith(text.rstrip()):
                    return at
            return None

        stop = self.wait(lambda: found() is not None, promise=promise, what=f"the line {text!r}")
        at = found()
        if at is not None:
            program.heard = at + 1
            return
        new = [line for line in stream.text.split("\n")[program.heard :] if line]
        wanted = f"{program.name} to print {text!r}"
        printed = "\n".join(new[-5:]).encode()
        silence = "other-output" if new else "no-output"
        if any(map(BYTES.search, new)):
            silence = "printed-bytes"
        raise explain(self, stop, wanted, printed, silence=silence)

    def exits(
        self, status: int | None = 0, *, promise: float = 2.0, silence: str = "no-exit"
    ) -> int:
        """The program ends, without a traceback of its own; returns its exit status.

        `status` None means any status but 0. `promise` is in seconds, as with `prints`. `silence`
        is the symptom of a program that goes on. Raises Failure.
        """
        program = self.program
        ended = f"the end of {program.name}"
        stop = self.wait(lambda: program.status is not None, promise=promise, what=ended)
        got = program.status
        wanted = f"{program.name} to end with status {'not 0' if status is None else status}"
        if got is None:
            raise explain(self, stop, wanted, b"", silence=silence)
        self.settle(quietly=True)
        new_errors = program.errors.text[program.errors_before :]
        if trace := diagnosis.last_traceback(new_errors, program.path):
            found = diagnosis.crash(program)
            if found and found.symptom in ("todo", "syntax-error"):
                raise found
            told = f"{program.name} ended with a traceback: {trace.error}"
            raise Failure("traceback", told, wanted + ", without a traceback", trace.error)
        if (got == 0) if status is None else (got != status):
            how = f"status {got}" if got >= 0 else f"signal {-got}"
            said = diagnosis.last_words(program)
            raise Failure("wrong-status", f"{program.name} ended with {how}", wanted, said or how)
        return got

    def reads_the_ready_line(self) -> tuple[str, int]:
        """Wait for `Server running on HOST:PORT` and return the two. Raises Failure."""
        program = self.program

        def found() -> tuple[str, int] | None:
            for line in program.output.lines:
                if ready := READY.search(line):
                    return ready["host"], int(ready["port"])
            return None

        stop = self.wait(found, promise=2.0, what="the ready line")
        if ready := found():
            self.address = ready
            return ready
        host, port = self.address
        wanted = f"{program.name} to print 'Server running on {host}:{port or 'its port'}'"
        printed = program.output.text.strip().encode()
        silence = "other-ready-line" if printed else "no-ready-line"
        if linux.LINUX and not self.listeners(program):
            silence = "never-listened"
        raise explain(self, stop, wanted, printed, silence=silence)

    def must_run(self) -> None:
        """Wait until all its threads wait; raise Failure when it has ended by itself."""
        self.wait(lambda: self.program.status is not None, until_asleep=True)
        if self.program.status is not None:
            raise explain(self, "rest", f"{self.program.name} to go on", b"")

    def must_listen_on(self, program: Program, host: str, port: int) -> None:
        """Raise Failure unless `program` listens exactly there (Linux; elsewhere believe it)."""
        there = [f"{one.host}:{one.port}" for one in self.listeners(program)]
        if linux.LINUX and f"{host}:{port}" not in there:
            told = f"{program.name} listens on another address than it was told"
            wanted = f"{program.name} to listen on {host}:{port}"
            raise Failure("wrong-address", told, wanted, ", ".join(there))

    def costs_no_cpu(self, situation: str, seconds: float = 1.0) -> None:
        """The program hardly runs while nothing happens: under a quarter of a core.

        `situation` is for the report: "an idle room". A program at rest is believed at once,
        another one is watched for so many `seconds`. Raises Failure.
        """
        wants = self.cpu_appetite(seconds)
        if wants >= 0.25:
            told = f"{self.program.name} is busy while nothing happens ({situation})"
            wanted = "under a quarter of a core"
            raise Failure("spinning", told, wanted, f"{wants:.0%} of a core")

    # ----------------------------------------------------------------------------- inside

    def _wait_for_agent(self, desk: socket.socket, secret: str) -> socket.socket:
        arrived: list[socket.socket] = []

        def introduced() -> bool:
            with contextlib.suppress(BlockingIOError):
                arrived.append(desk.accept()[0])
            return bool(arrived) or self.program.status is not None

        self.watch(desk, selectors.EVENT_READ, lambda _: None)
        stop = self.wait(introduced)
        self.watch(desk, 0, lambda _: None)
        if not arrived:
            raise explain(self, stop, f"{self.program.name} to start", b"")
        (connection,) = arrived
        connection.settimeout(PROMISE * GRACE)
        hello = secret.encode() + b"\n"
        if connection.recv(len(hello), socket.MSG_WAITALL) != hello:
            raise Unavailable("another program on this machine connects to the bench's own ports")
        return connection

    def _start(self, name: str, arguments: list[str], buffered: bool = False) -> Program:
        path = self.find(name)
        refuse_what_cannot_start(path)
        if self.forkserver:  # also when this one starts anew: the next one will need it
            self.strangers.add(self.forkserver.prepare(path.resolve(), environment()))
        return self.adopt(
            Program(
                path,
                arguments,
                buffered=buffered,
                sandbox=self.sandbox,
                forkserver=None if buffered else self.forkserver,
            )
        )

    def _wait_until_listening(self, program: Program, host: str, port: int) -> None:
        if not linux.LINUX:
            return  # the first connect is the probe
        hosts = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
        hosts |= {"0.0.0.0", "::"} | {f"::ffff:{name}" for name in hosts}

        def own() -> list[linux.Socket]:
            return self.listeners(program)

        def right() -> bool:
            return any(one.host in hosts and port in (0, one.port) for one in own())

        wanted = f"{program.name} to listen on {host}:{port or 'a port of its choice'}"
        # Most print their ready line then, which wakes us: no need to look all the time.
        stop = self.wait(
            lambda: own() or program.status is not None, promise=2.0, what="the listening socket"
        )
        self.wait(lambda: program.status is not None, until_asleep=True)
        if right():
            return
        if own():
            elsewhere = ", ".join(f"{one.host}:{one.port}" for one in own())
            told = f"{program.name} listens on another address than it was told"
            raise Failure("wrong-address", told, wanted, elsewhere)
        raise explain(self, stop, wanted, b"", silence="never-listened")

    def _wait_until_connected(self, connection: socket.socket) -> int:
        self.watch(connection, selectors.EVENT_WRITE, lambda _: None)

        def settled() -> bool:
            with contextlib.suppress(OSError):
                connection.getpeername()
                return True
            return False

        errors: list[int] = []

        def done() -> bool:
            if settled():
                return True
            if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                errors.append(error)
            return bool(errors)

        stop = self.wait(done)
        self.watch(connection, 0, lambda _: None)
        return errors[0] if errors else 0 if stop == "met" else errno.ETIMEDOUT

    def _peer(self, name: str, connection: socket.socket, there: linux.Address, far: str) -> Peer:
        peer = Peer(self, name, connection, there, far)
        self.peers.append(peer)
        peer.watch()
        return peer


def make_slow(end: socket.socket) -> None:
    """Give a socket small buffers, before it connects or listens."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    with contextlib.suppress(OSError, AttributeError):  # tcp(7), not everywhere
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SHORT)


def refuse_what_cannot_start(path: Path) -> None:
    """Raise Failure when there is no readable file at `path`."""
    wanted = f"a program {path.name} in {path.parent.name}/"
    if path.is_dir():
        told = f"{path.name} is a folder, not a program"
        raise Failure("not-a-file", told, wanted, "a folder of that name")
    if not path.is_file():
        there = ", ".join(sorted(item.name for item in path.parent.glob("*.py"))) or "no program"
        raise Failure("file-missing", f"{path.name} is missing", wanted, there)
    try:
        path.open("rb").close()
    except OSError as error:
        told = f"{path.name} cannot be read: {error.strerror}"
        raise Failure("unreadable", told, wanted, str(error.strerror)) from None
