"""What a copy of the warm Python does before it is a program, in this order.

Namespaces of its own for users, mounts, processes, IPC, host name and cgroups; as process 1 in
there a copy that only waits; /proc, /tmp, /dev/shm and the program's own files; bounds; no open
file but three streams; no right, and none to be had again; no_new_privs; the filter of system
calls. The root is the one that the warm Python has, to be read only.

Sources: namespaces(7), user_namespaces(7), mount_namespaces(7), pid_namespaces(7), mount(2),
move_mount(2), capabilities(7), prctl(2), seccomp(2), proc(5).
"""

import ctypes
import os
import resource
import signal
import socket
import stat
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)

NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000
READ_ONLY, NO_SET_UID, NO_DEVICES, AGAIN, BIND = 1, 2, 4, 32, 4096
DETACH = 2  # MNT_DETACH
MOVE_MOUNT, FROM_A_FILE = 429, 4  # MOVE_MOUNT_F_EMPTY_PATH
DIE_WITH_PARENT, DUMPABLE, SECCOMP, DROP_BOUND, NO_NEW_PRIVILEGES, AMBIENT = 1, 4, 22, 24, 38, 47
FILTER, CLEAR_ALL = 2, 4
VERSION_3 = 0x20080522  # of the capabilities in capset(2)


def checked(result: int, what: str) -> None:
    """Raise OSError when a call has failed."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(what: str | None, place: str, kind: str | None, flags: int, data: str = "") -> None:
    """mount(2). Raises OSError."""
    texts = [text.encode() if text else None for text in (what, place, kind)]
    checked(libc.mount(*texts, ctypes.c_ulong(flags), data.encode() or None), f"mount {place}")


def leave(place: str, user: int | None) -> None:
    """Have nothing at `place` any more, and no right that is not needed to begin programs.

    Only for a program of another `user` rights are needed. Raises OSError.
    """
    checked(libc.umount2(place.encode(), DETACH), f"umount {place}")
    if user is None:
        have_no_rights()


def forget_environment() -> None:
    """Blank what /proc/PID/environ shows; the environment itself stays."""
    with open("/proc/self/stat", "rb") as file:
        words = file.read().rpartition(b")")[2].split()
    begin, end = int(words[47]), int(words[48])  # env_start and env_end, proc_pid_stat(5)
    kept = dict(os.environ)
    os.environ.clear()
    ctypes.memset(begin, 0, end - begin)
    os.environ.update(kept)


def write(path: str, text: str) -> None:
    """Write into a file of /proc. Raises OSError."""
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def put_up(
    channel: socket.socket,
    given: dict[str, Any],
    order: dict[str, Any],
    files: list[int],
    alone: int,
) -> None:
    """Return in the program's process, walled in; `alone` ends once its parent is the grader.

    Raises OSError.
    """
    user = given["user"]
    if user is None:
        user, group = os.getuid(), os.getgid()
    else:
        group = user
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        libc.prctl(DUMPABLE, 1, 0, 0, 0)  # else the files in /proc/self are root's
    if given["first_to_go"]:
        write("/proc/self/oom_score_adj", "1000")
    checked(libc.unshare(NAMESPACES), "unshare")
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{user} {user} 1")
    write("/proc/self/gid_map", f"{group} {group} 1")
    for name, most in given["counts"].items():
        write(f"/proc/sys/user/{name}", str(most))
    if first := os.fork():
        channel.send(b"%d" % first)
        os._exit(0)  # an orphan comes to the next subreaper, which is the grader
    os.read(alone, 1)  # it ends when nobody is left who could write
    libc.prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    channel.send(b"1")  # nobody hears it: the grader has died before we asked to die with it
    *streams, status = files[:4]
    prepare(given, order["mounts"], files[4:])
    # The program may run before process 1 does anything more. So nobody can look into process 1
    # from now on, prctl(2), and no signal from inside reaches it: Python would answer SIGINT.
    libc.prctl(DUMPABLE, 0, 0, 0, 0)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    if program := os.fork():
        wait_for(program, status, given["rules"])
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    keep = channel.fileno()
    os.closerange(3, keep)
    os.closerange(keep + 1, 1 << 16)
    for which, most in given["bounds"].items():
        resource.setrlimit(which, (most, most))
    libc.prctl(DUMPABLE, 1, 0, 0, 0)
    give_away_all_rights(given["rules"])
    channel.send(b".")


def prepare(given: dict[str, Any], places: list[tuple[str, bool]], trees: list[int]) -> None:
    """Mount what is this program's own: `trees` are detached mounts, each for one of `places`.

    With each place stands whether it can be changed there. Raises OSError.
    """
    safe = NO_SET_UID | NO_DEVICES
    mount("proc", "/proc", "proc", safe | 8)
    if given["user"] is None:  # the names of keys are shown to all who have this number outside
        mount("/dev/null", "/proc/keys", None, BIND)
    for place in ("/tmp", "/dev/shm"):
        mount("tmpfs", place, "tmpfs", safe, given["room"])
    for (place, changes), tree in zip(places, trees, strict=True):
        if place.startswith("/tmp/"):
            make_place(place, folder=stat.S_ISDIR(os.fstat(tree).st_mode))
        checked(libc.syscall(MOVE_MOUNT, tree, b"", -100, place.encode(), FROM_A_FILE), place)
        if not changes:
            mount(None, place, None, AGAIN | BIND | READ_ONLY | safe)
    checked(libc.sethostname(b"sandbox", 7), "sethostname")
    os.chdir("/submission")


def make_place(place: str, *, folder: bool) -> None:
    """Make a place where something can be mounted."""
    if folder:
        os.mkdir(place)
    else:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL, 0o600))


def give_away_all_rights(rules: bytes) -> None:
    """No capability, none to be had again, and only the system calls that `rules` allow."""
    number = 0
    while libc.prctl(DROP_BOUND, number, 0, 0, 0) == 0:
        number += 1
    have_no_rights()
    checked(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    if rules:
        code = ctypes.create_string_buffer(rules, len(rules))

        class FilterProgram(ctypes.Structure):
            _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

        filter = FilterProgram(len(rules) // 8, ctypes.addressof(code))
        checked(libc.prctl(SECCOMP, FILTER, ctypes.byref(filter), 0, 0), "seccomp")


def have_no_rights() -> None:
    """Give away all capabilities, capset(2)."""
    libc.prctl(AMBIENT, CLEAR_ALL, 0, 0, 0)
    head = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    checked(libc.capset(ctypes.byref(head), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")


def wait_for(program: int, status: int, rules: bytes) -> None:
    """As process 1: wait for the program and all that comes to us, tell how it ended, and end."""
    os.dup2(status, 3)
    os.closerange(0, 3)
    os.closerange(4, 1 << 16)
    give_away_all_rights(rules)
    while True:
        pid, how = os.waitpid(-1, 0)
        if pid == program:
            os.write(3, b"%d" % how)
            os._exit(0)


def give_up(channel: socket.socket, error: BaseException) -> None:
    """Say why there is no program, and end."""
    try:
        channel.send(f"!{error}".encode())
    finally:
        os._exit(1)
