"""The end of input, a server that is not there, and what a client says about it."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import is_daemon, pieces
from chatkit.grading.explain.questions.source import called, caught, constant

CLIENT = {1: "Put the client together", 3: "The client", 4: "The client"}


@misconception(
    "end-of-input-raises",
    "input() raises EOFError when the input ends",
    think="What does input() do at Ctrl-D, or at the end of a file?",
    read=CLIENT,
    proofs=("01_echo/client_eof_error", "04_nicknames/end_of_input_at_the_name_is_an_error"),
    unlike="01_echo/client_ctrl_c_traceback",
)
def end_of_input_raises(seen: Seen) -> str | None:
    """The traceback is an EOFError from a line of the file."""
    for error in seen.evidence.raised:
        if error.kind == "EOFError" and error.own:
            return seen.at(
                error.own,
                "raises EOFError when the input has ended: input() has nothing to return then. "
                "Nothing catches it, so the program ends with a traceback.",
            )
    return None


@misconception(
    "ends-before-the-rest-has-come",
    "the client ends while lines for it are still on their way",
    think="What can still arrive after your half-close? Who waits for it?",
    read=CLIENT,
    proofs=("04_nicknames/closes_in_the_receivers_face",),
    unlike="01_echo/client_never_says_it_is_done",
)
def ends_before_the_rest(seen: Seen) -> str | None:
    """The client ended with status 0 at the end of input, and a line was still to be printed."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom not in ("exited", "no-output"):
        return None
    if seen.evidence.status != 0 or seen.evidence.raised:
        return None
    if seen.evidence.check not in ("client-end-of-input", "client-endings"):
        return None
    first = seen.evidence.lesson == 1  # there closes-at-the-end-of-input and others say more
    if not first and (closed := _closes_at_the_end(seen)):
        return closed
    for half in seen.source.calls("shutdown"):
        if "RDWR" in ast.unparse(half):
            continue  # that ends both directions
        block = _block_of(seen, half)
        after = [one for one in block if one.lineno > half.lineno]
        for statement in after:
            for call in seen.source.all(ast.Call, statement):
                if _exits(seen, call):
                    return seen.at(
                        call,
                        f"ends the program at once after the half-close of line {half.lineno}. "
                        "What the server still sends is not printed any more.",
                    )
        reads = any(_waits_for_more(seen, one) for one in after)
        rest_waits = any(
            not any(True for _ in seen.source.around(one, ast.ExceptHandler))
            for one in seen.source.calls("join", "wait")
        )
        daemons = [one for one in seen.source.threads() if is_daemon(seen.source, one)]
        if not reads and not rest_waits and daemons and not first:
            return seen.at(
                half,
                "half-closes, and then the program ends. The thread that receives is a daemon "
                f"(line {daemons[0].lineno}), so it ends with it, and what still comes is lost.",
            )
    return None


def _closes_at_the_end(seen: Seen) -> str | None:
    """Whether the client closes where it should half-close: behind the loop over the keyboard."""
    if seen.source.calls("shutdown"):
        return None
    for close in seen.source.calls("close"):
        block = _block_of(seen, close)
        before = [one for one in block if one.lineno < close.lineno]
        loops = [one for one in before if isinstance(one, ast.For | ast.While)]
        if loops and any(word in ast.unparse(loops[-1]) for word in ("stdin", "input(", "typed")):
            return seen.at(
                close,
                "closes the connection at the end of input, in both directions. What the server "
                "still sends cannot arrive any more.",
            )
    return None


def _block_of(seen: Seen, node: ast.AST) -> list[ast.stmt]:
    """The statements of the block in which `node` stands."""
    for around in (seen.source.parents.get(node), *seen.source.around(node), seen.source.tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(around, field, None)
            if isinstance(block, list) and any(node in ast.walk(one) for one in block):
                return [one for one in block if isinstance(one, ast.stmt)]
    return []


def _exits(seen: Seen, call: ast.Call) -> bool:
    if called(call) in ("exit", "_exit", "quit"):
        return True
    function = seen.source.function(called(call))
    return function is not None and bool(seen.source.calls("_exit", "exit", inside=function))


def _waits_for_more(seen: Seen, statement: ast.stmt) -> bool:
    return bool(seen.source.calls("recv", "join", "wait", "read", inside=statement)) or any(
        seen.source.function(called(one)) is not None
        for one in seen.source.all(ast.Call, statement)
    )


@misconception(
    "server-lost-without-a-word",
    "the end of the server is taken for a normal end",
    think="How does somebody at the keyboard learn that the server has gone?",
    read={**CLIENT, 1: "When a connection breaks"},
    proofs=("03_threads/says_nothing_when_the_server_has_gone",),
    unlike="01_echo/client_ends_without_a_word",
)
def server_lost_without_a_word(seen: Seen) -> str | None:
    """The client ended, said nothing on standard error, and leaves its loop at the empty recv()."""
    about = "lost" in seen.evidence.check or "ending" in seen.evidence.check
    if seen.evidence.program != "client.py" or not about or seen.evidence.errors.strip():
        return None
    if seen.evidence.symptom not in ("no-message", "wrong-status") or seen.evidence.status is None:
        return None
    names = {piece.name for piece in pieces(seen.source)} - {""}
    for test in seen.source.all(ast.If):
        asks = ast.unparse(test.test) in {f"not {name}" for name in names}
        quiet = not seen.source.calls("print", "exit", "write", "_exit", inside=test)
        if asks and quiet and isinstance(test.body[-1], ast.Break | ast.Return):
            return seen.at(
                test,
                "leaves when the server has ended, and says nothing about it. Say so in a line on "
                "standard error, and end with a status other than 0.",
            )
    return None


@misconception(
    "error-with-status-0",
    "the error is caught, and the status says that all is well",
    think="What does a script that starts your program learn from its exit status?",
    read={**CLIENT, 1: "When a connection breaks"},
    proofs=("01_echo/client_no_server_status",),
    unlike="01_echo/client_says_it_on_standard_output",
)
def error_with_status_0(seen: Seen) -> str | None:
    """The status is 0 where there is no server, and an except clause neither exits nor raises."""
    about = "no-server" in seen.evidence.check or "lost" in seen.evidence.check
    if seen.evidence.program != "client.py" or not about or seen.evidence.status != 0:
        return None
    if seen.evidence.symptom not in ("wrong-status", "no-message"):
        return None
    if told := _says_so_and_ends_well(seen):
        return told
    connecting = "no-server" in seen.evidence.check
    broke = any(one.kind == "reset" for one in seen.evidence.events)
    raises = [one for one in seen.source.all(ast.Raise) if "Error" in ast.unparse(one)]
    if not (connecting or broke or raises):
        return None  # the server has just ended, and that is no error for recv()
    kinds = {"OSError", "ConnectionError", "ConnectionRefusedError", "Exception", "", "error"}
    found = [
        handler
        for handler in seen.source.all(ast.ExceptHandler)
        if set(caught(handler)) & kinds
        and _around(seen, handler, "no-server" in seen.evidence.check)
        and not _behind_the_half_close(seen, handler)
        and not seen.source.calls("exit", "_exit", "end", "leave", "quit", inside=handler)
        and not any(isinstance(one, ast.Raise) for one in ast.walk(handler))
    ]
    if len(found) != 1:
        return None
    return seen.at(
        found[0],
        "catches the error, and then the program ends with status 0, as if all were well. A status "
        "other than 0 says that something went wrong.",
    )


def _says_so_and_ends_well(seen: Seen) -> str | None:
    """Where the program says on standard error what is wrong, and then exits with status 0."""
    for say in seen.source.calls("print", "write"):
        block = _block_of(seen, say)
        if "stderr" not in ast.unparse(say) or not seen.evidence.errors.strip():
            continue
        for statement in block:
            for call in seen.source.calls("exit", "_exit", inside=statement):
                direct = isinstance(statement, ast.Expr) and statement.value is call
                good = not call.args or constant(call.args[0]) in (0, None)
                if direct and good and call.lineno > say.lineno:
                    return seen.at(
                        call,
                        "ends the program with status 0, as if all were well, although line "
                        f"{say.lineno} has just said what is wrong. A status other than 0 says so.",
                    )
    return None


def _behind_the_half_close(seen: Seen, handler: ast.ExceptHandler) -> bool:
    """Whether a clause stands below a shutdown() of its function, which was not reached here."""
    if any(
        one.kind in ("half-close", "end") and one.source == "client" for one in seen.evidence.events
    ):
        return False
    function = seen.source.function_of(handler)
    return any(
        call.lineno < handler.lineno
        for call in (seen.source.calls("shutdown", inside=function) if function else ())
    )


def _around(seen: Seen, handler: ast.ExceptHandler, connecting: bool) -> bool:
    """Whether a clause belongs to the try around connecting, or to one around something else."""
    attempt = seen.source.parents.get(handler)
    body = ast.Module(body=getattr(attempt, "body", []), type_ignores=[])
    connects = bool(seen.source.calls("connect", "create_connection", inside=body))
    return connects == connecting


@misconception(
    "error-on-standard-output",
    "what went wrong is printed on standard output",
    think="Which of the two outputs is for errors?",
    read={1: "Put the client together", 3: "The client", 4: "The client"},
    proofs=("01_echo/client_says_it_on_standard_output",),
    unlike="01_echo/client_ends_without_a_word",
)
def error_on_standard_output(seen: Seen) -> str | None:
    """Nothing came on standard error, and what a print() of an except clause says came out."""
    if seen.evidence.symptom != "no-message" or seen.evidence.errors.strip():
        return None
    for handler in seen.source.all(ast.ExceptHandler):
        for call in seen.source.calls("print", inside=handler):
            parts = [
                one.value
                for one in ast.walk(call)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            said = any(len(part) > 4 and part.strip() in seen.evidence.output for part in parts)
            if said and not any(one.arg == "file" for one in call.keywords):
                return seen.at(
                    call,
                    "says what went wrong on standard output. That is for the chat: errors go to "
                    "standard error.",
                )
    return None


@misconception(
    "error-without-the-address",
    "the message does not say which server it is about",
    think="Which host and which port would you look at first?",
    read=CLIENT,
    proofs=("03_threads/no_server_is_not_named",),
    unlike="01_echo/client_says_it_on_standard_output",
)
def error_without_the_address(seen: Seen) -> str | None:
    """What came on standard error is a fixed text of the file, without host and port."""
    if "on standard error with" not in seen.evidence.expected:
        return None
    said = seen.evidence.errors.strip()
    if not said or "\n" in said:
        return None
    for node in seen.source.all(ast.Constant):
        if isinstance(node.value, str) and node.value.strip() == said:
            return seen.at(
                node,
                "says that there is no server, but not where. Host and port belong in the message.",
            )
    return None


@misconception(
    "no-server-not-caught",
    "nothing catches the error of a connect that fails",
    think="Which error does connecting raise when nobody listens there?",
    read={1: "Two programs find each other", 3: "The client", 4: "The client"},
    proofs=("01_echo/client_no_server_traceback", "03_threads/no_server_is_a_traceback"),
    unlike="01_echo/client_no_server_status",
)
def no_server_not_caught(seen: Seen) -> str | None:
    """The check has no server, and the error of connecting ended the program."""
    kinds = ("ConnectionRefusedError", "TimeoutError", "OSError", "socket.timeout")
    if "no-server" not in seen.evidence.check:
        return None
    for error in seen.evidence.raised:
        if error.kind in kinds and error.own:
            return seen.at(
                error.own,
                f"raises {error.kind} when nobody listens there. Nothing catches it, so "
                f"{seen.ended_by(error)} ends with a traceback, where one line should say what is "
                "wrong.",
            )
    return None
