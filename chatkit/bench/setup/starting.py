"""Starting a student's program: a server, a client, or a window with the agent in its process."""

import contextlib
import os
import secrets
import selectors
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from chatkit._errors import Unavailable
from chatkit.bench.failure import Failure, NotMet
from chatkit.bench.idle import GRACE, PROMISE
from chatkit.bench.setup.base import BenchBase
from chatkit.bench.symptoms import Symptom
from chatkit.bench.window import Window
from chatkit.system import linux
from chatkit.system.forkserver import IMPORTS, WINDOW_IMPORTS, entry
from chatkit.system.ports import free_port, is_free
from chatkit.system.program import Program, environment
from chatkit.system.sandbox.sandbox import AGENT, AGENT_INSIDE, ROUNDS_INSIDE, TK

MOST_TRIES = 100  # to find a port for the bench itself


class Starting(BenchBase):
    """The part of the bench that starts programs."""

    # --------------------------------------------------------------------- what it starts

    def start_server(
        self, host: str = "127.0.0.1", port: int | None = None, *, turns: str = ""
    ) -> Program:
        """Start server.py and wait until it listens where it was told to.

        With `turns`, a seed, its threads are scheduled: one of them pauses now and then between two
        lines of server.py, until the others have done all they can. A program with one thread does
        not notice.

        `port` None means one that the bench chooses; a collision there is the bench's own trouble
        and is tried again. Raises Failure with step "start".
        """
        for last_try in (False, False, True):
            chosen = free_port(host) if port is None else port
            self.address = (host, chosen)
            try:
                with self.during("start"):
                    arguments = ["--host", host, "--port", str(chosen)]
                    program = self._start("server.py", arguments, turns=turns)
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

    def start_client(self, *arguments: str, buffered: bool = False) -> Program:
        """Start client.py against the address of `listen`, or of `nobody_listens`.

        `arguments` follow its --host and --port. `buffered`: what it prints into the pipe waits in
        a buffer until it is flushed, as Python does it by itself. Raises Failure with step "start".
        """
        host, port = self.address
        given = ["--host", host, "--port", str(port), *arguments]
        try:
            return self._start("client.py", given, buffered, alone=self.deserted)
        except Failure as failure:
            failure.step = "start"  # that it starts is all that is known; it may crash later
            raise

    def start_window(self, *arguments: str) -> Window:
        """Start client.py, which has a window, with the agent in its process.

        Raises Failure with step "start", and Unavailable without Tk or a display.
        """
        self.display = self.display or self.open_display()
        if self.display.server:
            self.strangers.add(self.display.server.pid)
        host, port = self.address
        isolated = self.sandbox is not None and self.sandbox.isolated
        secret = secrets.token_hex(8)
        with self.during("start"), an_own_listener() as agents:
            agents.setblocking(False)
            path = self.find("client.py").resolve()
            refuse_what_cannot_start(path)
            extra = {
                **self.display.environment,
                "PYTHONPATH": str(AGENT_INSIDE) if isolated else self._agent_for(path),
                "CHATKIT_AGENT": f"127.0.0.1 {agents.getsockname()[1]} {secret}",
                "CHATKIT_PROGRAM": path.name,
            }
            if self.forkserver:
                self._prepare(path, environment() | extra, WINDOW_IMPORTS)
            program = self.adopt(
                Program(
                    path,
                    ["--host", host, "--port", str(port), *arguments],
                    extra=extra,
                    visible={
                        AGENT_INSIDE: AGENT,
                        **{path: path for path in TK},
                        **self.display.files,
                    },
                    sandbox=self.sandbox,
                    forkserver=self.forkserver,
                )
            )
            self._keeps_zygotes()
            agent = self._wait_for_agent(agents, secret)
        window = Window(self, program, agent)
        self.windows.append(window)
        return window

    # ----------------------------------------------------------------------------- inside

    def _wait_for_agent(self, agents: socket.socket, secret: str) -> socket.socket:
        arrived: list[socket.socket] = []

        def introduced() -> bool:
            with contextlib.suppress(BlockingIOError):
                arrived.append(agents.accept()[0])
            return bool(arrived) or self.program.status is not None

        self.watch(agents, selectors.EVENT_READ, lambda _: None)
        stop = self.wait(introduced)
        self.watch(agents, 0, lambda _: None)
        if not arrived:
            raise self.explained(NotMet(stop, f"{self.program.name} to start"))
        (connection,) = arrived
        connection.settimeout(PROMISE * GRACE)
        hello, heard = secret.encode() + b"\n", b""
        # Not MSG_WAITALL: with a time-out, Windows refuses it, and elsewhere it does not wait.
        while len(heard) < len(hello) and (data := connection.recv(len(hello) - len(heard))):
            heard += data
        if heard != hello:
            raise Unavailable("another program on this machine connects to the bench's own ports")
        return connection

    def _agent_for(self, path: Path) -> str:
        """The folder of the agent as the only entry of PYTHONPATH. Raises Unavailable."""
        found = entry(AGENT, path.parent)
        if found is None:
            told = f"{AGENT} has a {os.pathsep!r} in its path: move the kit to another folder"
            raise Unavailable(told)
        return found

    def _prepare(
        self, path: Path, given: Mapping[str, str], imports: Sequence[str] = IMPORTS
    ) -> None:
        assert self.forkserver
        python = self.forkserver.prepare(path, given, imports)
        if python is not None:
            self.strangers.add(python)

    def _start(
        self,
        name: str,
        arguments: list[str],
        buffered: bool = False,
        alone: bool = False,
        turns: str = "",
    ) -> Program:
        path = self.find(name)
        refuse_what_cannot_start(path)
        self.scheduled = turns
        extra, visible = self._scheduler(turns, path) if turns else ({}, {})
        if self.forkserver:  # also when this one starts anew: the next one will need it
            self._prepare(path.resolve(), environment())
        program = self.adopt(
            Program(
                path,
                arguments,
                buffered=buffered,
                extra=extra,
                visible=visible,
                sandbox=self.sandbox,
                alone=alone,
                forkserver=None if buffered or alone or turns else self.forkserver,
            )
        )
        self._keeps_zygotes()
        return program

    def _keeps_zygotes(self) -> None:
        """They are there for the next program, too."""
        if self.sandbox and self.sandbox.zygotes:
            self.strangers |= self.sandbox.zygotes.pids

    def _scheduler(self, seed: str, path: Path) -> tuple[dict[str, str], dict[Path, Path]]:
        """The environment and the files that let the scheduler begin in a program at `path`."""
        handle, name = tempfile.mkstemp(prefix="chatkit-")
        with os.fdopen(handle, "wb") as file:
            file.write(b"\0")
        self.rounds = Path(name)
        self.rounds.chmod(0o644)  # a sandboxed program may be another user's
        isolated = self.sandbox and self.sandbox.isolated
        environment = {
            "PYTHONPATH": str(AGENT_INSIDE if isolated else AGENT),
            "CHATKIT_PROGRAM": path.name,
            "CHATKIT_TURNS": seed,
            "CHATKIT_ROUNDS": str(ROUNDS_INSIDE if isolated else name),
        }
        return environment, {AGENT_INSIDE: AGENT, ROUNDS_INSIDE: self.rounds}

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
        stop = self.wait(lambda: own() or program.status is not None, promise=2.0)
        self.wait(lambda: program.status is not None, until_asleep=True)
        if right():
            return
        if own():
            elsewhere = ", ".join(f"{one.host}:{one.port}" for one in own())
            told = f"{program.name} listens on another address than it was told"
            raise Failure(Symptom.WRONG_ADDRESS, told, wanted, elsewhere)
        raise self.explained(NotMet(stop, wanted, silence=Symptom.NEVER_LISTENED))


def an_own_listener() -> socket.socket:
    """A listener of the bench itself. Raises OSError.

    Not on port 0: the system would take an outgoing one, and they may all be in use.
    """
    host = "127.0.0.1"
    for _ in range(MOST_TRIES):
        with contextlib.suppress(OSError):  # taken between the look and the bind
            return socket.create_server((host, free_port(host)))
    return socket.create_server((host, 0))


def refuse_what_cannot_start(path: Path) -> None:
    """Raise Failure when there is no readable file at `path`."""
    wanted = f"a program {path.name} in {path.parent.name}/"
    if path.is_dir():
        told = f"{path.name} is a folder, not a program"
        raise Failure(Symptom.NOT_A_FILE, told, wanted, "a folder of that name")
    if not path.is_file():
        there = ", ".join(sorted(item.name for item in path.parent.glob("*.py"))) or "no program"
        raise Failure(Symptom.FILE_MISSING, f"{path.name} is missing", wanted, there)
    try:
        path.open("rb").close()
    except OSError as error:
        told = f"{path.name} cannot be read: {error.strerror}"
        raise Failure(Symptom.UNREADABLE, told, wanted, str(error.strerror)) from None
