"""What was measured: one `Run` for each server, crowd and round, and the machine it ran on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Design:
    """One way to build the server. All of them keep the contract of lesson 3."""

    name: str  # as the data and the page call it
    file: str  # as seen from the root of the project
    words: str  # how it works, in half a sentence


DESIGNS = (
    Design(
        "threads",
        "chatkit/reference/threads/server.py",
        "two threads a client, and a queue between them",
    ),
    Design(
        "selectors",
        "chatkit/reference/broadcast/server.py",
        "one thread, and a selector that says which socket needs it",
    ),
    Design(
        "asyncio",
        "tests/alternatives/03_threads/asyncio_streams/server.py",
        "one thread, two coroutines a client, and a queue between them",
    ),
)


QUIET = 0.5  # processes that want a core, on average: a machine with more has something else to do


@dataclass(frozen=True)
class Memory:
    """Memory of one process, in bytes."""

    resident: int
    proportional: int | None  # pages that it shares count in parts; only Linux tells


@dataclass(frozen=True)
class Run:
    """One server with one crowd, measured once."""

    design: str
    clients: int
    threads: int  # by the kernel's count, with all clients connected
    empty: Memory  # before the first client
    idle: Memory  # with all clients connected and silent
    after: Memory  # silent again, after all the talk
    lines: int  # said as fast as the room took them; each reached everybody else
    seconds: float  # from the first of them said to the last of them received
    server_busy: float  # processor time of the server in these seconds: 1 is a whole core
    crowd_busy: float  # and of the process with all clients
    line_rate: float  # lines a second while the delays were taken
    delays: int  # how many were taken: one for each line and listener
    median: float  # of the delays, in milliseconds
    p99: float  # 99 of 100 were not longer, in milliseconds
    longest: float  # in milliseconds

    @property
    def lines_per_second(self) -> float:
        return self.lines / self.seconds

    @property
    def copies_per_second(self) -> float:
        return self.lines_per_second * (self.clients - 1)

    @property
    def words(self) -> str:
        """The run in one line."""
        return (
            f"{self.design}, {self.clients:,} clients: threads {self.threads:,}, "
            f"{self.idle.resident / MB:.1f} MB, {self.lines_per_second:,.0f} lines/s, "
            f"{self.copies_per_second:,.0f} copies/s (server {self.server_busy:.2f} busy, "
            f"clients {self.crowd_busy:.2f}), delay {self.median:.2f} ms, 99 % {self.p99:.2f} ms"
        )


@dataclass(frozen=True)
class Figure:
    """One thing that a run says, in the unit in which people read it."""

    of: Callable[[Run], float | None]  # None: this system does not tell
    decimals: int = 0

    def text(self, value: float) -> str:
        return f"{value:,.{self.decimals}f}"


MB, KB = 1e6, 1e3  # bytes

FIGURES = {
    "threads": Figure(lambda run: run.threads),
    "empty": Figure(lambda run: run.empty.resident / MB, 1),
    "idle": Figure(lambda run: run.idle.resident / MB, 1),
    "proportional": Figure(
        lambda run: None if run.idle.proportional is None else run.idle.proportional / MB, 1
    ),
    "after": Figure(lambda run: run.after.resident / MB, 1),
    "client": Figure(lambda run: (run.idle.resident - run.empty.resident) / run.clients / KB, 1),
    "lines": Figure(lambda run: run.lines_per_second),
    "copies": Figure(lambda run: run.copies_per_second),
    "server_busy": Figure(lambda run: run.server_busy, 2),
    "crowd_busy": Figure(lambda run: run.crowd_busy, 2),
    "rate": Figure(lambda run: run.line_rate),
    "delays": Figure(lambda run: run.delays),
    "median": Figure(lambda run: run.median, 2),
    "p99": Figure(lambda run: run.p99, 2),
    "longest": Figure(lambda run: run.longest, 2),
}


@dataclass(frozen=True)
class Values:
    """One figure over all rounds: the one in the middle, and the range."""

    middle: float
    least: float
    most: float


@dataclass(frozen=True)
class Machine:
    """Where and when it was measured."""

    processor: str
    cores: int
    memory: int  # bytes
    system: str
    python: str
    date: str  # the day, UTC
    load_before: float | None  # processes that wanted a core in the minute before; Unix tells

    @property
    def busy(self) -> bool:
        """Whether something else ran, so that the figures are worth little."""
        return self.load_before is not None and self.load_before > QUIET


@dataclass(frozen=True)
class Costs:
    """Everything that was measured in one go."""

    machine: Machine
    rounds: int
    seconds: float  # how long each crowd talked, and how long delays were taken
    runs: tuple[Run, ...]

    @property
    def crowds(self) -> list[int]:
        """The sizes of the crowds, smallest first."""
        return sorted({run.clients for run in self.runs})

    def cells(self) -> Iterator[tuple[int, Design]]:
        """Each crowd with each design."""
        for clients in self.crowds:
            for design in DESIGNS:
                yield clients, design

    def values(self, name: str, design: str, clients: int) -> Values | None:
        """One figure of all rounds; None where the system did not tell."""
        runs = [run for run in self.runs if (run.design, run.clients) == (design, clients)]
        found = [value for run in runs if (value := FIGURES[name].of(run)) is not None]
        return Values(median(found), min(found), max(found)) if found else None


def dump(costs: Costs) -> str:
    """The figures as JSON. The same figures give the same text."""
    return json.dumps(asdict(costs), indent=1, ensure_ascii=False) + "\n"


def load(file: Path) -> Costs:
    """Read what `dump` wrote."""
    told = json.loads(file.read_text(encoding="utf-8"))
    runs = [
        Run(**run | {name: Memory(**run[name]) for name in ("empty", "idle", "after")})
        for run in told["runs"]
    ]
    return Costs(Machine(**told["machine"]), told["rounds"], told["seconds"], tuple(runs))
