"""A tap: a proxy between clients and a server, that tells what passes and can be a bad network.

It passes on what it gets, as what it is: bytes as bytes, a half-close as a half-close, a reset as
a reset (an abortive close, SO_LINGER with time-out 0: socket(7) and RFC 9293, 3.10.5). One loop in
one thread serves all connections. It never waits for one of them: what a reader does not take
stays here, and when that is `MOST_WAITING` bytes its sender has to wait. Nothing is printed here.
"""

import contextlib
import errno
import selectors
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import Self

from chatkit.bench.transcript import Event, written
from chatkit.system.ports import joined, place
from chatkit.tools.faults import FaultDirection, Faults, Name

MOST_CONNECTIONS = 100  # at one time; each has two sockets
SMALL = 1 << 16  # bytes of each socket's buffers: who waits for whom shows soon
CONNECT_FOR = 5.0  # seconds
READ_OUT = 20  # times that `SMALL` bytes are read from a connection before it is closed
LOOK_EVERY = 0.5  # seconds between two looks at sockets that are not read

Hear = Callable[[Event, bytes], None]


class Tap:
    """Listens, and connects each client to the server. Close it, or use it with `with`."""

    def __init__(
        self,
        listen: tuple[str, int],
        to: tuple[str, int],
        hear: Hear,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listen at the address `listen`; the server is at `to`. Port 0 lets the system choose.

        `hear` gets each event as it happens, and all the bytes that it is about. `clock` gives
        seconds. Raises OSError when one cannot listen there (socket.gaierror when there is no such
        host).
        """
        self.hear = hear
        self.faults = faults or Faults()
        self.clock = clock
        self.family, self.to = place(*to)
        self.server = joined(*to)  # as it was named
        family, here = place(*listen)
        # "::" are all addresses of this machine, those of IPv4 too where the system can do that.
        both = listen[0] == "::" and socket.has_dualstack_ipv6()
        self.listener = socket.create_server(here, family=family, dualstack_ipv6=both)
        make_small(self.listener)  # its connections inherit that
        self.listener.setblocking(False)
        self.address = (listen[0], int(self.listener.getsockname()[1]))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.connections: list[Connection] = []
        self.count = 0  # clients until now
        self.started = clock()
        self.next_look = self.started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections and stop listening."""
        for connection in list(self.connections):
            connection.hang_up()
        self.listener.close()
        self.selector.close()

    def turn(self, seconds: float) -> None:
        """Wait for at most `seconds` until something is to be done, and do it."""
        now = self.clock()
        wakes = [at - now for one in self.connections for at in one.wakes(now)]
        for key, events in self.selector.select(max(0.0, min([seconds, *wakes]))):
            key.data(events)
        now = self.clock()
        looks = now >= self.next_look
        if looks:
            self.next_look = now + LOOK_EVERY
        for connection in list(self.connections):
            connection.move(now, looks)

    def switch(self, name: Name) -> None:
        """Switch one fault on or off."""
        self.faults.on ^= {name}
        self.note(self.faults.told(name))

    def note(self, text: str) -> None:
        """Tell something that concerns all connections."""
        self.tell("", "", "note", text=text)

    def tell(self, source: str, target: str, kind: str, data: bytes = b"", text: str = "") -> None:
        t = round(self.clock() - self.started, 6)
        self.hear(Event(t, source, target, kind, written(data), text), data)

    def watch(self, what: socket.socket, events: int, act: Callable[[int], None]) -> None:
        """Call `act` when `what` is ready for `events`; 0 means no more."""
        known = self.selector.get_map().get(what)
        if known is None:
            if events:
                self.selector.register(what, events, act)
        elif not events:
            self.selector.unregister(what)
        elif known.events != events:
            self.selector.modify(what, events, act)

    def _accept(self, _: int) -> None:
        try:
            client, _ = self.listener.accept()
        except OSError:
            return  # gone again, or this process has no more files to open
        self.count += 1
        name = f"client {self.count}"
        self.tell(name, "server", "connect")
        if len(self.connections) >= MOST_CONNECTIONS:
            self.tell("server", name, "refused")
            self.note(f"the tap holds {MOST_CONNECTIONS} connections, and takes no more")
            linger_not(client)
            client.close()
            return
        self.connections.append(Connection(self, name, client))


class Connection:
    """A client, the tap's own connection to the server for it, and the two ways between them."""

    def __init__(self, tap: Tap, name: str, client: socket.socket) -> None:
        self.tap = tap
        self.name = name
        self.client = client
        self.server = socket.socket(tap.family, socket.SOCK_STREAM)
        make_small(self.server)
        for end in (self.client, self.server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        outward, inward = (self.client, self.server), (self.server, self.client)
        self.ways = (
            FaultDirection(tap.faults, "client", (name, "server"), outward, tap.tell),
            FaultDirection(tap.faults, "server", ("server", name), inward, tap.tell),
        )
        self.give_up: float | None = tap.clock() + CONNECT_FOR  # None: it is connected
        self.server.connect_ex(tap.to)  # how it went shows when the socket is ready
        tap.watch(self.server, selectors.EVENT_WRITE, self._connected)

    def wakes(self, now: float) -> list[float]:
        """The times at which `move` has something to do though no socket is ready."""
        if self.give_up is not None:
            return [self.give_up]
        return [at for way in self.ways if (at := way.wakes(now)) is not None]

    def move(self, now: float, looks: bool) -> None:
        """Pass on what is due. `looks`: look as well at sockets that are not read."""
        if self.give_up is not None:
            if now >= self.give_up:
                self._refused(f"no answer from {self.tap.server} for {CONNECT_FOR:.0f} s")
            return
        for way in self.ways:
            if looks and way.is_broken():
                if way.done:
                    self._reset(way)
                    return
                way.breaks(now)
            way.look(now)
            if self._ends(way, now):
                return
        self._watch()

    def hang_up(self) -> None:
        """Close both sides; what they have not read stays theirs."""
        for end in (self.client, self.server):
            self.tap.watch(end, 0, self._connected)
            end.close()
        self.tap.connections.remove(self)

    def _ends(self, way: FaultDirection, now: float) -> bool:
        """Pass on what goes this way. True when the connection has ended."""
        other = self.ways[way is self.ways[0]]
        outcome = way.pass_on(now)
        if outcome == "end":
            self.tap.tell(way.source, way.target, "end")
            way.drop()
            with contextlib.suppress(OSError):
                way.outlet.shutdown(socket.SHUT_WR)
            if other.done:
                self.hang_up()
                return True
        elif outcome == "broken":  # the receiver has reset it: what it said before comes first
            way.drop()
            if other.done:
                self._reset(other)
                return True
            other.read_out(now)
        elif outcome == "reset":
            self._reset(way)
            return True
        elif outcome == "cut":
            for one in self.ways:
                self.tap.tell(one.source, one.target, "end", text="by the tap")
                with contextlib.suppress(OSError):
                    one.outlet.shutdown(socket.SHUT_WR)
                    for _ in range(READ_OUT):  # what is left unread would make it a reset
                        one.inlet.recv(SMALL)
            self.hang_up()
            return True
        return False

    def _reset(self, way: FaultDirection) -> None:
        """Whoever sends on `way` has reset the connection, or the tap does it for both."""
        for one in self.ways if way.struck else (way,):
            text = "by the tap" if way.struck else ""
            self.tap.tell(one.source, one.target, "reset", text=text)
        for end in (self.client, self.server):
            linger_not(end)
        self.hang_up()

    def _connected(self, _: int) -> None:
        error = self.server.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error == errno.ECONNRESET:  # it was there, and has gone already
            self.ways[1].read_out(self.tap.clock())
        elif error or self._meets_itself():
            self._refused(f"no server at {self.tap.server}")
            return
        self.give_up = None
        self.tap.watch(self.server, 0, self._connected)
        self._watch()

    def _meets_itself(self) -> bool:
        """Whether nobody is there: on a port of the range for outgoing connections, only we are."""
        try:
            return bool(self.server.getsockname() == self.server.getpeername())
        except OSError:
            return True

    def _refused(self, why: str) -> None:
        self.tap.tell("server", self.name, "refused", text=why)
        self.tap.tell("server", self.name, "reset", text="by the tap")
        linger_not(self.client)
        self.hang_up()

    def _watch(self) -> None:
        """Tell the tap what this connection waits for now."""
        for way, back in (self.ways, self.ways[::-1]):
            events = selectors.EVENT_READ if way.wants() else 0
            events |= selectors.EVENT_WRITE if back.full_since is not None else 0
            self.tap.watch(way.inlet, events, partial(self._ready, way, back))

    def _ready(self, way: FaultDirection, back: FaultDirection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            back.has_room()
        if events & selectors.EVENT_READ:
            way.take(self.tap.clock())


def make_small(end: socket.socket) -> None:
    """Give a socket small buffers, before it connects or listens."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)


def linger_not(end: socket.socket) -> None:
    """Make the next close of this socket a reset."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
