"""Addresses: where a program listens, and where it connects to."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import NOTHING, Source, called, constant, owner
from chatkit.grading.explain.questions.values import meant, value
from chatkit.grading.explain.starting.starting import FIRST, STARTING

HERE = ("127.0.0.1", "localhost")
EVERYWHERE = ("", "0.0.0.0", "::")
LISTENING = ("bind", "create_server", "TCPServer", "ThreadingTCPServer", "start_server")
CONNECTING = ("connect", "connect_ex", "create_connection", "open_connection")
OWN_NAME = ("gethostname", "getfqdn", "gethostbyname")
IN_USE = ("Address already in use", "Errno 98]", "WinError 10048", "Errno 48]")
REUSE = ("SO_REUSEADDR", "SO_REUSEPORT", "allow_reuse_address", "create_server", "start_server")
WRONG = ("wrong-address", "wrong-ready-line", "other-ready-line", "no-ready-line")
NOT_OURS = ("Cannot assign requested address", "gaierror", "Name or service not known")
THINK = "Which address does the program get with --host and --port? Where is it used?"
READ = STARTING | {3: "The client"}


class Address(NamedTuple):
    """The host and the port of one call in the source."""

    call: ast.Call
    host: ast.expr
    port: ast.expr


def addresses(source: Source, names: tuple[str, ...]) -> Iterator[Address]:
    """The addresses that these calls get, where the text tells them."""
    for call in source.calls(*names):
        if called(call) in ("start_server", "open_connection"):  # asyncio: host, port
            args = call.args[called(call) == "start_server" :]
            if len(args) >= 2:
                yield Address(call, args[0], args[1])
            continue
        pair = meant(source, call.args[0]) if call.args else None
        if isinstance(pair, ast.Tuple) and len(pair.elts) >= 2:
            yield Address(call, pair.elts[0], pair.elts[1])


def listens(seen: Seen) -> Iterator[Address]:
    """The addresses of a server, in a check that found out where it listens, or did not hear."""
    evidence = seen.evidence
    if evidence.program != "server.py":
        return
    refused = any(told in evidence.errors + evidence.output for told in NOT_OURS)
    if evidence.symptom in WRONG or (refused and evidence.symptom in ("crashed", "exited")):
        yield from addresses(seen.source, LISTENING)


def connects(seen: Seen) -> Iterator[Address]:
    """The addresses of a client that has not come to the bench's server."""
    evidence = seen.evidence
    visits = [at for at, event in enumerate(evidence.events) if event.kind == "visit"]
    last = evidence.events[visits[-1] :] if visits else evidence.events
    came = any(event.kind in ("accept", "data") for event in last)
    if evidence.program == "client.py" and not came and "to connect to" in evidence.expected:
        yield from addresses(seen.source, CONNECTING)


def told_address(seen: Seen) -> tuple[str, str]:
    """The host and the port that the bench gave, as far as the check names them."""
    found = re.search(r"([\w.]+):(\d+)", seen.evidence.expected)
    return (found[1], found[2]) if found else ("", "")


def written(node: ast.expr, found: object) -> str:
    """How a constant is spoken of: "5501", or "5501 (PORT)"."""
    shown = '""' if found == "" else str(found)
    return shown if isinstance(node, ast.Constant) else f"{shown} ({ast.unparse(node)})"


@misconception(
    "fixed-port",
    "the port is written into the program",
    think=THINK,
    read=READ,
    proofs=("01_echo/port_is_written_in", "01_echo/client_goes_to_a_fixed_port"),
    unlike="01_echo/client_no_server_traceback",
)
def fixed_port(seen: Seen) -> str | None:
    """The port of bind() or connect() is a constant."""
    for one in [*listens(seen), *connects(seen)]:
        port = value(seen.source, one.port)
        if port in (NOTHING, 0, "0", None) or str(port) == told_address(seen)[1]:
            continue
        verb = "listens on" if called(one.call) in LISTENING else "connects to"
        return seen.at(
            one.port, f"{verb} port {written(one.port, port)}, whatever --port says. {FIRST}"
        )
    return None


@misconception(
    "any-port",
    "the system chooses the port, whatever --port says",
    think=THINK,
    read=READ,
    proofs=("01_echo/listens_on_any_port",),
    unlike="01_echo/prints_the_given_port",
)
def any_port(seen: Seen) -> str | None:
    """The port of bind() is 0."""
    for one in listens(seen):
        if value(seen.source, one.port) in (0, "0"):
            return seen.at(
                one.port,
                "listens on port 0, and that lets the system choose. So --port changes nothing. "
                f"{FIRST}",
            )
    return None


@misconception(
    "no-bind",
    "the socket that listens has no address: bind() is missing",
    think="Which call gives a socket its address?",
    read=STARTING,
    proofs=("01_echo/bind_is_missing",),
)
def no_bind(seen: Seen) -> str | None:
    """Without bind() the system chooses a port: listen(2)."""
    source = seen.source
    if seen.evidence.program != "server.py" or seen.evidence.symptom not in WRONG:
        return None
    if source.calls(*LISTENING, "run_server", "server_bind", "HTTPServer"):
        return None
    for call in source.calls("listen"):
        return seen.at(
            call,
            "lets a socket listen that never got an address: no line calls bind(). So the system "
            f"chose a port, whatever --host and --port say. {FIRST}",
        )
    return None


@misconception(
    "fixed-host",
    "the host is written into the program",
    think=THINK,
    read=READ,
    proofs=("01_echo/hard_coded_address",),
    unlike="01_echo/binds_the_name_of_the_machine",
)
def fixed_host(seen: Seen) -> str | None:
    """The host of bind() or connect() is a constant, and the bench gave another one."""
    host_told, _ = told_address(seen)
    if seen.evidence.symptom in ("other-ready-line", "no-ready-line"):
        return None
    for one in [*listens(seen), *connects(seen)]:
        host = value(seen.source, one.host)
        if host in (NOTHING, None, *EVERYWHERE) or (host in HERE and host_told in ("", *HERE)):
            continue
        if host == host_told or not host_told:
            continue
        verb = "listens on" if called(one.call) in LISTENING else "connects to"
        return seen.at(
            one.host, f"{verb} {written(one.host, host)}, whatever --host says: it was {host_told}."
        )
    return None


@misconception(
    "listens-everywhere",
    "it listens on all addresses of the machine",
    think="Who can connect to a server that listens on all addresses? Who to one on --host?",
    read=STARTING,
    proofs=("01_echo/listens_everywhere",),
    unlike="01_echo/hard_coded_address",
)
def listens_everywhere(seen: Seen) -> str | None:
    """The host of bind() is "" or 0.0.0.0: https://docs.python.org/3/library/socket.html."""
    for one in listens(seen):
        host = value(seen.source, one.host)
        if host in EVERYWHERE and seen.evidence.symptom in ("wrong-address", "wrong-ready-line"):
            return seen.at(
                one.host,
                f"listens on {written(one.host, host)}: that means every address of this machine, "
                f"whatever --host says. It was {told_address(seen)[0]}.",
            )
    return None


@misconception(
    "own-name-as-host",
    "the name of the machine is taken for its address",
    think="What does gethostname() return on your machine? Which address is that?",
    read=READ,
    proofs=("01_echo/binds_the_name_of_the_machine",),
    unlike="01_echo/hard_coded_address",
)
def own_name_as_host(seen: Seen) -> str | None:
    """socket.gethostname(), with or without gethostbyname() around it."""
    evidence = seen.evidence
    failed = evidence.symptom in ("wrong-address", "wrong-ready-line", "crashed", "exited")
    if not failed and evidence.step != "connect":
        return None
    if any(event.kind in ("accept", "data") for event in evidence.events):
        return None
    for one in addresses(seen.source, (*LISTENING, *CONNECTING)):
        host = meant(seen.source, one.host)
        if isinstance(host, ast.Call) and seen.source.calls(*OWN_NAME, inside=host):
            if "getsockname" in ast.unparse(host):
                continue
            verb = "listens on" if called(one.call) in LISTENING else "connects to"
            return seen.at(
                one.host,
                f"{verb} the name of the machine ({ast.unparse(host)}), whatever --host says. That "
                "name can be another address than the one that was given.",
            )
    return None


@misconception(
    "no-reuse-address",
    "SO_REUSEADDR is not set",
    think="Which socket option says that a port may be used again at once?",
    read=STARTING | {1: "Start again at once"},
    proofs=("01_echo/no_reuse_address",),
    unlike="01_echo/reuse_after_bind",
)
def no_reuse_address(seen: Seen) -> str | None:
    """bind() said that the address is in use, when the server was started again."""
    for call in seen.source.all(ast.Call) if _in_use(seen) else ():
        if any(
            one.arg == "reuse_address" and constant(one.value) is False for one in call.keywords
        ):
            return seen.at(
                call,
                "wants a port that the system still keeps for earlier connections (TIME_WAIT), and "
                "forbids that it is used again: reuse_address=False.",
            )
    if not _in_use(seen) or any(word in seen.evidence.text for word in REUSE):
        return None
    for call in seen.source.calls("bind", "TCPServer", "ThreadingTCPServer"):
        return seen.at(
            call,
            "wants a port that the system still keeps for earlier connections (TIME_WAIT). "
            "No line of the file sets SO_REUSEADDR, which says that you want it all the same.",
        )
    return None


def _in_use(seen: Seen) -> bool:
    said = seen.evidence.errors + seen.evidence.output
    return seen.evidence.check == "restart" and any(told in said for told in IN_USE)


@misconception(
    "reuse-too-late",
    "SO_REUSEADDR is set too late, or on another socket",
    think="When is the address taken, and which socket takes it?",
    read=STARTING | {1: "Start again at once"},
    proofs=("01_echo/reuse_after_bind",),
    unlike="01_echo/no_reuse_address",
)
def reuse_too_late(seen: Seen) -> str | None:
    """The option counts when bind() is called: socket(7)."""
    source = seen.source
    if not _in_use(seen):
        return None
    sets = [one for one in source.calls("setsockopt") if "SO_REUSEADDR" in ast.unparse(one)]
    for bind in source.calls("bind"):
        for call in sets:
            same = source.function_of(bind) is source.function_of(call)
            if same and owner(call) == owner(bind) and call.lineno > bind.lineno and len(sets) == 1:
                return seen.at(
                    call,
                    f"sets SO_REUSEADDR after line {bind.lineno} has called bind(). It counts only "
                    "when it is set before.",
                )
            if same and owner(call) != owner(bind) and len(sets) == 1:
                return seen.at(
                    call,
                    f"sets SO_REUSEADDR on {owner(call)}, and line {bind.lineno} binds "
                    f"{owner(bind)}. It counts for the socket on which it is set.",
                )
    return None
