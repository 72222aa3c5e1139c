"""A network of our own, and for root a second user in it: Linux has them.

Sources: user_namespaces(7), network_namespaces(7), netdevice(7), namespaces(7) for
`/proc/sys/user`; keyctl(2), session-keyring(7).
"""

import contextlib
import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from chatkit.system.sandbox.seccomp import KEYCTL, MACHINES

# When root grades, programs run as the user that owns nothing: `overflowuid` in the kernel's
# sysctl/fs.rst. In the worker's user namespace that one has the number of a first student.
NOBODY = 65534
STUDENT = 1000

_NEW_USER, _NEW_NETWORK, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000  # linux/sched.h
_SET_FLAGS = 0x8914  # SIOCSIFFLAGS
_UP_AND_RUNNING = 0x1 | 0x40  # IFF_UP, IFF_RUNNING
_JOIN_SESSION_KEYRING = 1  # linux/keyctl.h


def is_root() -> bool:
    """Whether this process is root, and not only called so in a user namespace of somebody else."""
    if sys.platform == "win32" or os.getuid():
        return False
    if sys.platform != "linux" or not Path("/proc/self/uid_map").exists():
        return True
    _, outside, _ = Path("/proc/self/uid_map").read_text(encoding="ascii").split()[:3]
    return outside == "0"


def own_network() -> None:
    """Move into a user namespace, a network that has nothing but loopback, and mounts of our own.

    Root has a second user there, `STUDENT`. Only for a process of one thread. Raises OSError.
    """
    import fcntl  # not on Windows

    root = is_root()
    user, group = os.getuid(), os.getgid()
    with _writer_of_maps(os.getpid()) if root else contextlib.nullcontext():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_MOUNTS):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
    if not root:
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        fcntl.ioctl(end, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP_AND_RUNNING))


def allow_users(most: int) -> None:
    """Let nobody have more than `most` user namespaces in ours. Raises OSError."""
    Path("/proc/sys/user/max_user_namespaces").write_text(str(most), encoding="ascii")


def new_keyring() -> None:
    """Leave the session keyring of whoever started us, and have an empty one of our own.

    What is started from now on inherits it: it finds no key of the session, and leaves none there.
    Where the kernel has no keys, nothing is to be done.
    """
    if sys.platform == "linux" and platform.machine() in MACHINES:
        number = KEYCTL[MACHINES[platform.machine()][0]]
        arguments = (ctypes.c_long(one) for one in (number, _JOIN_SESSION_KEYRING, 0))
        ctypes.CDLL(None).syscall(*arguments)


def deserted_network() -> None:
    """Move into a network where nobody listens on any port, and stay the same user.

    Where the system does not allow that, stay where we are. Only for a process of one thread.
    """
    import fcntl  # not on Windows

    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(OSError):
        if libc.unshare(_NEW_NETWORK | (_NEW_USER if user else 0)):
            return
        if user:
            Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            fcntl.ioctl(end, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP_AND_RUNNING))


@contextlib.contextmanager
def _writer_of_maps(pid: int) -> Iterator[None]:
    """A child that waits until `pid`, our own, is in a new user namespace, and gives it two users.

    Only a process of the namespace above may map more than its own user, user_namespaces(7).
    Raises OSError when it could not.
    """
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(OSError):
            os.close(writable)
            if os.read(readable, 1):
                for name in ("uid_map", "gid_map"):
                    map = f"0 0 1\n{STUDENT} {NOBODY} 1\n"
                    Path(f"/proc/{pid}/{name}").write_text(map, encoding="ascii")
                status = 0
        os._exit(status)
    os.close(readable)
    try:
        yield
        os.write(writable, b"!")
    finally:
        os.close(writable)
        _, status = os.waitpid(child, 0)
    if status:
        raise OSError(errno.EPERM, "root may not map another user here")
