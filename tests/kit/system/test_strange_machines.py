"""Strange machines: odd ports, odd paths, no second address, no /proc."""

import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from strange_machines import ONLY_ONE, ROOT, checks_of, finding, needs_unshare, on_a_machine

from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.cli.tools.doctor import shown
from chatkit.system import forkserver
from chatkit.system.ports import met_itself
from chatkit.system.program import environment
from chatkit.tools import doctor
from chatkit.tools.doctor import Finding


@needs_unshare
@pytest.mark.parametrize(
    "setup",
    ["ports(1024, 65535)", "ports(15000, 65535)", "ports(32768, 32772); take(32768, 32772)"],
    ids=["all ports are outgoing ones", "nearly all are", "no outgoing one is left to listen on"],
)
def test_ports_are_found_whatever_the_system_takes_for_itself(setup: str) -> None:
    code = f"{setup}\nfrom chatkit.system.ports import free_port, PARTS\n"
    code += "found = {free_port('127.0.0.1') for _ in range(200)}\n"
    code += "first, last = map(int, open('/proc/sys/net/ipv4/ip_local_port_range').read().split())"
    code += "\noutside = first > 10_000 and all(not first <= port <= last for port in found)"
    code += "\nassert outside or first == 1024\nassert len(found) > 100\nsys.exit(77)"
    done = on_a_machine(f"up()\n{code}")
    assert done.returncode == 77, done.stderr


@needs_unshare
@pytest.mark.parametrize("lesson", ["1", "4"])
def test_a_lesson_is_checked_where_all_ports_are_outgoing_ones(lesson: str) -> None:
    done = on_a_machine("up(); ports(1024, 65535)", "check", lesson, "--solutions", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_connection_that_has_met_itself_is_no_server() -> None:
    with socket_that_met_itself() as here:
        assert met_itself(here)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert not met_itself(client)


def test_a_connection_that_was_broken_at_once_has_not_met_itself() -> None:
    """A program that lets somebody in and crashes resets the connection before we look at it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        accepted, _ = server.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()  # with a reset: socket(7), SO_LINGER
        select.select([client], [], [], 10)  # until the reset has come
        assert not met_itself(client)


def socket_that_met_itself() -> socket.socket:
    here = socket.socket()
    here.bind(("127.0.0.1", 0))
    here.connect(here.getsockname())
    return here


def test_the_bench_does_not_take_such_a_connection_for_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the system gives the outgoing end the port of a server that has just gone."""
    (tmp_path / "server.py").write_text("input()", "utf-8")
    with Bench(lambda name: tmp_path / name) as bench:
        bench.start_server_quietly("127.0.0.1", bench.free_port("127.0.0.1"))
        real = socket.socket

        class Meets(real):
            def connect_ex(self, address: Any) -> int:
                self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.bind(address)
                return super().connect_ex(address)

        monkeypatch.setattr(socket, "socket", Meets)
        with pytest.raises(Failure) as told:
            bench.connect("alice")
        assert told.value.symptom == "refused"


def kit_in(folder: Path) -> Path:
    """A clone in `folder`, as far as checks need one."""
    for part in ("chatkit", "lessons", "solutions", "tests/lessons"):
        ignored = shutil.ignore_patterns("__pycache__", "costs")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("lesson", "check"), [("1", ""), ("5", "handshake")])
def test_a_colon_in_the_path_of_the_clone_changes_nothing(
    tmp_path: Path, lesson: str, check: str
) -> None:
    """PYTHONPATH is a list, and a colon separates its entries."""
    kit = kit_in(tmp_path / "9:30 group")
    only = ["--only", check] if check else []
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "chatkit", "check", lesson, "--solutions", "--json", *only],
        cwd=kit,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert all(one["status"] == "passed" for one in checks_of(done).values()), done.stdout
    assert "more slowly" not in done.stdout, "a relative path leads to the zygote"
    assert time.monotonic() - started < 60


def test_a_program_elsewhere_is_started_plainly_then_and_that_is_said(tmp_path: Path) -> None:
    kit = kit_in(tmp_path / "9:30 group")
    shutil.copytree(ROOT / "solutions" / "01_echo", tmp_path / "mine")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "chatkit", "check", "1", "--dir", str(tmp_path / "mine")),
            *("--json",),
        ],
        cwd=kit,
        capture_output=True,
        text=True,
        timeout=120,
    )
    checks = checks_of(done)
    assert all(one["status"] == "passed" for one in checks.values()), done.stdout
    said = [note for one in checks.values() for note in one["notes"] if "more slowly" in note]
    assert len(said) == 1


@pytest.mark.parametrize("text", ["print('unasked', flush=True); input()", "raise SystemExit(3)"])
def test_a_helper_that_has_missed_the_gate_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "server.py").write_text(text, "utf-8")
    monkeypatch.setattr(forkserver, "ZYGOTE", tmp_path / "nothing is here")
    monkeypatch.setattr(forkserver, "ANSWER", 1e6)
    server = forkserver.ForkServer()
    try:
        server.prepare(tmp_path / "server.py", environment())
        assert server.begin(tmp_path / "server.py", [], environment()) is None
        assert "has not come up" in server.broken
        assert server.prepare(tmp_path / "server.py", environment()) is None
    finally:
        server.close()


@needs_unshare
def test_without_a_second_loopback_address_the_rest_of_the_check_is_tried_and_that_is_said() -> (
    None
):
    done = on_a_machine(ONLY_ONE, "check", "1", "--solutions", "--json")
    checks = checks_of(done)
    assert all(check["status"] == "passed" for check in checks.values()), done.stdout
    (note,) = checks["ready-line"]["notes"]
    assert "no address 127.0.0.2" in note


@needs_unshare
def test_another_loopback_address_is_taken_where_there_is_one() -> None:
    """It is an alias of the interface, lo:1."""
    alias = 'lo1 = struct.pack("16sHH4s16x", b"lo:1", 2, 0, bytes([127, 8, 8, 8]))\n'
    alias += "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:\n"
    alias += "    fcntl.ioctl(end, 0x8916, lo1)\n"
    alias += (
        '    fcntl.ioctl(end, 0x891C, struct.pack("16sHH4s16x", b"lo:1", 2, 0, b"\\xff" * 4))\n'
    )
    ask = "from chatkit.system.ports import another_loopback\nprint(another_loopback())\nsys.exit()"
    done = on_a_machine(f"{ONLY_ONE}\n{alias}{ask}")
    assert done.stdout == "127.8.8.8\n", done.stderr


@needs_unshare
def test_an_ordinary_machine_has_127_0_0_2() -> None:
    assert Bench(Path).another_host() == "127.0.0.2"


WITHOUT_PROC = [
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs none /proc && exec "$@"',
    "sh",
]


@needs_unshare
@pytest.mark.parametrize(
    ("lesson", "check", "note"),
    [
        ("1", "ready-line", ""),
        ("1", "idle", "how busy a program is"),
        ("2", "two-in-one", ""),
        ("3", "gives-back", "count threads"),
        ("4", "name-in-pieces", ""),
        ("5", "handshake", ""),
    ],
)
def test_without_proc_the_kit_does_what_it_does_on_other_systems(
    lesson: str, check: str, note: str
) -> None:
    done = subprocess.run(
        [
            *(*WITHOUT_PROC, sys.executable, "-m", "chatkit", "check", lesson, "--solutions"),
            *("--only", check, "--json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = checks_of(done)[check]
    assert found["status"] == "passed", found
    assert "/proc is not mounted here" in done.stderr
    assert not note or any(note in one for one in found["notes"])


@needs_unshare
def test_the_doctor_says_that_proc_is_missing() -> None:
    command = [*WITHOUT_PROC, sys.executable, "-m", "chatkit", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert "/proc is not mounted" in finding(done, "rest")["told"]
    assert "mount -t proc" in finding(done, "rest")["cure"]


def test_a_look_that_has_failed_is_named_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Finding:
        raise IndexError("list index out of range")

    monkeypatch.setattr(doctor, "PROBES", (doctor.Probe("firewall", fails, needed=False),))
    monkeypatch.setattr(doctor.examine, "__defaults__", (doctor.PROBES, 40.0))
    shown()
    told = capsys.readouterr().out
    assert "Nothing is known about: firewall" in told
    assert "Everything" not in told
