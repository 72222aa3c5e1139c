"""The scheduler: threads pause where it says, nothing else changes, and a pause is no rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.bench.bench import Bench
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.system import linux
from chatkit.system.sandbox.sandbox import AGENT

COURSE = find_course(Path(__file__).parent)
RACE = """
import socket, sys, threading
door = socket.create_server((sys.argv[2], int(sys.argv[4])))
count = 0
def serve(sock):
    global count
    while sock.recv(100):
        seen = count
        count = seen + 1
        sock.sendall(b"%d\\n" % count)
while True:
    threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()
"""


def bench_for(folder: Path, source: str) -> Bench:
    (folder / "server.py").write_text(source, encoding="utf-8")
    return Bench(lambda name: folder / name)


def test_an_update_is_lost_in_the_round_of_the_line_between_look_and_change(tmp_path: Path) -> None:
    lost = 0
    with bench_for(tmp_path, RACE) as bench:
        bench.start_server(turns="1")
        peers = [bench.connect(name) for name in ("alice", "bob", "carol")]
        bench.settle()
        total = 0
        for _ in range(12):
            bench.next_round()
            with bench.frozen():
                for peer in peers:
                    peer.says("go")
            bench.settle()
            total += len(peers)
        counts = [int(line) for peer in peers for line in bytes(peer.inbox).split()]
        lost = total - max(counts)
    assert len(counts) == total, "a paused thread was taken for one at rest"
    assert lost > 0


def test_a_program_with_one_thread_is_never_held_up(tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(
        "import mmap, sys, time\n"
        "def work():\n"
        "    for number in range(200):\n"
        "        time.monotonic()\n"
        "work()\n"
        "print(sorted(name for name in sys.modules if name == 'threading'), sys.path[0])\n"
        "1 / 0\n",
        encoding="utf-8",
    )
    rounds = tmp_path / "rounds"
    rounds.write_bytes(b"\2")
    extra = {
        "PYTHONPATH": str(AGENT),
        "CHATKIT_TURNS": "1",
        "CHATKIT_ROUNDS": str(rounds),
        "CHATKIT_PROGRAM": "server.py",
    }
    told = [
        subprocess.run(
            [sys.executable, str(program)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        for environment in ({}, extra)
    ]
    assert told[0].stderr == told[1].stderr  # the same traceback, the same lines
    assert str(tmp_path) in told[1].stdout


@pytest.mark.skipif(not linux.READS_REST, reason="only there a pause can be told from a sleep")
def test_a_poll_of_nothing_for_a_millisecond_counts_as_running() -> None:
    def call(*arguments: int) -> list[bytes]:
        return [b"7", *(hex(one).encode() for one in arguments), b"0x0", b"0x0", b"0x0", b"0x0"]

    assert linux._waits(call(0, 0, linux.PAUSE)) == ""
    assert linux._waits(call(0, 0, 50)) == "timed"
    assert linux._waits(call(1, 1, linux.PAUSE)) == "timed"


def test_a_failure_says_how_to_repeat_the_same_turns() -> None:
    lesson = COURSE.lesson("3")
    folder = COURSE.root / "tests/mistakes/03_threads/broadcasts_without_the_lock"

    for seed in ("1", "another seed"):
        for _ in range(20):  # one order of lines alone may pass now and then on a busy machine
            verdict = grade_lesson(lesson, folder, RunOptions(only=("churn",), turns=seed))
            (check,) = verdict.checks
            if check.status == "failed":
                break
        assert check.symptom == "crashed"
        assert "--turns" in check.again and seed in check.again
