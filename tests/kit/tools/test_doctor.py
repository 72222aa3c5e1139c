"""`chatkit doctor` on machines that lack something, each made for real.

Most run under bubblewrap in a network of their own: there the lessons' port is free, and may be
taken, whatever else this machine does.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from chatkit.cli.tools.doctor import PLAIN, plain
from chatkit.course.lessons import find_course
from chatkit.system import linux
from chatkit.tools import lan
from chatkit.tools.doctor import PROBES, Finding, Probe, examine, folders, grader, screen

ROOT = Path(__file__).parents[3]
DOCTOR = [sys.executable, "-P", "-m", "chatkit", "doctor"]
WORLD = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]

# A program that holds the port, and starts the doctor.
HOLDER = """
import socket, subprocess, sys
with socket.create_server(("127.0.0.1", 5501)):
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def environment(**more: str) -> dict[str, str]:
    """Ours without a display, and without what would change how Python writes."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "LC_ALL", "LC_CTYPE", "NO_COLOR", "FORCE_COLOR"):
        ours.pop(name, None)
    return {**ours, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **more}


def run(command: list[str], cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's copy of the lessons, and the current folder."""
    shutil.copytree(ROOT / "lessons", tmp_path / "mine/lessons")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


# ------------------------------------------------------------------------- the whole command


def test_a_machine_with_all_that_is_needed_gets_a_line_for_each_thing_and_status_0() -> None:
    done = run([*WORLD, *DOCTOR])

    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr and "✗" not in done.stdout
    for probe in PROBES:
        assert sum(line[3:].startswith(probe.name) for line in done.stdout.splitlines()) == 1
    assert "has opened a window and closed it" in done.stdout
    assert "5501 is free" in done.stdout
    assert "Everything that a student needs is right." in done.stdout
    assert all(len(line) <= 80 or " " not in line.strip() for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def nothing_works(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What the doctor says where much is wrong at once: finding by name."""
    folder = tmp_path_factory.mktemp("nothing")
    shutil.copytree(ROOT / "lessons", folder / "lessons")
    shutil.copytree(ROOT / "chatkit", folder / "kit/chatkit")
    (folder / "kit/sitecustomize.py").write_text(
        "import sys\nsys.modules['_tkinter'] = None\n", encoding="utf-8"
    )
    (folder / "empty").mkdir()
    lessons = str(folder / "lessons")
    done = subprocess.run(
        [
            *(*WORLD, "--ro-bind", lessons, lessons),
            *("--size", "1000000", "--tmpfs", str(folder / "empty")),
            *(sys.executable, "-c", HOLDER, *DOCTOR, "--json"),
        ],
        cwd=folder,
        env=environment(
            PATH=str(folder / "empty"),
            TMPDIR=str(folder / "empty"),
            PYTHONPATH=str(folder / "kit"),
            PYTHONIOENCODING="ascii",
        ),
        executable=shutil.which("bwrap"),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert not done.stderr
    about = json.loads(done.stdout)
    assert about["doctor"] == 1
    assert [one["name"] for one in about["findings"]] == [probe.name for probe in PROBES]
    return {one["name"]: one for one in about["findings"]}


@pytest.mark.parametrize(
    ("name", "status", "told", "cure"),
    [
        ("lessons", "wrong", "cannot write 01_echo/server.py", "copy the whole folder"),
        ("encoding", "wrong", "output is ascii", "unset PYTHONIOENCODING"),
        ("Tk", "wrong", "this Python has no Tk", "python3-tk"),
        ("display", "wrong", "no Xvfb", "xvfb"),
        ("ports", "wrong", "5501 is taken by python", "or take another port: python server.py"),
        ("loopback", "ok", "127.0.0.1 works", ""),
        ("temp folder", "wrong", " MB free", "TMPDIR"),
        ("rest", "ok", "checks can see", ""),
        ("sandbox", "remark", "bubblewrap is not installed", "sudo apt install bubblewrap"),
    ],
)
def test_what_is_wrong_is_found_with_its_cure(
    nothing_works: dict[str, dict[str, str]], name: str, status: str, told: str, cure: str
) -> None:
    finding = nothing_works[name]

    assert (finding["status"], told in finding["told"]) == (status, True), finding
    assert cure in finding["cure"] if cure else not finding["cure"]


def test_whoever_holds_the_port_is_named_by_the_number_that_the_cure_kills(
    nothing_works: dict[str, dict[str, str]],
) -> None:
    finding = nothing_works["ports"]

    pid = finding["told"].split("(process ")[1].split(":")[0]
    assert f"kill {pid}," in finding["cure"]


def test_ctrl_c_ends_the_doctor_and_all_that_it_has_started() -> None:
    doctor = subprocess.Popen(
        DOCTOR, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert doctor.stdout
    for line in doctor.stdout:
        if b"encoding" in line:  # the window comes next
            break
    deadline = time.monotonic() + 20
    while not (started := psutil.Process(doctor.pid).children(recursive=True)):
        assert time.monotonic() < deadline

    doctor.send_signal(signal.SIGINT)

    assert b"stopped" in doctor.communicate(timeout=20)[1]
    assert doctor.returncode == 130
    assert not psutil.wait_procs(started, timeout=10)[1]


def test_a_full_disk_is_one_line_and_no_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            DOCTOR, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )

    assert done.returncode == 1
    assert done.stderr == "chatkit: the output cannot be written: No space left on device\n"


# ------------------------------------------------------------------------------- single looks


def test_a_look_that_fails_or_hangs_is_told_and_holds_up_nobody() -> None:
    def fails() -> Finding:
        raise ValueError("two\nlines")

    def hangs() -> Finding:
        threading.Event().wait()
        raise AssertionError

    def works() -> Finding:
        return Finding("last", "ok", "fine")

    begun: list[str] = []
    probes = [Probe("a", fails), Probe("b", fails, needed=False), Probe("c", hangs)]

    found = list(examine(begun.append, [*probes, Probe("last", works)], seconds=1))

    assert begun == ["a", "b", "c", "last"]
    assert [one.status for one in found] == ["wrong", "remark", "wrong", "ok"]
    assert found[0].told == "this look failed itself: ValueError: two lines"
    assert "no answer within 1 seconds" in found[2].told


def test_a_display_where_nobody_answers_is_wrong_and_says_how_to_do_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISPLAY", ":7654")

    finding = screen.tk()

    assert finding.status == "wrong" and "does not open" in finding.told
    assert "DISPLAY is :7654" in finding.cure and "unset DISPLAY" in finding.cure


def window_of(course: Path) -> Path:
    """The folder of the lesson with a window."""
    return next(one.folder for one in find_course(course).lessons if one.window)


def test_a_missing_display_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, course: Path
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (screen.display().status, screen.tk().status) == ("wrong", "remark")

    shutil.rmtree(window_of(course))  # as in a hand-out that stops before the window
    assert screen.display().status == "remark"


def test_tk_is_not_missed_in_a_course_without_a_window(
    monkeypatch: pytest.MonkeyPatch, course: Path
) -> None:
    monkeypatch.setitem(sys.modules, "_tkinter", None)
    assert screen.tk().status == "wrong"

    shutil.rmtree(window_of(course))
    assert screen.tk().status == "remark"


@pytest.mark.parametrize(
    ("has", "status", "words"),
    [
        ("hi zh-cn", "ok", ("Hindi", "Chinese")),
        ("hi", "remark", ("none here for Chinese:", "noto-cjk")),
        ("", "remark", ("none here for Hindi and Chinese", "fonts-noto-core fonts-noto-cjk")),
    ],
)
def test_a_font_that_is_missing_is_named_with_its_package(
    has: str, status: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lister = tmp_path / "fc-list"  # in place of fontconfig's: fonts are not ours to install
    lister.write_text(f'#!/bin/sh\ncase " {has} " in *" ${{1#:lang=}} "*) echo Noto;; esac\n')
    lister.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(screen, "packages", lambda debian, fedora: f"{debian} | {fedora}")

    finding = screen.fonts()

    assert finding.status == status
    assert all(word in f"{finding.told} {finding.cure}" for word in words), finding


def test_wayland_is_named() -> None:
    def told(**more: str) -> str:
        code = "from chatkit.tools.doctor.screen import display as d; print(d().told)"
        return run([sys.executable, "-c", code], **more).stdout

    assert "through XWayland" in told(DISPLAY=":0", WAYLAND_DISPLAY="wayland-0")
    assert "Wayland without X" in told(WAYLAND_DISPLAY="wayland-0")


@pytest.mark.parametrize(
    ("more", "status", "cure"),
    [
        ({"LANG": "C.UTF-8"}, "ok", ""),
        ({"LC_ALL": "C"}, "remark", "export LC_ALL=C.UTF-8"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "wrong", "PYTHONUTF8"),
        ({"LANG": "", "PYTHONIOENCODING": "latin-1"}, "wrong", "unset PYTHONIOENCODING"),
    ],
)
def test_the_encoding_of_the_output_is_looked_at(
    more: dict[str, str], status: str, cure: str
) -> None:
    code = "from chatkit.tools.doctor.screen import encoding as e; print(e().status, e().cure)"

    printed = run([sys.executable, "-c", code], **more).stdout

    assert printed.startswith(status) and cure in printed


def test_marks_are_words_where_the_terminal_lacks_the_signs() -> None:
    finding = Finding("ports", "wrong", "taken " * 30, "kill 7")

    lines = plain(finding, PLAIN).splitlines()

    assert lines[0].startswith("NO ports       taken") and lines[-1] == "   cure        kill 7"
    assert all(len(line) <= 80 for line in lines)


def test_a_program_that_was_renamed_is_missed(course: Path) -> None:
    program = course / "lessons/03_threads/client.py"
    program.rename(program.with_name("my_client.py"))

    finding = folders.lessons()

    assert finding.status == "wrong" and "03_threads/client.py is missing" in finding.told
    assert "chatkit reset 3" in finding.cure


def test_a_file_that_hides_a_module_of_python_is_found(course: Path) -> None:
    (course / "lessons/02_broadcast/socket.py").touch()

    finding = folders.lessons()

    assert finding.status == "wrong" and "02_broadcast/socket.py" in finding.told


def test_a_colon_in_the_path_of_the_kit_is_found(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = course / f"9{os.pathsep}30 group/chatkit"
    monkeypatch.setattr(folders, "KIT", kit)

    finding = folders.lessons()

    assert finding.status == "remark" and "windows are not checked" in finding.told
    assert str(kit.parent) in finding.cure


def test_lessons_inside_the_installed_kit_are_not_the_place_to_work(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "INSTALLED", find_course().root)

    finding = folders.lessons()

    assert finding.status == "remark" and "chatkit init" in finding.cure


def test_a_lesson_that_cannot_be_read_is_named(course: Path) -> None:
    (course / "lessons/01_echo/lesson.toml").write_text("title =", encoding="utf-8")

    finding = folders.lessons()

    assert finding.status == "wrong" and "01_echo/lesson.toml" in finding.told


def test_where_rest_cannot_be_seen_a_quiet_time_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "READS_REST", False)

    assert grader.rest().status == "remark"


def test_where_the_system_hides_its_programs_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "threads", lambda pids: {})
    monkeypatch.setattr(grader, "SECONDS", 0.1)

    finding = grader.rest()

    assert finding.status == "wrong" and "ptrace" in finding.cure


@pytest.mark.parametrize(
    ("kernel_says", "version"),
    [
        ("Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x) (gcc)", 2),
        ("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)", 1),
        ("Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)", 0),
    ],
)
def test_wsl_is_known_by_its_kernel(
    kernel_says: str, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "version").write_text(kernel_says, encoding="utf-8")
    monkeypatch.setattr(lan, "VERSION", tmp_path / "version")

    assert lan.wsl() == version


def test_a_firewall_that_is_on_comes_with_the_command_that_opens_and_closes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ufw.conf").write_text("# ufw\nENABLED=yes\n", encoding="utf-8")
    monkeypatch.setattr(lan, "UFW", tmp_path / "ufw.conf")

    told, cure = lan.firewall(6000)

    assert "ufw is on" in told
    assert "sudo ufw allow 6000/tcp" in cure and "sudo ufw delete allow 6000/tcp" in cure


def test_help_teaches_with_examples() -> None:
    done = run([*DOCTOR, "--help"])

    assert done.returncode == 0
    assert "chatkit doctor --json " in done.stdout and "Exit status 0" in done.stdout
