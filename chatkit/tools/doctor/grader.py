"""What the bench asks of the system: to see a program at rest, and to contain one."""

import threading
import time

from chatkit.system import linux
from chatkit.system.sandbox import cgroup
from chatkit.tools.doctor.child import last_line, ran, started
from chatkit.tools.doctor.finding import Finding

SECONDS = 10

TIER = """
from chatkit.system.sandbox.sandbox import Refused, enter, what_is_missing
try:
    sandbox = enter()
    print(sandbox.tier, sandbox.why, sep="|")
except Refused as refusal:
    print("refused", f"{what_is_missing() or 'root'}; {refusal}", sep="|")
"""


def rest() -> Finding:
    """Look at a program that waits, as every check does."""
    if linux.NO_PROC:
        return Finding("rest", "remark", linux.NO_PROC, "sudo mount -t proc proc /proc")
    if not linux.READS_REST:
        told = "this system does not show it, so checks wait for a quiet time instead: slower"
        return Finding("rest", "remark", told)
    child = started("import sys; sys.stdin.read()", "-I", "-S")
    with child:
        deadline = time.monotonic() + SECONDS
        seen = False
        while not seen and child.poll() is None and time.monotonic() < deadline:
            threads = linux.threads([child.pid])
            seen = any(thread.waits == "untimed" for thread in threads.values())
            threading.Event().wait(0.01)
        child.kill()
    if seen:
        return Finding("rest", "ok", "checks can see that a program waits: no time is lost")
    told = "the system hides what a program waits for, so checks take long and may misjudge"
    cure = "sudo sysctl kernel.yama.ptrace_scope=1. In a container: --cap-add SYS_PTRACE"
    return Finding("rest", "wrong", told, cure)


def sandbox() -> Finding:
    """Which tier a class run would get. Entered in a child: nobody can leave it again."""
    unbounded = cgroup.what_is_missing()  # first: bubblewrap is in our cgroup for a moment longer
    status, printed, errors = ran(TIER, "-P", seconds=SECONDS * 2)
    tier, _, why = printed.partition("|")
    if status or not tier:
        raise OSError(last_line(errors))
    memory = f"memory only watched: {unbounded}" if unbounded else "memory bounded by a cgroup"
    told = f"tier {tier}{f', {memory}' if linux.LINUX else ''}. Only chatkit class needs it"
    if tier == "namespaces":
        return Finding("sandbox", "ok", told)
    missing, _, refusal = why.partition("; ")
    if refusal:
        told = f"no class run for root here: {refusal}. Only chatkit class needs it"
    reason, _, command = missing.partition(": ")
    if command.startswith("sudo "):
        return Finding("sandbox", "remark", f"{told}: {reason}", command)
    told = told if refusal else f"{told}: {why}"
    return Finding("sandbox", "remark", told, "docs/instructors/isolation.md tells what it means")
