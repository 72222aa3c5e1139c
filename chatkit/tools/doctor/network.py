"""The network as far as lessons need it: one port, and connections to this machine itself.

Nothing is sent to another machine.
"""

import errno
import socket

from chatkit.system import commands, machine
from chatkit.system.machine import talks_to_itself
from chatkit.system.ports import another_loopback, holder, outgoing, why_taken
from chatkit.tools import lan
from chatkit.tools.doctor.finding import Finding

PORT = 5501  # the default of every lesson program
HERE = "127.0.0.1"


def ports() -> Finding:
    """Whether the lessons' port is free, and whether the system gives free ports."""
    first, last = outgoing()
    try:
        with socket.socket() as probe:
            probe.bind((HERE, 0))
    except OSError as error:
        told = f"port 0 gives none: {error.strerror}. It should give one of {first} to {last}"
        cure = "close programs with many connections, wait a minute, and look again"
        return Finding("ports", "wrong", told, cure)
    taken = why_taken(HERE, PORT)
    if taken is None:
        told = f"{PORT} is free, and port 0 gives another one"
        if not first <= PORT <= last:
            return Finding("ports", "ok", told)
        told += f". This system takes {first} to {last} for outgoing connections, {PORT} with them"
        return Finding("ports", "remark", told, f"if {PORT} is taken now and then, start again")
    other = f"or take another port: python server.py --port {PORT + 1}"
    if taken.errno == errno.EADDRINUSE:
        pid, who = holder(PORT)
        stop = f"see who it is: {commands.who_listens(PORT)}"
        if pid:
            stop = f"Ctrl-C in its terminal, {commands.end_process(pid)}"
        return Finding("ports", "wrong", f"{PORT} is taken by {who}", f"{stop}, {other}")
    if tells := commands.reserved_ports():
        other += f". Reserved: {tells}"
    return Finding("ports", "wrong", f"{PORT} cannot be used: {taken.strerror}", other)


def loopback() -> Finding:
    """A real connection from this machine to itself."""
    if found := machine.lacks_loopback():
        return Finding("loopback", "wrong", found.told, found.cure)
    if another_loopback() is None:
        told = f"a connection to {HERE} works. There is no 127.0.0.2: a check says so, and goes on"
        return Finding("loopback", "remark", told)
    return Finding("loopback", "ok", f"a connection to {HERE} works")


def localhost() -> Finding:
    """What the name means here, and whether there is IPv6. Lesson programs need neither."""
    try:
        found = socket.getaddrinfo("localhost", PORT, type=socket.SOCK_STREAM)
    except OSError as error:
        told = f"the name is not known here ({error}); the lessons use {HERE}"
        return Finding(
            "localhost", "remark", told, f"add a line to the hosts file: {HERE} localhost"
        )
    names = ", ".join(dict.fromkeys(str(one[4][0]) for one in found))
    try:
        talks_to_itself(socket.AF_INET6, "::1")
        ipv6 = "IPv6 works too (::1)"
    except OSError:
        ipv6 = "no IPv6 (::1)"
    told = f"means {names}; {ipv6}"
    if HERE not in names:
        told += f". Lesson servers are on {HERE}"
        return Finding("localhost", "remark", told, f"type {HERE} in place of localhost")
    return Finding("localhost", "ok", f"{told}. The lessons use {HERE}")


def firewall() -> Finding:
    """What may stand between this machine and others. It never matters for checks."""
    told, cure = lan.firewall(PORT)
    if version := lan.wsl():
        more, instead = lan.about_wsl(version)
        told, cure = f"{more}. {told}", instead or cure
    needed = "Only chatkit play needs this. "
    return Finding("firewall", "remark" if cure else "ok", (needed if cure else "") + told, cure)
