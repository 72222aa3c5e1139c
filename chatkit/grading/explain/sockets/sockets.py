"""Sockets: which socket does what, and what goes into a call."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import reaches, runs_once
from chatkit.grading.explain.questions.source import Source, called, owner
from chatkit.grading.explain.questions.values import bindings
from chatkit.grading.explain.starting.addresses import CONNECTING, LISTENING
from chatkit.grading.explain.starting.importing import first, raised
from chatkit.grading.explain.starting.starting import FIRST, STARTING

SENDING = ("send", "sendall", "sendto", "write", "writelines")
READING = ("recv", "recv_into", "readline", "read", "makefile", "readuntil", "readlines")
UNHEARD = ("silent", "closed-early", "crashed", "refused")
SAY_IT_BACK = {1: "Say it back", 3: "A thread for each client"}


def listeners(source: Source) -> dict[str, ast.Call]:
    """The sockets that listen, by name, each with the call that tells; never one of a client."""
    found: dict[str, ast.Call] = {}
    for call in source.calls("listen", "accept"):
        if isinstance(call.func, ast.Attribute):
            found.setdefault(owner(call), call)
    for name in list(found):
        if any(_accepts(one) for one in _assigned(source, name)):
            del found[name]
    return found


def _assigned(source: Source, name: str) -> list[ast.expr]:
    """The values of all assignments that put something into a name, also one of several names."""
    return [
        node.value
        for node in source.all(ast.Assign)
        if any(ast.unparse(one) == name for target in node.targets for one in ast.walk(target))
    ]


def _accepts(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) == "accept"


def visitors(seen: Seen) -> int:
    """How many clients of the bench connected."""
    return sum(event.kind == "connect" for event in seen.evidence.events)


@misconception(
    "accept-once",
    "accept() is called only once",
    think="How many clients does one accept() take in? How often does your program call it?",
    read={1: "Say it back", 2: "One thread, many sockets", 3: "A thread for each client"},
    proofs=("01_echo/accepts_once",),
    unlike="01_echo/answers_once",
)
def accept_once(seen: Seen) -> str | None:
    """No loop goes around it, and more clients came than it is called."""
    source = seen.source
    calls = [call for call in source.calls("accept") if isinstance(call.func, ast.Attribute)]
    if seen.evidence.program != "server.py" or not calls or source.function("accept"):
        return None
    if seen.evidence.symptom not in ("silent", "refused", "exited", "spinning", "closed-early"):
        return None
    if not all(runs_once(source, call) for call in calls) or visitors(seen) <= len(calls):
        return None
    if seen.evidence.symptom in ("spinning", "closed-early") and len(calls) == visitors(seen):
        return None
    if len(calls) > 1:
        lines = " and ".join(str(call.lineno) for call in calls[1:])
        return seen.at(
            calls[0],
            f"and line {lines} call accept() once each, because no loop goes around them. That "
            f"takes in {len(calls)} clients, and never one more.",
        )
    return seen.at(
        calls[0],
        "calls accept() once, because no loop goes around it. One accept() takes in one client, so "
        "nobody takes in the next one.",
    )


@misconception(
    "listener-overwritten",
    "the new connection takes the name of the socket that listens",
    think="How many sockets does a server have while one client is connected?",
    read={1: "Two programs find each other"},
    proofs=("01_echo/listener_is_overwritten",),
    unlike="01_echo/sends_on_the_listener",
)
def listener_overwritten(seen: Seen) -> str | None:
    """s, address = s.accept(): the next accept() is called on a connection."""
    for node in seen.source.all(ast.Assign):
        if not _accepts(node.value) or seen.evidence.program != "server.py":
            continue
        name = owner(node.value) if isinstance(node.value, ast.Call) else ""
        names = [
            ast.unparse(one)
            for target in node.targets
            for one in ast.walk(target)
            if isinstance(one, ast.Name | ast.Attribute)
        ]
        if name in names and visitors(seen) and not runs_once(seen.source, node):
            return seen.at(
                node,
                f"puts the new connection into {name}, which was the socket that listens. So the "
                f"next {name}.accept() asks a connection, not the listener, and fails.",
            )
    return None


@misconception(
    "talks-on-the-listener",
    "the socket that listens is used to talk",
    think="Which socket is connected to the client: the one that listens, or another one?",
    read={1: "Two programs find each other"},
    proofs=("01_echo/sends_on_the_listener",),
    unlike="01_echo/listener_is_overwritten",
)
def talks_on_the_listener(seen: Seen) -> str | None:
    """It is not connected: send(2), ENOTCONN and EPIPE."""
    source = seen.source
    if seen.evidence.program != "server.py" or seen.evidence.symptom not in UNHEARD:
        return None
    if not visitors(seen):
        return None
    known = listeners(source)
    for call in source.calls("send", "sendall", "recv"):
        name = owner(call)
        if name in known and not _another(source, call, name):
            return seen.at(
                call,
                f"calls {called(call)}() of {name}, and that is the socket that listens: line "
                f"{known[name].lineno} calls {name}.{called(known[name])}(). Only the socket that "
                "accept() returned is connected to the client.",
            )
    return None


def _another(source: Source, call: ast.Call, name: str) -> bool:
    """Whether the name may stand for another socket here: one of a loop, or of a parameter that
    is called like the listener and is not handed the listener."""
    function = source.function_of(call)
    parameters = {one.arg for one in source.all(ast.arg, function)} if function else set()
    if name not in parameters or function is None:
        return None in bindings(source, name) and name not in parameters
    # The parameter gets the listener when some call, or args=(…), hands on the same name.
    handed = [one for one in source.all(ast.Name) if one.id == name]
    return not any(
        isinstance(source.parents.get(one), ast.Tuple | ast.List | ast.Call)
        and one.lineno != call.lineno
        and source.function_of(one) is not function
        for one in handed
    )


@misconception(
    "listener-closed",
    "the socket that listens is closed after a client",
    think="Which sockets does your server close? Which of them is needed for the next client?",
    read={1: "The end of the stream", 2: "Somebody leaves", 3: "Somebody leaves"},
    proofs=("01_echo/closes_the_listener", "02_broadcast/closes_with_the_last_client"),
    unlike="01_echo/accepts_once",
)
def listener_closed(seen: Seen) -> str | None:
    """close() of the listener stands in the loop that accepts."""
    source = seen.source
    if seen.evidence.program != "server.py" or not visitors(seen):
        return None
    known = listeners(source)
    for call in source.calls("close"):
        loop = next(source.around(call, ast.While, ast.For), None)
        accepts = loop is not None and reaches(source, loop, ("accept",))
        handled = next(source.around(call, ast.ExceptHandler), None)
        if owner(call) in known and accepts and not handled and _fails_after(seen):
            return seen.at(
                call,
                f"closes {owner(call)}, the socket that listens, inside the loop over all clients. "
                "After that nobody can connect any more.",
            )
        asked = next(source.around(call, ast.If), None)
        refused = seen.evidence.symptom == "refused" and source.function_of(call) is not None
        if owner(call) in known and asked and refused and not handled:
            return seen.at(
                call,
                f"closes {owner(call)}, the socket that listens, while the server runs (line "
                f"{getattr(asked, 'lineno', 0)} decides it). After that nobody can connect any "
                "more.",
            )
    return None


def _fails_after(seen: Seen) -> bool:
    bad = raised(seen, "OSError")
    closed = any("Bad file descriptor" in one.text or "Errno 9]" in one.text for one in bad)
    return closed or seen.evidence.symptom in ("refused", "exited")


@misconception(
    "listen-missing",
    "listen() is missing",
    think="Which of the four calls opens the door?",
    read=STARTING,
    proofs=("01_echo/listen_is_missing",),
)
def listen_missing(seen: Seen) -> str | None:
    """accept(2): EINVAL when the socket does not listen."""
    source, evidence = seen.source, seen.evidence
    if source.calls("listen", "create_server", "serve_forever", "start_server"):
        return None
    if evidence.program != "server.py" or not source.calls("bind"):
        return None
    refused = "Invalid argument" in evidence.errors + evidence.output
    if not refused and evidence.symptom not in ("never-listened", "too-early"):
        return None
    for call in source.calls("accept"):
        if isinstance(call.func, ast.Attribute):
            return seen.at(
                call,
                "calls accept() of a socket that does not listen: no line of the file calls "
                f"listen(). {FIRST}",
            )
    return None


@misconception(
    "udp-socket",
    "the socket is one for UDP",
    think="Which of the two kinds of sockets has connections: SOCK_STREAM or SOCK_DGRAM?",
    read=STARTING,
    proofs=("01_echo/uses_udp",),
)
def udp_socket(seen: Seen) -> str | None:
    """SOCK_DGRAM: listen() and accept() are not supported, or nobody can connect."""
    source = seen.source
    failed = ("never-listened", "crashed", "exited", "no-connect", "silent", "no-ready-line")
    if seen.evidence.symptom not in failed or any(e.kind == "data" for e in seen.evidence.events):
        return None
    made = source.calls("socket")
    datagram = [call for call in made if "SOCK_DGRAM" in ast.unparse(call)]
    if not datagram or len(datagram) != len(made):
        return None
    return seen.at(
        datagram[0],
        "makes a UDP socket (SOCK_DGRAM). UDP has no connections; the contract asks for TCP, "
        f"which is SOCK_STREAM. {FIRST}",
    )


@misconception(
    "two-arguments-for-an-address",
    "host and port are given as two arguments",
    think="How many arguments does this call take? What is an address?",
    read=STARTING,
    proofs=("01_echo/two_arguments_for_bind",),
)
def two_arguments_for_an_address(seen: Seen) -> str | None:
    """bind() and connect() take one tuple."""
    for error in raised(seen, "TypeError"):
        call = call_at(seen, error.own.line, *LISTENING, *CONNECTING) if error.own else None
        if call and ("takes exactly one argument" in error.text or "must be tuple" in error.text):
            given = "two arguments" if len(call.args) > 1 else "something that is not a tuple"
            return seen.at(
                error.own,
                f"gives {given} to {called(call)}(). It takes one: a tuple of host and port."
                f"{first(seen, error)}",
            )
    return None


def call_at(seen: Seen, line: int, *names: str) -> ast.Call | None:
    """The call of one of these that reaches over a line of the file."""
    for call in seen.source.calls(*names):
        if call.lineno <= line <= (call.end_lineno or 0):
            return call
    return None


@misconception(
    "accept-returns-two",
    "accept() returns a socket and an address, and both were taken for the socket",
    think="What does accept() return? Print it.",
    read={1: "Say it back"},
    proofs=("01_echo/accept_returns_two",),
)
def accept_returns_two(seen: Seen) -> str | None:
    """AttributeError: 'tuple' object has no attribute 'recv'."""
    kinds = raised(seen, "AttributeError", "TypeError")
    if not any("'tuple' object" in error.text for error in kinds):
        return None
    for node in seen.source.all(ast.Assign):
        if _accepts(node.value) and all(isinstance(one, ast.Name) for one in node.targets):
            return seen.at(
                node,
                f"puts both things that accept() returns into {ast.unparse(node.targets[0])}: the "
                "new socket and the address. So it is a tuple, not a socket.",
            )
    return None
