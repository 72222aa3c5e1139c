"""Programs behind a tap: right ones keep working, and each fault shows up a mistake.

The bench of the lesson checks is used, with a tap between its peers and the program. So what a
script says can be said to a right program and a wrong one, with and without a tap.
"""

import contextlib
import select
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.idle import IdleDetector
from chatkit.bench.peer import Peer
from chatkit.course.lessons import find_course
from chatkit.grading import checkrun
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.system import linux
from chatkit.system.program import Program
from chatkit.tools.faults import FaultDirection, Faults, Name
from chatkit.tools.tap import Tap

pytestmark = pytest.mark.skipif(
    not linux.READS_REST, reason="needs Linux on x86-64, where the kernel tells about threads"
)

COURSE = find_course(Path(__file__).parent)
MISTAKES = COURSE.root / "tests/mistakes"
SAME_BYTES: list[Name] = ["bytes", "join", "delay", "split-character"]


class TappedBench(Bench):
    """A bench whose peers meet the program through a tap."""

    on: tuple[Name, ...] | None = ()  # the faults; None: without a tap
    source = "both"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.taps: dict[tuple[str, int], Tap] = {}  # by the address behind
        self.faults = Faults(set(self.on or ()), self.source, delay=0.05, moment=0.05)  # type: ignore[arg-type]
        self.told = 0
        self.stands_at: float | None = None

    def clock(self) -> float:
        """The time of the taps."""
        return time.monotonic() if self.stands_at is None else self.stands_at

    @contextlib.contextmanager
    def time_stands_still(self) -> Iterator[None]:
        """Whatever a tap holds, it holds until the end of this."""
        self.stands_at = time.monotonic()
        yield
        self.stands_at = None

    def connect(self, name: str, *, slow: bool = False, directly: bool = False) -> Peer:
        program = self.address
        if self.on is not None and not directly:
            self.address = self.tap().address
        try:
            return super().connect(name, slow=slow)
        finally:
            self.address = program

    def start_client(self, *arguments: str) -> Program:
        bench = self.address
        if self.on is not None:
            self.address = self.tap().address
        try:
            return super().start_client(*arguments)
        finally:
            self.address = bench

    def tap(self) -> Tap:
        """The tap in front of the current address."""
        if self.address not in self.taps:
            here = ("127.0.0.1", 0)
            self.taps[self.address] = Tap(here, self.address, self.hear, self.faults, self.clock)
        return self.taps[self.address]

    def hear(self, *_: object) -> None:
        self.told += 1

    def pump(self, seconds: float) -> bool:
        before = self.told
        for tap in self.taps.values():
            tap.turn(0)
        moved = super().pump(min(seconds, 0.001) if self.taps else seconds)
        return moved or self.told > before

    def clear(self) -> None:
        for tap in self.taps.values():
            tap.close()
        self.taps.clear()
        super().clear()

    def _detector(self, *excuse: Callable[[float], None]) -> IdleDetector:
        watch = super()._detector(*excuse)
        peers = watch.on_its_way
        watch.on_its_way = lambda: peers() or any(map(self.carries, self.taps.values()))
        return watch

    def carries(self, tap: Tap) -> bool:
        """Whether a tap has something to do that a program or a peer would notice."""
        if select.select([tap.listener], [], [], 0)[0]:
            return True
        for connection in tap.connections:
            if connection.give_up is not None or any(map(self.moves, connection.ways)):
                return True
        return False

    def moves(self, way: FaultDirection) -> bool:
        """Whether bytes of one direction are held, or travel to the tap or from it."""
        now = self.clock()
        wakes = way.wakes(now)
        if wakes is not None and (self.stands_at is None or wakes <= now):
            return True
        if way.wants() and select.select([way.inlet], [], [], 0)[0]:
            return True
        try:
            here, there = way.outlet.getsockname()[:2], way.outlet.getpeername()[:2]
            beyond, source = way.inlet.getsockname()[:2], way.inlet.getpeername()[:2]
        except OSError:
            return False
        reader = linux.connection(way.outlet.family, there, here)
        writer = linux.connection(way.inlet.family, source, beyond)
        if way.wants() and writer and writer.waiting_out:
            return True
        return bool(reader and reader.received is not None and reader.received < way.sent)


@dataclass
class Story:
    """What is said and heard. A right program keeps to it, with the faults and without."""

    fault: Name
    lesson: str
    mistake: str
    script: Callable[[TappedBench], None]
    symptom: str  # of the mistake behind the tap
    source: str = "both"  # whose bytes the fault touches


def prints_a_line(bench: TappedBench) -> None:
    bench.listen()
    bench.start_client()
    word = bench.word()
    bench.accept().says(word)
    bench.prints(word)


def takes_names(bench: TappedBench) -> None:
    bench.start_server()
    alice, bob = bench.connect("alice"), bench.connect("bob")
    for peer in (alice, bob):
        peer.hears("NICK")
        peer.says(peer.name)
        peer.hears("Connected to the server")
    alice.hears("bob connected to the server!")


def passes_two_lines(bench: TappedBench) -> None:
    bench.start_server()
    alice, bob = bench.connect("alice"), bench.connect("bob")
    bench.settle()
    one, two = bench.word(), bench.word()
    with bench.time_stands_still():
        alice.sends(f"{one}\n", f"{two}\n")  # the second goes once the first has been read
        bench.settle()
    bob.hears(one, two)


def prints_the_rest(bench: TappedBench) -> None:
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    word = bench.word()
    with bench.time_stands_still():
        server.says(word)
        bench.settle()
        client.ends_input()  # while the line is on its way, if there is a delay
        bench.settle()
    bench.prints(word)


def talks_past_a_sloth(bench: TappedBench) -> None:
    bench.start_server()
    bench.connect("sloth")
    alice, bob = bench.connect("alice", directly=True), bench.connect("bob", directly=True)
    bench.settle()
    for number in range(7):  # a megabyte each: more than the buffers on the way can hold
        lines = [f"{bench.word()} {number} {n} ".ljust(4000, "x") for n in range(250)]
        alice.says(*lines)
        bob.hears(*lines)


def goes_on_without_one(bench: TappedBench) -> None:
    bench.start_server()
    alice, bob, carol = (bench.connect(name) for name in ("alice", "bob", "carol"))
    bench.settle()
    alice.says(bench.word())  # with faults it gets no further than half of this
    bench.settle()
    bob.inbox.clear()
    carol.inbox.clear()
    word = bench.word()
    bob.says(word)
    carol.hears(word)


def passes_text(bench: TappedBench) -> None:
    bench.start_server()
    alice, bob = bench.connect("alice"), bench.connect("bob")
    bench.settle()
    text = f"{bench.word()} café"
    alice.says(text)
    bob.hears(text)


STORIES = [
    Story("bytes", "03_threads", "prints_what_one_recv_returns", prints_a_line, "other-output"),
    Story("bytes", "04_nicknames", "one_recv_is_the_name", takes_names, "different-text"),
    Story("join", "02_broadcast", "one_line_a_packet", passes_two_lines, "silent", "client"),
    Story("delay", "03_threads", "closes_in_the_receivers_face", prints_the_rest, "exited"),
    Story("stall", "02_broadcast", "blocking_send", talks_past_a_sloth, "stuck", "server"),
    Story("cut", "02_broadcast", "closed_but_still_listed", goes_on_without_one, "crashed"),
    Story("reset", "02_broadcast", "reset_ends_the_server", goes_on_without_one, "crashed"),
    Story("split-character", "02_broadcast", "decodes_pieces", passes_text, "broken-character"),
]


def bench_for(story: Story, folder: Path, tapped: bool) -> TappedBench:
    lesson = COURSE.lesson(story.lesson)
    bench = TappedBench(lambda name: lesson.program_in(folder, name))
    bench.on = (story.fault,) if tapped else None
    bench.faults.on |= {story.fault}
    bench.faults.source = story.source  # type: ignore[assignment]
    return bench


@pytest.mark.parametrize("story", STORIES, ids=lambda one: f"{one.fault}-{one.mistake}")
def test_a_mistake_that_nobody_notices_shows_behind_the_tap(story: Story, tmp_path: Path) -> None:
    lesson = COURSE.lesson(story.lesson)
    mistake = tmp_path / "mistake"
    shutil.copytree(lesson.solutions, mistake)
    shutil.copytree(MISTAKES / story.lesson / story.mistake, mistake, dirs_exist_ok=True)

    for folder, tapped in ((lesson.solutions, True), (mistake, False)):
        with bench_for(story, folder, tapped) as bench:
            story.script(bench)
    with bench_for(story, mistake, tapped=True) as bench, pytest.raises(Failure) as told:
        story.script(bench)
    assert told.value.symptom == story.symptom, str(told.value)


# A few checks of each lesson, fast ones. That all others hold as well was tried by hand: but those
# that need a server that is not there, because a tap is.
THROUGH = [
    ("1", "echoes-many", "bytes"),
    ("1", "half-close", "delay"),
    ("1", "client-prints-reply", "join"),
    ("2", "two-in-one", "bytes"),
    ("2", "half-line", "join"),
    ("2", "split-character", "split-character"),
    ("3", "framing", "bytes"),
    ("3", "client-end-of-input", "delay"),
    ("4", "name-and-chat", "bytes"),
    ("4", "reset-notice", "join"),
    ("4", "client-handshake", "split-character"),
]


@pytest.mark.parametrize(("lesson", "check", "name"), THROUGH)
def test_a_right_program_passes_its_checks_through_the_tap(
    lesson: str, check: str, name: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkrun, "Bench", TappedBench)
    monkeypatch.setattr(TappedBench, "on", (name,))
    chosen = COURSE.lesson(lesson)

    (verdict,) = grade_lesson(chosen, chosen.solutions, RunOptions(only=(check,))).checks

    assert verdict.status == "passed", verdict


@pytest.mark.parametrize("number", ["1", "2", "3", "4"])
def test_the_programs_of_a_lesson_talk_through_every_fault(number: str) -> None:
    lesson = COURSE.lesson(number)
    with TappedBench(lambda name: lesson.program_in(lesson.solutions, name)) as bench:
        server = bench.start_server()
        bob = bench.connect("bob", directly=True) if number != "1" else None
        if bob and number == "4":
            bob.hears("NICK")
            bob.says("bob")
            bob.hears("Connected to the server")
        client = bench.start_client(*(["--name", "alice"] if number == "4" else []))
        name = {"4": "alice: "}.get(number, "")
        if name:
            bench.prints("Connected to the server")
            assert bob
            bob.hears("alice connected to the server!")
        bench.settle()

        def converse() -> None:
            """Alice says something; bob hears it and answers. An echo answers for itself."""
            word, answer = f"{bench.word()} café", f"{bench.word()} €uro"
            client.types(f"{word}\n".encode())
            if bob:
                bob.hears(f"{name}{word}")
                bob.says(answer)
            bench.prints(answer if bob else word)

        converse()
        assert len(bench.tap().connections) == 1
        for fault in SAME_BYTES:
            bench.tap().switch(fault)
            converse()
            bench.tap().switch(fault)
        bench.tap().switch("stall")
        client.types(b"wait\n")
        bench.settle()
        if bob:
            bob.has_nothing("the tap is stalled")
        bench.tap().switch("stall")
        if bob:
            bob.hears(f"{name}wait")
        else:
            bench.prints("wait")

        bench.tap().switch("reset")
        client.types(b"the end\n")
        bench.exits(None)
        assert "Traceback" not in client.errors.text
        if bob:
            if name:
                bob.hears("alice has left the chat.")
            bob.hears_nothing("half a line is not a line")
        bench.start_client(*(["--name", "alice"] if name else []))
        if name:
            bench.prints("Connected to the server")
        assert server.status is None
