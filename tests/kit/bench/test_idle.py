"""Idle or not: what the bench proves of a program that does nothing."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from server_under_test import bench_with

from chatkit.bench import idle
from chatkit.bench.failure import Failure
from chatkit.bench.waiting.deadlines import Patience
from chatkit.system import linux

pytestmark = pytest.mark.skipif(
    not linux.READS_REST, reason="needs Linux on x86-64, where the kernel tells about threads"
)


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
