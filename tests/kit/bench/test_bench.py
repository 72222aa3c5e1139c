"""The bench itself: what it notices, and what it makes of it."""

import socket
from pathlib import Path

import pytest
from server_under_test import bench_with

from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.waiting import selecting
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.system import linux
from chatkit.system.ports import free_port

pytestmark = pytest.mark.skipif(
    not linux.READS_REST, reason="needs Linux on x86-64, where the kernel tells about threads"
)


def test_a_hopeless_wait_ends_at_once_and_says_where_the_program_stands(tmp_path: Path) -> None:
    text = "conn, _ = listener.accept()\nconn.recv(10)\nthreading.Event().wait()"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        alice.says("hello")

        with pytest.raises(Failure) as told:
            alice.hears("hello")

        assert told.value.symptom == "silent"
        assert told.value.received.endswith("stands at: threading.Event().wait()")
        assert bench.noted.late == 0.0


def test_one_that_waits_for_a_reader_is_stuck(tmp_path: Path) -> None:
    text = "conn, _ = listener.accept()\nconn.sendall(b'x' * 10_000_000)\nconn.sendall(b'end')"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        sloth = bench.connect("sloth", slow=True)
        sloth.stops_reading()
        bob = bench.connect("bob")

        with pytest.raises(Failure) as told:
            bob.hears("hello")

        assert told.value.symptom == "stuck"


def test_a_spinning_program_is_told_from_a_silent_one(tmp_path: Path) -> None:
    with bench_with(tmp_path, "conn, _ = listener.accept()\nwhile True: pass") as bench:
        bench.start_server()
        alice = bench.connect("alice")

        with pytest.raises(Failure) as told:
            alice.hears("hello")

        assert told.value.symptom == "spinning"


def test_ready_is_seen_without_a_connection_of_its_own(tmp_path: Path) -> None:
    with bench_with(tmp_path, "conn, _ = listener.accept()\nconn.sendall(b'first\\n')") as bench:
        bench.start_server()

        bench.connect("alice").hears("first")


def test_another_address_than_told_is_named(tmp_path: Path) -> None:
    start = "import socket\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); s.accept()"
    with bench_with(tmp_path, "", start) as bench, pytest.raises(Failure) as told:
        bench.start_server()

    assert (told.value.symptom, told.value.step) == ("wrong-address", "start")


@pytest.mark.parametrize(
    ("text", "symptom", "words"),
    [
        ("raise NotImplementedError('TODO 3: listen')", "todo", "TODO 3: listen"),
        ("def f(:\n    pass", "syntax-error", "server.py, line 1"),
        ("x = 1\nint('x')", "crashed", "server.py, line 2): ValueError"),
        ("", "exited", "ended with status 0"),
        ("import os; os.kill(os.getpid(), 9)", "exited", "by signal 9"),
        ("input()", "never-listened", "is idle"),
    ],
)
def test_a_program_that_does_not_start_says_why(
    tmp_path: Path, text: str, symptom: str, words: str
) -> None:
    with bench_with(tmp_path, "", text) as bench, pytest.raises(Failure) as told:
        bench.start_server()

    assert (told.value.symptom, told.value.step) == (symptom, "start")
    assert words in told.value.message


def test_a_crash_explains_a_connection_that_ended(tmp_path: Path) -> None:
    text = "conn, _ = listener.accept()\nconn.recv(1)\nint('x')"
    for ending in ("hello\n", "h"):  # the first leaves bytes unread, so it ends in a reset
        with bench_with(tmp_path, text) as bench:
            bench.start_server()
            alice = bench.connect("alice")
            alice.sends(ending)

            with pytest.raises(Failure) as told:
                alice.hears("hello")

            assert told.value.symptom == "crashed"
            assert "ValueError" in told.value.message


def test_a_crashed_thread_is_named(tmp_path: Path) -> None:
    text = "threading.Thread(target=lambda: int('x')).start()\nconn, _ = listener.accept()\n"
    with bench_with(tmp_path, text + "conn.recv(100); conn.recv(100)") as bench:
        bench.start_server()
        alice = bench.connect("alice")

        with pytest.raises(Failure) as told:
            alice.hears("hello")

        assert told.value.message.startswith("a thread of server.py crashed")


def test_pieces_are_read_one_by_one(tmp_path: Path) -> None:
    text = "conn, _ = listener.accept()\n"
    text += "while data := conn.recv(99): conn.sendall(b'%d\\n' % len(data))"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        alice.sends("a", "bb", "ccc\n")

        alice.hears("1", "2", "4")


def test_what_happens_while_it_is_frozen_is_found_at_once(tmp_path: Path) -> None:
    text = "conn, _ = listener.accept()\nconn.sendall(b'%d\\n' % len(conn.recv(99)))\nconn.recv(9)"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        bench.settle()
        with bench.frozen():
            alice.sends("a")
            alice.sends("b")

        alice.hears("2")


def test_a_bench_that_stands_still_now_and_then_gives_the_same_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    echo = find_course(Path(__file__).parent).lesson("echo")
    stood: list[float] = []
    monkeypatch.setattr(selecting, "DELAYED", 0.3)
    monkeypatch.setattr(selecting.time, "sleep", stood.append)

    undisturbed = grade_lesson(echo, echo.solutions, RunOptions(only=("echoes-many",), seed="1"))
    assert undisturbed.full and not stood

    delayed = grade_lesson(
        echo, echo.solutions, RunOptions(only=("echoes-many",), seed="1", delays=True)
    )
    assert delayed.full and set(stood) == {selecting.DELAY}


HARD_CODED = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", {port})).recv(10)
except OSError as error:
    sys.exit(f"nobody there: {{error}}")
"""


def test_a_client_that_shall_meet_nobody_meets_nobody_on_any_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as neighbour:
        port = neighbour.getsockname()[1]
        (tmp_path / "client.py").write_text(HARD_CODED.format(port=port))
        with Bench(lambda name: tmp_path / name) as bench:
            bench.nobody_listens()
            bench.start_client()
            bench.exits(None)

            assert "nobody there" in bench.program.errors.text


def test_a_scripted_server_ends_its_side_when_the_client_has(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(
        "import argparse, socket\n"
        "p = argparse.ArgumentParser(); p.add_argument('--host'); p.add_argument('--port')\n"
        "a = p.parse_args(); end = socket.create_connection((a.host, int(a.port)))\n"
        "end.shutdown(socket.SHUT_WR)\nwhile end.recv(10): pass\n"
    )
    with Bench(lambda name: tmp_path / name) as bench:
        bench.listen()
        bench.start_client()
        bench.accept()

        bench.exits(0)


@pytest.mark.parametrize(
    ("listens", "symptom"),
    [
        ("door.bind(('127.0.0.2', port))", ""),
        ("door.bind(('0.0.0.0', port))", "wrong-address"),
        ("door.bind(('127.0.0.2', port)); other = socket.create_server(('', 0))", "wrong-address"),
        (
            "door.close(); door = socket.create_server(('::ffff:127.0.0.2', port),"
            " family=socket.AF_INET6, dualstack_ipv6=True)",
            "",
        ),
    ],
)
def test_a_server_listens_where_it_was_told_and_nowhere_else(
    tmp_path: Path, listens: str, symptom: str
) -> None:
    port = free_port("127.0.0.2")
    start = f"import socket\ndoor = socket.socket(); port = {port}\n{listens}\ndoor.listen()\n"
    with bench_with(tmp_path, "door.accept()", start) as bench:
        server = bench.start_server("127.0.0.2", port)
        try:
            bench.must_listen_on(server, "127.0.0.2", port)
            found = ""
        except Failure as failure:
            found = failure.symptom

    assert found == symptom


def test_an_answer_that_is_right_but_late_is_named_in_a_note(tmp_path: Path) -> None:
    text = "import time\nconn, _ = listener.accept()\nconn.sendall(b'first\\n')\n"
    text += "conn.recv(100)\ntime.sleep(1.3)\nconn.sendall(b'second\\n')\nconn.recv(100)"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        alice.hears("first")
        alice.says("and?")
        alice.hears("second")

        [note] = bench.notes
        assert note.startswith("right but late: line 2 for alice came after ")
