"""The kit on systems that are not Linux: what can be seen from here.

Windows has no `fork`, no SIGKILL, no `fcntl`. A name that its Python does not have must not be
needed to import the kit, and only be used where it has been asked which system this is.
tests/windows starts the kit on a Windows Python, where there is one.
"""

import errno
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.bench.bench import Bench
from chatkit.bench.eventloop import EventLoop
from chatkit.bench.waiting import selecting
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.system import linux
from chatkit.system import program as program_module
from chatkit.system.program import Program
from chatkit.system.programs import usage

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent

# Names that CPython 3.11.2 for Windows does not have; from dir() there and here.
STAND_IN = '''
import importlib, os, pkgutil, select, signal, socket, sys, time

MISSING = {
    os: """chown chroot ctermid fchmod fchown fork forkpty fstatvfs getegid geteuid getgid getgroups
        getloadavg getpgid getpgrp getpriority getrandom getsid getuid getxattr killpg lchown
        login_tty mkfifo mknod nice openpty pidfd_open pipe2 posix_spawn pread pwrite readv
        register_at_fork sched_getaffinity sched_setaffinity sendfile set_blocking setgid setgroups
        setpgid setpriority setsid setuid statvfs sync sysconf tcgetpgrp ttyname uname wait wait3
        wait4 waitid writev O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH WNOHANG
        WIFEXITED WIFSIGNALED WEXITSTATUS WTERMSIG""",
    signal: """SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTSTP
        SIGTTIN SIGTTOU SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIG_BLOCK SIG_SETMASK SIG_UNBLOCK
        alarm getitimer pause pthread_kill pthread_sigmask setitimer sigpending sigwait""",
    socket: """AF_NETLINK AF_PACKET AF_UNIX CMSG_LEN MSG_DONTWAIT MSG_NOSIGNAL SCM_RIGHTS
        SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE SO_PEERCRED SO_REUSEPORT TCP_CORK TCP_INFO
        TCP_QUICKACK TCP_USER_TIMEOUT recv_fds send_fds""",
    select: "epoll poll EPOLLIN POLLIN POLLHUP PIPE_BUF",
    time: "CLOCK_BOOTTIME CLOCK_MONOTONIC clock_gettime tzset",
}
MODULES = "fcntl grp pty pwd resource syslog termios tty".split()

def everything():
    import chatkit
    sys.path.append(f"{chatkit.__path__[0]}/reference/gui")  # its client finds look.py beside it
    for found in pkgutil.walk_packages(chatkit.__path__, "chatkit."):
        if ".agent" not in found.name and not found.name.endswith("__main__"):
            yield found.name

names = list(everything())
for name in names:  # once as it is: what they need from others is imported then
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "chatkit"]:
    del sys.modules[name]
sys.platform = "win32"
for name in MODULES:
    sys.modules[name] = None
for module, missing in MISSING.items():
    for name in missing.split():
        delattr(module, name)
failed = 0
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed += 1
        print(f"{name}: {type(error).__name__}: {error}")
print(f"{len(names) - failed} of {len(names)}")
'''


def test_every_module_can_be_imported_where_names_are_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STAND_IN], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    last = done.stdout.splitlines()[-1] if done.stdout else done.stderr
    imported, _, there = last.partition(" of ")
    assert imported == there, done.stdout + done.stderr
    assert int(there) > 100


@pytest.mark.parametrize(
    ("platform", "truth"), [("win32", "--always-true"), ("darwin", "--always-false")]
)
def test_a_name_of_another_system_is_used_behind_a_question_only(
    platform: str, truth: str, tmp_path: Path
) -> None:
    """Mypy knows which names each system has, and skips what `LINUX` and `WINDOWS` rule out."""
    rest = [part for name in ("LINUX", "READS_REST") for part in ("--always-false", name)]
    settings = ["--config-file", str(HERE / "mypy-other-systems.ini"), "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *settings, "--platform", platform, truth, "WINDOWS", *rest],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ----------------------------------------------------------------------- what must not go wrong


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel tells nothing, and has no netlink."""
    monkeypatch.setattr(linux, "LINUX", False)
    monkeypatch.setattr(linux, "READS_REST", False)
    monkeypatch.delattr(socket, "AF_NETLINK")


def program(folder: Path, text: str) -> Path:
    (folder / "server.py").write_text(text, encoding="utf-8")
    return folder / "server.py"


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("check", ["ready-line", "ctrl-c", "client-prints-reply"])
def test_a_check_needs_nothing_that_only_linux_has(check: str) -> None:
    lesson = find_course().lesson("1")
    verdict = grade_lesson(lesson, lesson.solutions, RunOptions(only=(check,)))
    assert verdict.full, verdict


@pytest.mark.usefixtures("elsewhere")
def test_nobody_waits_ten_seconds_for_a_program_that_has_ended(tmp_path: Path) -> None:
    with Bench(lambda name: program(tmp_path, "print('so')\n")) as bench:
        bench.start_server()
        assert bench.wait(lambda: False) == "rest"
        assert bench.program.output.lines == ["so"]


def test_a_program_that_has_ended_may_be_looked_at_and_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert usage.processor_time([gone.pid]) == 0.0
    with Bench(lambda name: tmp_path / name) as bench:
        ended = bench.adopt(Program(program(tmp_path, ""), []))
        bench.wait(lambda: ended.status is not None)
        monkeypatch.setattr(bench, "pids", lambda: [gone.pid])
        monkeypatch.setattr(ended, "pids", lambda: [gone.pid])
        assert bench.holds() == (0, 0)
        ended.freeze()
        ended.thaw()

        class Gone(io.RawIOBase):
            def write(self, data: object) -> int:
                raise OSError(errno.EINVAL, "Invalid argument")  # what Windows says

        monkeypatch.setattr(ended.process, "stdin", Gone())
        ended.types(b"hello\n")


def test_on_windows_nobody_waits_for_an_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, select(2) of Winsock says WSAEINVAL when there is nothing to wait for."""
    with EventLoop() as bench:

        def refuses(seconds: float) -> None:
            raise OSError(errno.EINVAL, "WinError 10022")

        monkeypatch.setattr(selecting, "WINDOWS", True)
        monkeypatch.setattr(linux, "LINUX", False)
        monkeypatch.setattr(bench.selector, "select", refuses)
        assert bench.pump(0.001) is False


def test_on_windows_a_helper_presses_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[int] = []
    monkeypatch.setattr(program_module, "press_ctrl_c", pressed.append)
    with EventLoop() as bench:
        here = bench.adopt(Program(program(tmp_path, "import sys; sys.stdin.read()"), []))
        with monkeypatch.context() as there:
            there.setattr(program_module, "WINDOWS", True)
            there.delattr(os, "killpg")
            here.interrupt()
        assert pressed == [here.pid]
