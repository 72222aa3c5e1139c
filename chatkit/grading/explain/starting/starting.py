"""Starting: programs that cannot be talked to, because they do not start as the contract says."""

import ast
import re
from collections.abc import Iterator

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import Source, called, constant, keyword

FIRST = "Change that first: everything else is judged after that."
STARTING = {1: "Starting and stopping", 2: "Starting and stopping", 3: "Starting and stopping"}
STARTING |= {4: "Starting and stopping", 5: "Starting and the name"}
THE_KIT = "The kit starts your program with --host HOST --port PORT"
NETWORK = (
    *("bind", "listen", "accept", "connect", "connect_ex", "create_server", "start_server"),
    *("create_connection", "open_connection", "serve_forever", "mainloop", "Tk"),
    *("TCPServer", "ThreadingTCPServer"),
)
ENDED = ("exited", "crashed", "no-connect", "never-listened", "wrong-address", "traceback")


def usage_error(seen: Seen) -> str:
    """What argparse said when it ended the program: the text behind "error: ", or ""."""
    said = seen.evidence.errors.rstrip()
    if "usage:" not in said or seen.evidence.status != 2:
        return ""
    return said.splitlines()[-1].partition("error: ")[2]


def options(source: Source) -> Iterator[tuple[ast.Call, list[str]]]:
    """The calls of add_argument() with the names that each gives."""
    for call in source.calls("add_argument"):
        yield call, [str(constant(one)) for one in call.args if isinstance(one, ast.Constant)]


@misconception(
    "arguments-not-taken",
    "--host or --port is not taken",
    think="Which options does the contract name? Start the program by hand with these.",
    read=STARTING,
    proofs=("01_echo/takes_another_option",),
    unlike="01_echo/takes_its_arguments_in_order",
)
def arguments_not_taken(seen: Seen) -> str | None:
    """argparse ended the program with a usage line: see its documentation, "Exiting methods"."""
    said = usage_error(seen)
    if not said.startswith("unrecognized arguments") or _positional(seen.source):
        return None
    known = {name for _, names in options(seen.source) for name in names}
    missing = [one for one in ("--host", "--port", "--name") if one in said and one not in known]
    parser = next(iter(seen.source.calls("ArgumentParser")), None)
    if not missing or parser is None:
        return None
    first = "" if missing == ["--name"] else f" {FIRST}"
    return seen.at(
        parser,
        f"makes a parser that does not know {' and '.join(missing)}, so argparse ended the "
        f'program: "{said}". Add what is missing.{first}',
    )


def _positional(source: Source) -> ast.Call | None:
    found = (call for call, names in options(source) if names and not names[0].startswith("-"))
    return next(found, None)


@misconception(
    "arguments-by-position",
    "the host and the port are taken by their position",
    think="What does the contract say about the command line? Start the program by hand that way.",
    read=STARTING,
    proofs=("01_echo/takes_its_arguments_in_order",),
    unlike="01_echo/takes_another_option",
)
def arguments_by_position(seen: Seen) -> str | None:
    """argparse: a name without dashes is an argument that is known by its position."""
    call = _positional(seen.source)
    if not usage_error(seen) or call is None:
        return None
    return seen.at(
        call,
        f"takes an argument by its position, because its name has no dashes: {_first(call)}. "
        f'{THE_KIT}, so argparse ended the program: "{usage_error(seen)}". {FIRST}',
    )


def _first(call: ast.Call) -> str:
    return f"add_argument({ast.unparse(call.args[0])})" if call.args else "add_argument()"


@misconception(
    "argument-required",
    "an argument is required that nobody gives",
    think="Which options does the contract name? What happens when no other is given?",
    read=STARTING,
    proofs=("01_echo/requires_a_buffer_size",),
)
def argument_required(seen: Seen) -> str | None:
    """argparse: the following arguments are required."""
    said = usage_error(seen)
    if not said.startswith("the following arguments are required: ") or _positional(seen.source):
        return None
    for call, names in options(seen.source):
        if any(name in re.split(r"[ ,/]+", said.partition(": ")[2]) for name in names):
            return seen.at(
                call,
                f"requires {names[-1]}. {THE_KIT} and nothing else, so argparse ended the program. "
                f"{FIRST}",
            )
    return None


@misconception(
    "argv-by-position",
    "sys.argv is read by position",
    think="What is sys.argv when the program is started with --host and --port? Print it.",
    read=STARTING,
    proofs=("01_echo/takes_sys_argv",),
)
def argv_by_position(seen: Seen) -> str | None:
    """sys.argv[1] is "--host" in every run."""
    source = seen.source
    named = {constant(node) for node in source.all(ast.Constant)} & {"--host", "--port"}
    if named or source.calls("ArgumentParser", "getopt", "OptionParser", "option"):
        return None
    ended = seen.evidence.status not in (None, 0) or seen.evidence.symptom in ENDED
    if not ended or talked(seen):
        return None
    for node in source.nodes:
        taken = (
            isinstance(node, ast.Subscript)
            and _is_argv(node.value)
            and (
                isinstance(constant(node.slice), int)
                or isinstance(source.parents.get(node), ast.Assign | ast.Starred)
            )
        )
        counted = isinstance(node, ast.Call) and called(node) == "len" and _is_argv(*node.args)
        if taken or counted:
            return seen.at(
                node,
                f"reads the command line by position: {ast.unparse(node)}. {THE_KIT}, so "
                f'sys.argv[1] is "--host" and sys.argv[2] is the host. {FIRST}',
            )
    return None


def _is_argv(*nodes: ast.AST) -> bool:
    return any(ast.unparse(node) in ("sys.argv", "argv") for node in nodes)


def talked(seen: Seen) -> bool:
    """Whether a connection with the program came to be."""
    return any(event.kind in ("accept", "data") for event in seen.evidence.events)


@misconception(
    "port-is-text",
    "the port is text, not a number",
    think="What type is the port? Print type(port) before it is used.",
    read=STARTING,
    proofs=("01_echo/port_is_text",),
)
def port_is_text(seen: Seen) -> str | None:
    """argparse gives a str, unless the option has type=int."""
    for error in seen.evidence.raised:
        if error.kind != "TypeError" or "cannot be interpreted as an integer" not in error.text:
            continue
        call = error.own and seen.source.at_line(error.own.line, ast.Call)
        if not call or not error.own or "'str'" not in error.text:
            continue
        if not seen.source.calls(*NETWORK, inside=call):
            continue
        names = (one for one, names in options(seen.source) if "--port" in names)
        option = next((one for one in names if keyword(one, "type") is None), None)
        why = f" The option --port of line {option.lineno} has no type=int." if option else ""
        return seen.at(error.own, f"needs a number as the port, and gets text.{why} {FIRST}")
    return None


@misconception(
    "h-is-help",
    "-h is taken already: it means help",
    think="What does argparse do with -h in every program?",
    read=STARTING,
    proofs=("01_echo/h_is_taken",),
)
def h_is_help(seen: Seen) -> str | None:
    """argparse.ArgumentError: conflicting option string."""
    for error in seen.evidence.raised:
        if error.own and "conflicting option string" in error.text:
            what = error.text.rpartition(": ")[2]
            return seen.at(
                error.own, f"gives the option {what}, which the parser has already. {FIRST}"
            )
    return None


@misconception(
    "waits-for-keyboard",
    "it waits for the keyboard before anybody can reach it",
    think="Who types into a program that the kit has started? Where else can it get this from?",
    read=STARTING,
    proofs=("01_echo/waits_for_enter", "01_echo/client_asks_first"),
)
def waits_for_keyboard(seen: Seen) -> str | None:
    """The main thread stands at input(), or input() met the end of what is typed."""
    evidence = seen.evidence
    if evidence.lesson == 5 or talked(seen) or "Server running" in evidence.output:
        return None
    stands = [stack.own for stack in evidence.stacks if stack.main]
    stands += [error.own for error in evidence.raised if error.kind == "EOFError"]
    server = evidence.program == "server.py"
    if evidence.symptom not in ("never-listened", "no-connect", "no-exit", "crashed"):
        return None
    for frame in filter(None, stands):
        for call in seen.source.all(ast.Call):
            typed = called(call) == "input" or ast.unparse(call.func) == "sys.stdin.readline"
            if typed and call.lineno <= frame.line <= (call.end_lineno or 0):
                before = "listens" if server else "connects"
                return seen.at(
                    frame,
                    f"waits for a line from the keyboard before the program {before}, and host and "
                    f"port come with --host and --port. {FIRST}",
                )
    return None
