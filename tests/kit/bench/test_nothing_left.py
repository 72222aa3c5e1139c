"""The bench leaves no process, no port and no open file behind."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from server_under_test import START, bench_with

from chatkit.system import linux
from chatkit.system.ports import PART, PARTS, free_port

pytestmark = pytest.mark.skipif(
    not linux.READS_REST, reason="needs Linux on x86-64, where the kernel tells about threads"
)


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
