"""One end of a connection that never blocks: what it sends waits, what arrives is kept.

`EventLoop` moves the bytes of all of them while anybody waits, so the bench itself is never the one
that has stopped reading.
"""

import contextlib
import errno
import selectors
import socket
from typing import Literal

from chatkit.bench.eventloop import EventLoop
from chatkit.system import linux

BITE = 1 << 18  # bytes taken from a socket, or given to it, at once
SMALL = 4096  # bytes of receive buffer of a peer that is going to stop reading
SHORT = 1000  # bytes of its segments: the smaller they are, the less the system keeps for it
MOST = 64 << 20  # bytes kept for the script; a peer that is flooded reads no further

# Where bytes arrive, of all peers. New memory for each time would take longer than to fill it.
_TAKEN = bytearray(BITE)


class PeerSocket:
    """The socket of a peer, its outbox and its inbox."""

    def __init__(
        self,
        bench: EventLoop,
        name: str,
        connection: socket.socket,
        there: linux.Address,
        far: str,
    ) -> None:
        self.bench = bench
        self.name = name
        self.far = far  # the lane at the other end: "server" or "client"
        self.socket = connection
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.here: linux.Address = connection.getsockname()[:2]
        self.there = there  # not from getpeername(): the connection may be gone already
        self.outbox = bytearray()
        self.sent = 0  # bytes that the socket has taken
        self.finished = False  # we have half-closed
        self.half_close_waits = False  # … or will, once the outbox is empty
        self.reading = True
        self.inbox = bytearray()  # arrived, and not yet asked for
        self.heard: list[bytes] = []  # lines that the script has asked for and got
        self.own: set[bytes] = set()  # what it has said, also as it comes back with its name
        self.half_said = b""
        self.ended: Literal["", "end", "reset"] = ""  # how the other end has ended it
        self.over = False  # both ends have gone: nothing can be on its way any more

    @property
    def loop(self) -> EventLoop:
        """The bench, as a window calls it: see `failure.explained`."""
        return self.bench

    # ------------------------------------------------------------- the bench moves the bytes

    def watch(self) -> None:
        """Tell the bench what this peer waits for now."""
        events = 0
        if self.reading and not self.ended:
            events |= selectors.EVENT_READ
        if self.outbox:
            events |= selectors.EVENT_WRITE
        self.bench.watch(self.socket, events, self.move)

    def move(self, events: int) -> None:
        """Called by the bench when the socket is ready."""
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ and self.reading:
            self._take()

    def on_its_way(self) -> bool:
        """Whether bytes of this connection are between the two programs (Linux only)."""
        if self.over:
            return False
        far = linux.connection(self.socket.family, self.there, self.here)
        here = self.socket.fileno() >= 0
        if far is None or far.received is None:
            self.over = bool(self.ended) or not here
            return False
        if far.waiting_out and here and self.reading and not self.ended:
            return True  # also from a program that has closed: its last bytes are still to come
        if not far.inode and far.state not in (linux.ESTABLISHED, linux.CLOSE_WAIT):
            return False  # closed by the program; what we send wakes nobody any more
        if not here:
            return far.state == linux.ESTABLISHED and not far.waiting_in
        # Once something waits to be read, more of it wakes nobody who is not awake already.
        if far.waiting_in:
            return False
        return far.received < self.sent or (self.finished and far.state == linux.ESTABLISHED)

    def is_connected(self) -> bool:
        """Whether the program's end of the connection is still open (Linux only)."""
        far = linux.connection(self.socket.family, self.there, self.here)
        return far is not None and far.state == linux.ESTABLISHED

    def waiting_for_it(self) -> int:
        """How many bytes the program has sent that this peer's system has not taken."""
        far = linux.connection(self.socket.family, self.there, self.here)
        return far.waiting_out if far else 0

    def unread(self) -> int:
        """How many bytes the program has got and not read."""
        far = linux.connection(self.socket.family, self.there, self.here)
        return far.waiting_in if far else 0

    def close(self) -> None:
        """Give back the socket at the end of a check."""
        self.bench.watch(self.socket, 0, self.move)
        self.socket.close()

    def _was_read(self) -> bool:
        if self.outbox:
            return False
        far = linux.connection(self.socket.family, self.there, self.here)
        if far is None or far.received is None:
            return True
        return far.received >= self.sent and not far.waiting_in

    def _flush(self) -> None:
        try:
            while self.outbox and self.socket.fileno() >= 0:
                count = self.socket.send(self.outbox[:BITE])
                self.sent += count
                del self.outbox[:count]
        except BlockingIOError:
            pass
        except OSError:
            self.outbox.clear()  # reading tells how the connection ended
        if self.half_close_waits and not self.outbox and not self.finished:
            self.finished = True
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        self.watch()

    def _take(self) -> None:
        try:
            count = self.socket.recv_into(_TAKEN)
        except BlockingIOError:
            return
        except OSError as error:
            self._end("end" if error.errno == errno.ENOTCONN else "reset")
            return
        if not count:
            self._end("end")
            return
        data = memoryview(_TAKEN)[:count]
        self.inbox += data
        self.bench.transcript.add(self.far, self.name, "data", data)
        if linux.LINUX:  # acknowledge at once, so that nothing seems to be on its way: tcp(7)
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if len(self.inbox) > MOST:
            self._stop_reading()

    def _stop_reading(self) -> None:
        self.bench.transcript.add(self.name, self.far, "note", text="stops reading")
        self.reading = False
        self.watch()

    def _end(self, how: Literal["end", "reset"]) -> None:
        self.ended = how
        self.bench.transcript.add(self.far, self.name, how)
        self.watch()

    def _hang_up(self) -> None:
        self.bench.watch(self.socket, 0, self.move)
        self.socket.close()
