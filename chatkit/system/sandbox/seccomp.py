"""Which system calls an isolated program may not make. The kernel refuses them: seccomp(2).

A filter is a small program in the kernel's own language. It sees the number of each call and its
arguments as numbers, and decides. Nothing that a right program needs is refused here: no Python
module of the standard library and no part of Tk uses any of these.

Sources: seccomp(2), bpf_common.h and seccomp.h of linux, keyrings(7), clone(2), socket(2); the
numbers are those of syscall_64.tbl (x86-64) and of asm-generic/unistd.h (aarch64), Linux 6.1.
"""

import errno
import os
import platform
import struct
import sys
from functools import cache

# Each call with its number on x86-64 and on aarch64. 0: there is none.
REFUSED = {
    # Keys: they outlive the program, and each user has only 200 of them.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Other namespaces, and what is done in them.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # Other processes: their memory, their files.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # Large parts of the kernel that no chat needs, and in which most holes were found.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "memfd_secret": (447, 447),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # The machine itself. These need rights that no program has; that is a second lock.
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
    "iopl": (172, 0),
    "ioperm": (173, 0),
    "modify_ldt": (154, 0),
}
KEYCTL = REFUSED["keyctl"]
CLONE = (56, 220)
CLONE3 = 435  # its arguments lie where no filter can look; the C library then takes clone(2)
SOCKET, SOCKETPAIR = (41, 198), (53, 199)
NEWEST = 451  # what came later than Linux 6.5 is not known here, and every program can do without

FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
# CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET of linux/sched.h.
NEW_NAMESPACES = 0x7E020000

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH of audit.h
OTHER_WAY = 0x40000000  # on x86-64 the calls of the x32 ABI begin here

# Instructions: load a word of the call, return, and jumps when the word equals, is at least k, or
# has one of the bits of k.
_LOAD, _RETURN, _EQUAL, _AT_LEAST, _HAS_BIT = 0x20, 0x06, 0x15, 0x35, 0x45
_NUMBER, _MACHINE, _FIRST = 0, 4, 16  # where these stand in struct seccomp_data
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000


@cache
def program() -> bytes:
    """The filter for this machine, an array of struct sock_filter; empty where there is none."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return b""
    column, machine = MACHINES[platform.machine()]
    unknown = [(_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    refuse = [(_RETURN, 0, 0, _ERROR | errno.EPERM)]
    allow = [(_RETURN, 0, 0, _ALLOW)]
    code = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine), *unknown]  # a 32-bit program
    code += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, min(NEWEST + 1, OTHER_WAY)), *unknown]
    code += [(_EQUAL, 0, 1, CLONE3), *unknown]
    for numbers in REFUSED.values():
        if numbers[column]:
            code += [(_EQUAL, 0, 1, numbers[column]), *refuse]
    code += [(_EQUAL, 0, 4, CLONE[column]), (_LOAD, 0, 0, _FIRST), (_HAS_BIT, 0, 1, NEW_NAMESPACES)]
    code += [*refuse, *allow]
    code += [(_EQUAL, 1, 0, SOCKET[column]), (_EQUAL, 0, 2 + len(FAMILIES), SOCKETPAIR[column])]
    code += [(_LOAD, 0, 0, _FIRST)]
    code += [(_EQUAL, len(FAMILIES) - at, 0, which) for at, which in enumerate(FAMILIES)]
    code += [(_RETURN, 0, 0, _ERROR | errno.EAFNOSUPPORT), *allow]
    return b"".join(struct.pack("=HBBI", *one) for one in code)


def opened() -> int | None:
    """The filter as an open file, to be read once by `bwrap --seccomp`; None where there is none.

    Who calls closes it. Raises OSError.
    """
    if not program():
        return None
    file = os.memfd_create("seccomp")
    os.write(file, program())
    os.lseek(file, 0, os.SEEK_SET)
    return file
