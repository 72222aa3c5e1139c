"""The floor of grading: the same programs, started in the same order, one connect each.

`observed` watches the bench while it grades. It gives a `Story` for each check: which programs were
started, needed and ended, in this order, and what the time went to. `replay` does the least that
such a story can cost: it starts the same programs, connects once to each, and kills them.
"""

import contextlib
import functools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from chatkit.bench.bench import Bench
from chatkit.bench.eventloop import EventLoop
from chatkit.bench.window import Window
from chatkit.system.display import Display
from chatkit.system.ports import free_port
from chatkit.system.program import Program
from chatkit.system.spawn import plain_environment

Part = Literal["start", "connect", "answers", "rest", "end"]
Act = Literal["start", "ready", "end"]

# What the bench spends its time on. Only the outermost counts: a wait in `start_server` is "start".
PARTS: Mapping[Part, Sequence[Callable[..., Any]]] = {
    "start": (
        *(Bench.start_server, Bench.start_server_quietly, Bench.reads_the_ready_line),
        *(Bench.start_client, Bench.start_window, Window.appears),
    ),
    "connect": (Bench.connect, Bench.accept),
    "answers": (EventLoop.wait,),  # of the program, and bytes that must be read
    "rest": (EventLoop.settle, EventLoop.dozes, EventLoop.cpu_appetite, Bench.must_run),
    "end": (Bench.exits, Program.kill, Program.close, EventLoop.clear),
}
# After these the program that was started last is there: the floor has connected by then, too.
READY = (Bench.start_server, Bench.reads_the_ready_line, Bench.accept)
PATIENCE = 30.0  # seconds that a program has to start, at the most


@dataclass(frozen=True)
class Started:
    """One program that a check has started."""

    name: str  # "server.py"
    window: bool
    arguments: tuple[str, ...]  # those behind --host and --port


@dataclass
class Story:
    """What happened in one check. Times are in seconds."""

    check: str
    seconds: float = 0.0  # from the bench's first moment to its last
    own: float = 0.0  # of processor time that the bench itself needed, in all its threads
    parts: dict[Part, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    started: list[Started] = field(default_factory=list)
    acts: list[tuple[Act, int]] = field(default_factory=list)  # the number is that of a program

    @property
    def script(self) -> float:
        """What the check itself needed: its own Python, what it sends and compares."""
        return self.seconds - sum(self.parts.values())


class Observer:
    """Hears from the wrapped bench, in one thread, and writes stories."""

    def __init__(self) -> None:
        self.stories: list[Story] = []
        self.part: Part | None = None  # the one that runs now
        self.programs: dict[Program, int] = {}  # of the story at hand, while they run
        self.since = self.since_own = 0.0

    @property
    def story(self) -> Story:
        return self.stories[-1]

    def begins(self, seed: str) -> None:
        self.stories.append(Story(seed.split()[-1]))
        self.programs.clear()
        self.since, self.since_own = time.perf_counter(), time.process_time()

    def is_over(self) -> None:
        self.story.seconds = time.perf_counter() - self.since
        self.story.own = time.process_time() - self.since_own

    def starts(self, program: Program, name: str, arguments: Sequence[str], window: bool) -> None:
        number = len(self.story.started)
        self.programs[program] = number
        self.story.started.append(Started(name, window, tuple(arguments[4:])))
        self.story.acts.append(("start", number))

    def are_ready(self) -> None:
        for number in self.programs.values():
            if ("ready", number) not in self.story.acts:
                self.story.acts.append(("ready", number))

    def ends(self, program: Program) -> None:
        if program in self.programs:
            self.story.acts.append(("end", self.programs.pop(program)))

    @contextlib.contextmanager
    def spends(self, part: Part) -> Iterator[None]:
        if self.part:
            yield
            return
        self.part, since = part, time.perf_counter()
        try:
            yield
        finally:
            self.story.parts[part] += time.perf_counter() - since
            self.part = None


@contextlib.contextmanager
def observed() -> Iterator[list[Story]]:
    """What is graded in here, in this process and thread, one story a check."""
    observer = Observer()
    with pytest.MonkeyPatch.context() as patch:
        for part, methods in PARTS.items():
            for method in methods:
                owner = _owner(method)
                patch.setattr(owner, method.__name__, _timed(observer, part, method))
        make, begin, kill, close = Bench.__init__, Program.__init__, Program.kill, Bench.close

        def made(bench: Bench, find: object, seed: str, *rest: Any) -> None:
            observer.begins(seed)
            make(bench, find, seed, *rest)

        def begun(program: Program, path: Path, arguments: Sequence[str], **how: Any) -> None:
            observer.starts(program, path.name, arguments, "CHATKIT_AGENT" in how.get("extra", ()))
            begin(program, path, arguments, **how)

        def killed(program: Program) -> None:
            kill(program)
            observer.ends(program)

        def closed(bench: Bench) -> None:
            close(bench)
            observer.is_over()

        patch.setattr(Bench, "__init__", made)
        patch.setattr(Program, "__init__", begun)
        patch.setattr(Program, "kill", killed)
        patch.setattr(Bench, "close", closed)
        yield observer.stories


def _owner(method: Callable[..., Any]) -> type:
    name = method.__qualname__.split(".")[0]
    classes = (*Bench.__mro__, Program, *Window.__mro__)
    return next(one for one in classes if one.__name__ == name)


def _timed(observer: Observer, part: Part, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def timed(*arguments: Any, **named: Any) -> Any:
        with observer.spends(part):
            value = method(*arguments, **named)
        if method in READY:
            observer.are_ready()
        return value

    return timed


# ----------------------------------------------------------------------------------- the floor


class Bare:
    """A program that is started, connected to once, and killed."""

    def __init__(self, started: Started, folder: Path, environment: Mapping[str, str]) -> None:
        """The program in `folder`; `environment` says where its window opens."""
        self.listener: socket.socket | None = None
        if started.name == "server.py":
            self.port = free_port("127.0.0.1")
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.port = self.listener.getsockname()[1]
        arguments = started.arguments
        if started.window and "--name" not in arguments:
            arguments = ("--name", "alice", *arguments)  # else it connects to nobody
        command = [sys.executable, str(folder / started.name), "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, *arguments],
            env=dict(environment) or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.connected = False

    def connects(self) -> None:
        """To the server, or from the client."""
        if self.connected:
            return
        self.connected = True
        if self.listener:
            self.listener.settimeout(PATIENCE)
            self.listener.accept()[0].close()
            return
        deadline = time.monotonic() + PATIENCE
        again = threading.Event()
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionError):  # not yet
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            again.wait(0.001)
        raise AssertionError("the server does not listen")

    def ends(self) -> None:
        self.connects()
        self.process.kill()
        self.process.wait()
        if self.listener:
            self.listener.close()


def replay(story: Story, folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """Start the story's programs, those in `folder`, connect to each, kill them; how long it took.

    Starts that nothing came between are at once: the floor waits for none before the next.
    `environment` is that of programs with a window. Returns seconds.
    """
    since = time.perf_counter()
    programs: dict[int, Bare] = {}
    try:
        for act, number in story.acts:
            if act == "start":
                started = story.started[number]
                programs[number] = Bare(started, folder, environment or {})
            elif act == "ready":
                programs[number].connects()
            else:
                programs.pop(number).ends()
        for program in programs.values():  # one that a later check ends
            program.ends()
    finally:
        for program in programs.values():
            program.process.kill()
            program.process.wait()
    return time.perf_counter() - since


@contextlib.contextmanager
def screen(stories: Sequence[Story]) -> Iterator[dict[str, str]]:
    """The environment for the windows in these stories; where there are none, as it is.

    Grading starts a display when the first window needs one. So does the floor.
    """
    if not any(one.window for story in stories for one in story.started):
        yield {}
        return
    with Display() as display:
        yield {**plain_environment(), **display.environment}
