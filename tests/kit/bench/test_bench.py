"""The bench itself: what it proves, what it notices, and that nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from chatkit.bench import idle
from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.waiting import selecting
from chatkit.bench.waiting.deadlines import Patience
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.system import linux
from chatkit.system.ports import PART, PARTS, free_port

pytestmark = pytest.mark.skipif(
    not linux.READS_REST, reason="needs Linux on x86-64, where the kernel tells about threads"
)

START = """
import argparse, os, signal, socket, subprocess, sys, threading, time
p = argparse.ArgumentParser(); p.add_argument("--host"); p.add_argument("--port", type=int)
a = p.parse_args()
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((a.host, a.port)); listener.listen()
"""


def bench_with(tmp_path: Path, text: str, start: str = START) -> Bench:
    (tmp_path / "server.py").write_text(start + textwrap.dedent(text), encoding="utf-8")
    return Bench(lambda name: tmp_path / name)


ECHO_LATE = """
    conn, _ = listener.accept()
    while data := conn.recv(4096):
        {how}
"""


@pytest.mark.parametrize(
    "how",
    [
        "conn.sendall(data)",
        "time.sleep(0.1); conn.sendall(data)",
        "time.sleep(0.8); conn.sendall(data)",
        "threading.Timer(0.1, conn.sendall, [data]).start()",
        "threading.Timer(0.8, conn.sendall, [data]).start()",
    ],
)
def test_an_answer_that_comes_late_is_seen_without_a_fixed_wait(tmp_path: Path, how: str) -> None:
    with bench_with(tmp_path, ECHO_LATE.format(how=how)) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        alice.says("hello")

        with pytest.raises(Failure) as told:
            alice.hears_nothing("this program answers", own=True)

        assert told.value.received == "b'hello\\n'"


WITH_A_TIMER = {
    "SO_RCVTIMEO": """
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 300_000))
        data = conn.recv(4096)
        while True:
            try: conn.recv(4096)
            except BlockingIOError: conn.sendall(data); data = b""
    """,
    "SO_SNDTIMEO": """
        data = conn.recv(4096)
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 300_000))
        try:
            while True: ours.send(b"x" * 100_000)
        except BlockingIOError: conn.sendall(data)
        conn.recv(4096)
    """,
    "setitimer": """
        signal.signal(signal.SIGALRM, lambda *_: conn.sendall(data))
        data = conn.recv(4096)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        conn.recv(4096)
    """,
    "alarm": """
        signal.signal(signal.SIGALRM, lambda *_: conn.sendall(data))
        data = conn.recv(4096)
        signal.alarm(1)
        conn.recv(4096)
    """,
    "alarm and sigwait": """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        data = conn.recv(4096)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        signal.sigwait([signal.SIGALRM])
        conn.sendall(data)
        conn.recv(4096)
    """,
    "timer_create": """
        libc = ctypes.CDLL(None)
        signal.signal(signal.SIGUSR1, lambda *_: conn.sendall(data))
        event = (ctypes.c_byte * 64).from_buffer(bytearray(struct.pack("qii48x", 0, 10, 0)))
        timer = ctypes.c_void_p()
        assert libc.timer_create(1, event, ctypes.byref(timer)) == 0
        data = conn.recv(4096)
        libc.timer_settime(timer, 0, struct.pack("llll", 0, 0, 0, 300_000_000), None)
        conn.recv(4096)
    """,
    "timerfd": """
        libc = ctypes.CDLL(None)
        data = conn.recv(4096)
        fd = libc.timerfd_create(1, 0)
        libc.timerfd_settime(fd, 0, struct.pack("llll", 0, 0, 0, 300_000_000), None)
        select.select([fd], [], [])
        conn.sendall(data)
        conn.recv(4096)
    """,
    "a sleeping child": """
        data = conn.recv(4096)
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)"])
        conn.sendall(data)
        conn.recv(4096)
    """,
    "select": """
        data = conn.recv(4096)
        select.select([], [], [], 0.3)
        conn.sendall(data)
        conn.recv(4096)
    """,
    "a paused thread": """
        data = conn.recv(4096)
        held = threading.Lock()
        def pauses():
            with held: time.sleep(0.3)
        threading.Thread(target=pauses).start()
        with held: conn.sendall(data)
        conn.recv(4096)
    """,
}


@pytest.mark.parametrize("how", WITH_A_TIMER)
def test_one_that_has_set_a_timer_is_not_at_rest(tmp_path: Path, how: str) -> None:
    text = "import ctypes, select, struct\nconn, _ = listener.accept()\n"
    with bench_with(tmp_path, text + textwrap.dedent(WITH_A_TIMER[how])) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        alice.says("hello")

        with pytest.raises(Failure) as told:
            alice.hears_nothing("this program answers", own=True)

        assert told.value.received == "b'hello\\n'"


@pytest.mark.parametrize(
    "how",
    [
        "select.select([conn], [], [], 60)",
        "conn.settimeout(60); conn.recv(9)",
        "threading.Event().wait(60)",
        "time.sleep(60)",
        "conn.setsockopt(1, socket.SO_RCVTIMEO, struct.pack('ll', 60, 0)); conn.recv(9)",
    ],
)
def test_a_time_out_beyond_every_pause_that_is_graded_is_rest(tmp_path: Path, how: str) -> None:
    text = "import select, struct\nconn, _ = listener.accept()\n"
    with bench_with(tmp_path, text + how) as bench:
        bench.start_server()
        alice = bench.connect("alice")

        alice.hears_nothing("this program never answers")

        assert bench.notes == [], "rest was seen, so no quiet time was needed"


HANDS_OVER_LATE = """
    import queue
    inbox = queue.SimpleQueue()
    conn, _ = listener.accept()
    def receive():
        while data := conn.recv(4096):
            time.sleep(1.0)  # on a busy machine a thread gets no processor for a while
            inbox.put(data)
    threading.Thread(target=receive, daemon=True).start()
    while True:
        time.sleep(0.15)
        while not inbox.empty():
            conn.sendall(inbox.get())
"""


def test_what_one_thread_hands_over_late_another_one_may_still_send(tmp_path: Path) -> None:
    with bench_with(tmp_path, HANDS_OVER_LATE) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        for word in ("one", "two", "three"):
            alice.says(word)
            bench.settle()
            assert bytes(alice.inbox) == word.encode() + b"\n"
            alice.hears(word)


def test_nothing_is_proved_when_nothing_comes(tmp_path: Path) -> None:
    text = "conn, _ = listener.accept()\nwhile conn.recv(4096): pass"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        alice.says("hello")

        alice.hears_nothing("this program never answers")

        assert bench.notes == [], "rest was seen, so no quiet time was needed"


def test_a_program_that_polls_gets_a_quiet_time_and_no_note(tmp_path: Path) -> None:
    text = "listener.settimeout(0.05)\nwhile True:\n    try: listener.accept()\n"
    text += "    except TimeoutError: pass"
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        bench.settle()

        assert bench.notes == [], "nobody could do anything about it"


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


def test_a_process_that_may_not_be_looked_at_is_not_at_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = linux.content

    def refused(path: str) -> bytes:  # as for one that ends, where the grader is not root
        if path.endswith("/syscall"):
            raise PermissionError
        return content(path)

    monkeypatch.setattr(linux, "content", refused)
    assert {thread.waits for thread in linux.threads([os.getpid()]).values()} == {""}


STANDS_STILL = """
import ctypes, os, signal, sys
if ctypes.CDLL(None).syscall(56, 0x4000 | signal.SIGCHLD, 0, 0, 0, 0) == 0:  # clone, CLONE_VFORK
    sys.stdin.read(1)
    os._exit(0)
"""


def test_one_that_stands_still_inside_of_the_system_does_not_wait() -> None:
    """As for a disk: it goes on by itself. Here it is until its child has ended, see clone(2)."""
    command = [sys.executable, "-c", STANDS_STILL]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
        still = Path(f"/proc/{program.pid}/stat")
        patience = Patience(10.0, lambda: [program.pid])
        while still.read_text().rpartition(")")[2].split()[0] != "D":
            assert not patience.is_over()

        (thread,) = linux.threads([program.pid]).values()
        program.communicate(b"!")

    assert thread.waits == ""


def test_an_idle_program_costs_no_cpu_and_a_spinning_one_does(tmp_path: Path) -> None:
    with bench_with(tmp_path, "listener.accept()") as bench:
        bench.start_server()
        assert bench.cpu_appetite(1.0) == 0.0
    with bench_with(tmp_path, "while True: pass") as bench:
        bench.start_server()
        assert bench.cpu_appetite(0.5) > 0.9


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
        ("input()", "never-listened", "is at rest"),
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


def test_output_is_bounded_and_never_blocks_the_program(tmp_path: Path) -> None:
    text = "print('first line')\nfor _ in range(40): print('x' * 100_000)\nprint('last line')"
    with bench_with(tmp_path, text + "\nlistener.accept()") as bench:
        bench.start_server()
        bench.prints("last line")

        assert bench.program.output.dropped > 3_000_000
        assert len(bench.program.output.text) < 200_000
        assert bench.program.output.lines[0] == "first line"


def test_a_daemon_that_left_the_process_group_is_waited_for_and_ended(tmp_path: Path) -> None:
    text = """
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
            time.sleep(0.3)
            os.write(1, b"daemon %d\\n" % os.getpid())
            signal.pause()
        os.wait()
        os.write(1, b"gone\\n")
        listener.accept()
    """
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        bench.prints("gone")
        bench.wait(lambda: any(line.startswith("daemon") for line in bench.program.output.lines))
        (line,) = [line for line in bench.program.output.lines if line.startswith("daemon")]
        pid = int(line.split()[1])
        assert psutil.pid_exists(pid)

    assert not psutil.pid_exists(pid)


def test_ctrl_c_works_although_the_bench_runs_in_the_background(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts background jobs
    try:
        with bench_with(
            tmp_path, "try: listener.accept()\nexcept KeyboardInterrupt: pass"
        ) as bench:
            bench.start_server()
            bench.settle()
            bench.program.interrupt()
            bench.exits(0)
    finally:
        signal.signal(signal.SIGINT, before)


def test_two_benches_at_once_never_take_each_others_ports() -> None:
    ask = """
from chatkit.system.ports import free_port
input([free_port("127.0.0.1") for _ in range(99)])
"""
    others = [
        subprocess.Popen(
            [sys.executable, "-c", ask], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    mine = {free_port("127.0.0.1") for _ in range(99)}

    told = []
    for other in others:  # both still hold their part while the other is asked
        assert other.stdout
        text = ""
        while not text.endswith("]"):
            text += other.stdout.read(1)
        told.append(set(json.loads(text)))
    for other in others:
        other.communicate("\n", timeout=10)

    assert not (mine & told[0] or mine & told[1] or told[0] & told[1])


def test_ports_stay_below_those_for_outgoing_connections() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    ports = {free_port("127.0.0.1") for _ in range(200)}

    assert min(ports) >= PARTS[0] * PART and max(ports) < first


def test_the_bench_leaves_no_process_and_no_open_file(tmp_path: Path) -> None:
    free_port("127.0.0.1")  # a bench claims its part of the ports once
    before = list(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        with bench_with(tmp_path, "listener.accept()") as bench:
            bench.start_server()
            bench.connect("alice")
            pid = bench.program.pid
        assert not psutil.pid_exists(pid)

    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_a_killed_bench_takes_its_programs_with_it(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(START + "listener.accept()")
    script = (
        "from pathlib import Path; from chatkit.bench.bench import Bench\n"
        f"b = Bench(lambda name: Path({str(tmp_path)!r}) / name)\n"
        "print(b.start_server().pid, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    program = psutil.Process(int(process.stdout.readline()))

    process.kill()
    process.communicate()

    program.wait(timeout=10)


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
    ("how", "seconds"), [("conn.recv(9)", 0), ("conn.settimeout(0.2)", 3.5), ("WAITS", 5.5)]
)
def test_a_program_is_left_alone_for_as_long_as_its_time_out(
    tmp_path: Path, how: str, seconds: float
) -> None:
    how = "conn.settimeout(5.0)" if how == "WAITS" else how
    text = f"""
        conn, _ = listener.accept()
        {how}
        while True:
            try: conn.recv(9)
            except TimeoutError: pass
    """
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        bench.connect("alice")
        bench.settle()
        began = time.monotonic()

        bench.sits_out()

        assert time.monotonic() - began >= seconds
        assert seconds or time.monotonic() - began < 3.5


def test_one_that_goes_round_and_does_nothing_is_not_waited_for_to_the_end(tmp_path: Path) -> None:
    text = """
        listener.settimeout(0.2)
        kept = []
        while True:
            try: kept.append(listener.accept())
            except TimeoutError: pass
    """
    with bench_with(tmp_path, text) as bench:
        bench.start_server()
        alice = bench.connect("alice")
        patience = bench.patience(idle.PROMISE * idle.GRACE)

        assert bench.wait(lambda: False) == "late"
        assert not patience.is_over()
        with pytest.raises(Failure) as told:
            alice.hears("hello")
        assert told.value.symptom == "silent"
        assert "at rest" not in told.value.message


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
