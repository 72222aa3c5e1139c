"""`chatkit play` as a class uses it: what it prints is typed, and everybody is in one room."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from chatkit.cli.main import COMMANDS
from chatkit.cli.tools import play as command
from chatkit.course.lessons import find_course
from chatkit.system.display import Display
from chatkit.tools import lan
from chatkit.tools.lan import LanAddress

ROOT = Path(__file__).parents[3]
HERE = "127.0.0.1"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A student's copy of the lessons, with the clients of lessons 4 and 5 finished."""
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons")
    for lesson in ("04_nicknames", "05_gui"):
        shutil.copy(ROOT / "solutions" / lesson / "client.py", tmp_path / "lessons" / lesson)
    return tmp_path


class Played:
    """A running `chatkit play` that only this machine can reach."""

    def __init__(self, cwd: Path, *words: str, **more: str) -> None:
        here = () if "--host" in words else ("--host", HERE)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "chatkit", "play", *here, *words],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert self.process.stdout
        self.output = self.process.stdout
        self.text = ""
        self.bound = threading.Timer(90, self.process.kill)  # then reading it ends as well
        self.bound.daemon = True
        self.bound.start()

    def prints(self, words: str) -> None:
        """Read until a line has these words."""
        for line in self.output:
            self.text += line
            if words in line:
                return
        raise AssertionError(f"no {words!r} in:\n{self.text}")

    def invites(self) -> int:
        """Read the invitation; the port in it."""
        self.prints("Nothing is encrypted")
        found = re.search(r"(?m)^  port +(\d+)$", self.text)
        assert found, self.text
        return int(found[1])

    def rest(self) -> str:
        """Wait for its end; what else it printed."""
        return self.process.communicate(timeout=30)[0]


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """What a test starts; killed at its end."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        with process:  # gives back its pipes
            process.kill()


def commands(text: str) -> list[tuple[str, list[str]]]:
    """What an invitation says to type: the lesson's folder where it names one, and the words."""
    lines = text.splitlines()
    return [
        ((re.search(r"in (lessons/\S+)$", before) or ["", "."])[1], line.split())
        for before, line in pairwise(lines)
        if line.startswith("    ")
    ]


def test_what_it_prints_lets_every_kind_of_peer_into_one_room(
    clone: Path, started: list[subprocess.Popen[str]]
) -> None:
    room = Played(clone, "--port", "0")
    started.append(room.process)
    port = str(room.invites())
    typed = commands(room.text)
    client = ["python", "client.py", "--host", HERE, "--port", port, "--name", "YOU"]
    assert typed == [
        ("lessons/05_gui", client),
        ("lessons/04_nicknames", client),
        (".", ["nc", HERE, port]),
        (".", ["chatkit", "raw", HERE, port]),
    ]
    assert "Only programs on this machine can join." in room.text

    if "raw" not in COMMANDS:  # chatkit raw joins as soon as this kit has it
        typed.pop()

    with Display(own=True) as display:
        environment = {**os.environ, **display.environment, "PYTHONPATH": str(ROOT)}
        peers = []
        for number, (folder, words) in enumerate(typed):
            peer = subprocess.Popen(
                [part for one in words for part in as_typed(one, f"peer{number}")],
                cwd=clone / folder,
                env={**environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                bufsize=1,
            )
            started.append(peer)
            peers.append(peer)
            assert peer.stdin
            if "YOU" not in words:
                peer.stdin.write(f"peer{number}\n")
            room.prints(f"peer{number} has come")
        window, console, nc, *_ = peers
        assert nc.stdin and console.stdout and nc.stdout
        nc.stdin.write("hello from nc\n")
        heard = ["Connected to the server\n"]
        heard += [f"peer{one} connected to the server!\n" for one in range(2, len(peers))]
        assert [console.stdout.readline() for _ in heard] == heard
        assert console.stdout.readline() == "peer2: hello from nc\n"
        window.terminate()
        room.prints("peer0 has gone")

        room.process.send_signal(signal.SIGINT)

        assert "with it every connection" in room.rest()
        assert room.process.returncode == 0
        nc.stdin.close()
        assert nc.stdout.read().splitlines()[:2] == ["NICK", "Connected to the server"]
        assert "The server is gone" in console.communicate(timeout=30)[1]
        assert console.returncode == 1


def as_typed(word: str, name: str) -> list[str]:
    """A word of a command as a shell in the right virtual environment takes it."""
    if word == "chatkit":
        return [sys.executable, "-P", "-m", "chatkit"]
    return [{"python": sys.executable, "YOU": name}.get(word, word)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_nothing_is_left_however_it_ends(
    name: str, clone: Path, started: list[subprocess.Popen[str]]
) -> None:
    room = Played(clone, "--port", "0")
    started.append(room.process)
    port = room.invites()
    servers = psutil.Process(room.process.pid).children(recursive=True)
    assert len(servers) == 1
    with socket.create_connection((HERE, port), timeout=30) as guest:
        guest.sendall(b"guest\n")
        room.prints("guest has come")

        room.process.send_signal(signal.Signals[name])

        assert room.process.wait(30) == (-signal.SIGKILL if name == "SIGKILL" else 0)
        assert not psutil.wait_procs(servers, timeout=30)[1]
        guest.settimeout(30)
        try:
            while guest.recv(4096):
                pass
        except ConnectionResetError:
            pass  # a killed server may leave like this


def test_mine_runs_the_students_own_server(
    clone: Path, started: list[subprocess.Popen[str]]
) -> None:
    server = clone / "lessons/04_nicknames/server.py"
    own = (ROOT / "solutions/04_nicknames/server.py").read_text(encoding="utf-8")
    server.write_text(own.replace(" has come", " is in"), encoding="utf-8")
    room = Played(clone, "--mine", "--port", "0")
    started.append(room.process)
    with socket.create_connection((HERE, room.invites()), timeout=30) as guest:
        guest.sendall(b"guest\n")
        room.prints("guest is in")
        room.process.send_signal(signal.SIGINT)
        assert room.process.wait(30) == 0


def test_a_name_that_the_terminal_lacks_ends_nothing(
    clone: Path, started: list[subprocess.Popen[str]]
) -> None:
    room = Played(clone, "--port", "0", PYTHONIOENCODING="latin-1")
    started.append(room.process)
    with socket.create_connection((HERE, room.invites()), timeout=30) as guest:
        guest.sendall("Łukasz\n".encode())
        room.prints("?ukasz has come")
        room.process.send_signal(signal.SIGINT)
        assert room.process.wait(30) == 0


def test_an_unfinished_server_is_said_and_its_end_too(
    clone: Path, started: list[subprocess.Popen[str]]
) -> None:
    room = Played(clone, "--mine", "--port", "0")
    started.append(room.process)

    printed = room.rest()

    assert room.process.returncode == 1
    assert "note: your server: TODOs 1, 2, 3, 4, 5 not done yet" in printed
    assert "the server has ended by itself, with status 1" in printed


def test_a_port_that_is_taken_is_one_line_that_names_who_has_it(clone: Path) -> None:
    with socket.create_server((HERE, 0)) as holder:
        port = holder.getsockname()[1]

        room = Played(clone, "--port", str(port))

        printed = room.rest()
    assert room.process.returncode == 2
    assert printed.count("\n") == 1 and f"(process {os.getpid()}: " in printed
    assert f"port {port} is taken by " in printed and "chatkit play --port " in printed


def test_a_port_can_be_used_again_at_once(
    clone: Path, started: list[subprocess.Popen[str]]
) -> None:
    first = Played(clone, "--port", "0")
    started.append(first.process)
    port = first.invites()
    with socket.create_connection((HERE, port), timeout=30) as guest:
        guest.sendall(b"guest\n")
        first.prints("guest has come")
        first.process.send_signal(signal.SIGINT)
        first.rest()

    second = Played(clone, "--port", str(port))

    started.append(second.process)
    assert second.invites() == port


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--host", "192.0.2.77"],
            "192.0.2.77 is not an address of this machine. It has: 127.0.0.1",
        ),
        (["--host", "somewhere.example"], "'somewhere.example' is not an address"),
        (["--host", "fe80::7:7"], "name of its network, as in fe80::1"),
        (["--host", "fe80::7:7%nowhere"], "name of its network, as in fe80::1"),
        (["--port", "70000"], "70000"),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(words: list[str], told: str, clone: Path) -> None:
    room = Played(clone, *words)

    printed = room.rest()

    assert room.process.returncode == 2
    assert told in printed and "Traceback" not in printed


# ----------------------------------------------------------------------------- the invitation


def test_the_likeliest_address_comes_first_and_loopback_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class State:
        def __init__(self, isup: bool) -> None:
            self.isup = isup

    class Found:
        def __init__(self, address: str, family: int = socket.AF_INET) -> None:
            self.address, self.family = address, family

    there = {
        "lo": [Found(HERE), Found("::1", socket.AF_INET6)],
        "docker0": [Found("172.17.0.1")],
        "eth0": [Found("169.254.9.9"), Found("203.0.113.5")],
        "wlan0": [Found("192.168.1.20"), Found("fe80::1", socket.AF_INET6)],
        "eth1": [Found("10.0.0.9")],
    }
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: there)
    states = {name: State(name != "eth1") for name in there}
    monkeypatch.setattr(psutil, "net_if_stats", lambda: states)

    assert lan.addresses() == [
        LanAddress("192.168.1.20", "wlan0"),
        LanAddress("203.0.113.5", "eth0"),
        LanAddress("169.254.9.9", "eth0"),
        LanAddress("172.17.0.1", "docker0"),
    ]


def test_the_invitation_names_every_address_and_the_firewall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [LanAddress("192.168.1.20", "wlan0"), LanAddress("10.8.0.3", "tun0")]
    monkeypatch.setattr(lan, "addresses", lambda ipv6=False: found)
    monkeypatch.setattr(lan, "firewall", lambda port: ("it is on", f"open {port}"))
    monkeypatch.setattr(lan, "wsl", lambda: 0)

    text = command.invitation("0.0.0.0", 5501, find_course(ROOT))

    assert "address   192.168.1.20  (wlan0)\n  or else   10.8.0.3  (tun0)" in text
    assert all("192.168.1.20" in words for _, words in commands(text))
    assert "Firewall: it is on: open 5501." in text
    assert "Nothing is encrypted" in text and "read everything" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_without_a_network_it_says_that_only_this_machine_can_join(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lan, "addresses", lambda ipv6=False: [])

    text = command.invitation("0.0.0.0", 5501, find_course(ROOT))

    assert "No network was found, so only programs on this machine can join." in text
    assert all(HERE in words for _, words in commands(text))


def test_inside_wsl_2_it_says_to_start_it_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "wsl", lambda: 2)

    text = " ".join(command.invitation("0.0.0.0", 5501, find_course(ROOT)).split())

    assert "run chatkit play in Windows PowerShell" in text


def test_help_teaches_with_examples(clone: Path) -> None:
    room = Played(clone, "--help")

    printed = room.rest()

    assert room.process.returncode == 0
    assert "chatkit play --mine " in printed and "Nothing is encrypted" in printed
