"""Connecting to a student's server, and being the server that a student's client connects to."""

import contextlib
import errno
import select
import selectors
import socket
import time
from collections.abc import Iterator

from chatkit._errors import Unavailable
from chatkit.bench.failure import NotMet
from chatkit.bench.idle import GRACE, PROMISE
from chatkit.bench.peer import Peer
from chatkit.bench.peersocket import SHORT, SMALL
from chatkit.bench.setup.base import BenchBase
from chatkit.bench.symptoms import Symptom
from chatkit.system import linux
from chatkit.system.ports import free_port, met_itself
from chatkit.system.windows import WINDOWS

MOST_PORTIONS = 100  # that are sent to somebody who does not read, at the most


class Connecting(BenchBase):
    """The part of the bench that connects, listens and accepts."""

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
                if not error and met_itself(connection):
                    error = errno.ECONNREFUSED  # that is what it means
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
            raise self.explained(NotMet(stop, wanted, silence=Symptom.REFUSED))

    def listen(self, *, slow: bool = False, hung: bool = False, host: str = "127.0.0.1") -> None:
        """Be a server: listen where the next client will connect.

        `slow` gives its connections small buffers, for a server that stops reading. `hung` lets
        nobody in: a connect waits, as with a server that cannot be reached. Raises Unavailable
        where the system has no such wait. `host` is an address of this machine.
        """
        self.deserted = False
        if hung and not linux.LINUX:
            raise Unavailable("only Linux lets a connect wait when the queue of a listener is full")
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
        """Choose an address where no server is, and keep it: bound, but not listening.

        Where the system allows it, the next client finds no server on any other port either.
        """
        self.deserted = True
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

        stop = self.wait(tries)
        if not tries():
            wanted = f"{self.program.name} to connect to {here[0]}:{here[1]}"
            raise self.explained(NotMet(stop, wanted, silence=Symptom.NO_CONNECT))

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
            stop = self.wait(arrived)
            self.watch(self.listener, 0, lambda _: None)
            if not accepted:
                self.transcript.add("client", name, "missing", text="connect")
                wanted = f"client.py to connect to {self.address[0]}:{self.address[1]}"
                raise self.explained(NotMet(stop, wanted, silence=Symptom.NO_CONNECT))
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

    # ----------------------------------------------------------------------------- inside

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
