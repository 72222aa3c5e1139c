"""The connection to the agent in a window's process: orders go out, answers come back."""

import contextlib
import json
import math
import selectors
import socket
from typing import Any

from chatkit.bench.eventloop import EventLoop
from chatkit.bench.idle import Pulse
from chatkit.bench.windows import agent_protocol
from chatkit.system import linux
from chatkit.system.program import Program


class AgentConnection:
    """The bench's end of it, with what the agent has told."""

    def __init__(self, loop: EventLoop, program: Program, connection: socket.socket) -> None:
        self.loop = loop
        self.program = program
        self.connection = connection
        connection.setblocking(False)
        # Else an order waits up to 40 ms for the acknowledgement of the one before, tcp(7).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.near: linux.Address = connection.getsockname()[:2]
        self.far: linux.Address = connection.getpeername()[:2]
        self.sent = 0  # bytes of orders that the socket has taken
        self.received = bytearray()
        self.answers: dict[int, dict[str, Any]] = {}
        self.ordered = 0  # the number of the last order
        self.pulse: Pulse | None = None
        self.asked = 0
        self.there = False  # whether the program has a root window now
        self.most_work = math.inf  # seconds of processor time that one call may take
        self.inquiry = 0  # the number of the order that asks for the vitals meanwhile
        self.inquired = 0.0  # when that was
        self.waited = 0  # times that a callback has waited too long
        self.situation = ""  # what the window must stay alive in, while that is what is judged
        self.over = False  # the program's own code has ended, and the bench has asked to hold it
        self.ended = False  # the agent is gone, and so is the program
        self.box = ""  # where one types, once that is known
        self.button = ""  # what sends; empty: Enter does
        loop.watch(connection, selectors.EVENT_READ, self._receive)

    @property
    def pid(self) -> int:
        return self.program.leader

    # -------------------------------------------------------- the idle detector asks this

    def feel(self) -> None:
        """Ask for another pulse, unless one is on its way."""
        if self.there and self.asked == (self.pulse.number if self.pulse else 0):
            self.asked = self._order("pulse")

    def on_its_way(self) -> bool:
        """Whether an order or an answer is between the two programs (Linux only).

        On a busy machine the network inside of it takes some milliseconds, too: what it has in
        store for the agent wakes it, also in a window that hangs.
        """
        agent = linux.connection(self.connection.family, self.far, self.near)
        if agent is None or agent.received is None or self.ended:
            return False
        return bool(agent.waiting_out) or agent.received < self.sent

    def forget(self) -> None:
        """Give back the connection to the agent."""
        self.there = False
        self.loop.watch(self.connection, 0, self._receive)
        self.connection.close()

    # ------------------------------------------------------------------------- the agent

    def _order(self, do: str, **how: object) -> int:
        self.ordered += 1
        line = json.dumps({"number": self.ordered, "do": do, "how": how}).encode() + b"\n"
        with contextlib.suppress(OSError):
            self.connection.sendall(line)
            self.sent += len(line)
        return self.ordered

    def _receive(self, _: int) -> bool:
        """Read what the agent says. False: it is no sign of life of the program itself."""
        try:
            self.received += (data := self.connection.recv(1 << 16))
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.ended = True
            self._lose()
            self.loop.watch(self.connection, 0, self._receive)
        *lines, self.received = self.received.split(b"\n")
        try:
            for line in lines:
                self._hear(agent_protocol.read(line))
            if len(self.received) > agent_protocol.MOST:
                raise ValueError("a line without an end")
        except (ValueError, KeyError):  # the program has meddled with its agent
            self.program.ended_for = "what it let its window answer was no answer"
            self.program.kill()
            self.received.clear()
        return False

    def _hear(self, answer: dict[str, Any]) -> None:
        number = answer.pop("number")
        if "over" in answer:
            self.over = answer["over"]
        elif "often" in answer:
            self.waited = answer["often"]
        elif "root" in answer:  # it has made one, or destroyed one: what an older one owed is lost
            self._lose()
            self.there = answer["root"]
        elif number == self.asked:
            if self.there and answer:  # an empty one: the window has just gone
                others = frozenset(self._outside(answer["others"]))
                timers = frozenset(answer["timers"])
                self.pulse = Pulse(number, answer["acts"], timers, others)
        else:
            self.answers[number] = answer

    def _outside(self, threads: list[int]) -> list[int]:
        """The ids of threads as the bench sees them: a sandbox counts its own."""
        if not (self.program.sandbox and self.program.sandbox.isolated):
            return threads
        names = linux.outer_ids(self.pid)
        return [names.get(id, id) for id in threads]

    def _lose(self) -> None:
        self.there = False
        self.pulse = None
        self.asked = 0
