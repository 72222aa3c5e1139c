"""Stopping: Ctrl-C, the end of input, no server, and what a program says when it ends."""

import ast

from chatkit.bench.evidence import Stack
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.flow import is_daemon, loop_around, pieces
from chatkit.grading.explain.source import (
    argument,
    called,
    caught,
    constant,
    owner,
    swallows,
)
from chatkit.grading.explain.wire import events_of, lane

CTRL_C = {
    1: "Ctrl-C",
    2: "Starting and stopping",
    3: "Starting and stopping",
    4: "Starting and stopping",
}
CLIENT = {1: "Put the client together", 3: "The client", 4: "The client"}
KEYBOARD = ("input", "readline", "read", "stdin")
WAITING = {
    "accept": "accept()",
    "recv": "recv()",
    "select": "select()",
    "input": "input()",
    "readline": "readline()",
    "connect": "connect()",
    "create_connection": "create_connection()",
    "join": "join()",
    "get": "get()",
    "wait": "wait()",
    "sleep": "sleep()",
    "run": "run()",
}


@misconception(
    "ctrl-c-is-caught-with-the-rest",
    "an except clause catches Ctrl-C as well, and the loop goes on",
    think="Which exceptions does this clause catch? Is KeyboardInterrupt one of them?",
    read=CTRL_C,
    proofs=("02_broadcast/bare_except", "04_nicknames/bare_except_in_the_accept_loop"),
    unlike="02_broadcast/threads_keep_it_alive",
)
def ctrl_c_caught_with_the_rest(seen: Seen) -> str | None:
    """The main thread is still in the loop, and a clause in it catches all there is."""
    if seen.evidence.symptom != "does-not-stop":
        return None
    here = {frame.line for stack in seen.evidence.stacks if stack.main for frame in stack.owns}
    for handler in seen.source.handlers("", "BaseException", "KeyboardInterrupt"):
        loop = loop_around(seen.source, handler)
        if not isinstance(loop, ast.While) or not swallows(handler):
            continue
        if seen.source.calls("exit", "_exit", "quit", "kill", inside=handler):
            continue
        if here & set(range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)):
            kind = "except:" if handler.type is None else f"except {ast.unparse(handler.type)}:"
            return seen.at(
                handler,
                f"says `{kind}`, which catches the KeyboardInterrupt of Ctrl-C, too. Then the loop "
                f"of line {loop.lineno} goes on as if nothing had happened.",
            )
    return None


@misconception(
    "a-thread-keeps-it-alive",
    "Python waits for the threads, and they wait for clients",
    think="Who tells the threads that it is over? Does Ctrl-C reach them?",
    read=CTRL_C,
    proofs=("01_echo/threads_keep_it_alive", "02_broadcast/threads_keep_it_alive"),
    unlike="02_broadcast/bare_except",
)
def a_thread_keeps_it_alive(seen: Seen) -> str | None:
    """The main thread is in the interpreter's last step, and a thread of the file still waits."""
    if seen.evidence.symptom not in ("does-not-stop", "no-exit"):
        return None
    over = any(
        frame.function in ("_shutdown", "server_close")
        for stack in seen.evidence.stacks
        for frame in stack.frames
    )
    others = [stack.own for stack in seen.evidence.stacks if stack.own and not _closing(stack)]
    if not over or not others or not others[0]:
        return None
    where = others[0].line
    for thread in seen.source.threads():
        if not is_daemon(seen.source, thread):
            return seen.at(
                thread,
                f"starts a thread that Python waits for at the end, and that thread waits in line "
                f"{where}. Ctrl-C reaches the main thread only.",
            )
    for kind in seen.source.all(ast.ClassDef):
        threading = any("Threading" in ast.unparse(base) for base in kind.bases)
        sets = any("daemon_threads" in ast.unparse(one) for one in kind.body)
        if threading and not sets:
            return seen.at(
                kind,
                f"waits at its end for the threads of all clients: its daemon_threads is not set. "
                f"One of them waits in line {where}.",
            )
    return None


def _closing(stack: Stack) -> bool:
    return any(frame.function in ("_shutdown", "server_close") for frame in stack.frames)


@misconception(
    "ctrl-c-not-caught",
    "nothing catches the KeyboardInterrupt of Ctrl-C",
    think="Where can the main thread be when somebody presses Ctrl-C? What is around that line?",
    read={**CTRL_C, 3: "The client", 4: "The client"},
    proofs=("01_echo/ctrl_c_traceback", "02_broadcast/typical_tutorial"),
    unlike="01_echo/ctrl_c_is_an_error",
)
def ctrl_c_not_caught(seen: Seen) -> str | None:
    """The last traceback is a KeyboardInterrupt that came through a line of the file."""
    if seen.evidence.symptom != "traceback" or not seen.evidence.raised:
        return None
    error = seen.evidence.raised[-1]
    if error.kind != "KeyboardInterrupt" or not error.own:
        return None
    calls = [one for one in seen.source.all(ast.Call) if one.lineno == error.own.line]
    names = [WAITING[called(one)] for one in calls if called(one) in WAITING]
    while_in = f", here while the program waits in {names[0]}" if names else " here"
    if any(name in ("connect()", "create_connection()") for name in names):
        while_in = ", here while it is still connecting"
    text = seen.source.line(error.own.line)
    if text.startswith(("import ", "from ")):
        while_in = ", here while it is still importing"
    return seen.at(
        error.own,
        f"is where Ctrl-C raised KeyboardInterrupt{while_in}. No try around that line catches it, "
        "so Python prints a traceback.",
    )


@misconception(
    "serve-forever-waits-for-clients",
    "serve_forever() waits for the clients before it ends",
    think="What has to end before serve_forever() of asyncio returns?",
    read=CTRL_C,
    proofs=(),
)
def serve_forever_waits(seen: Seen) -> str | None:
    """asyncio's server was cancelled by Ctrl-C, and a client is still connected.

    See https://docs.python.org/3/library/asyncio-eventloop.html, Server.wait_closed(): since 3.12.1
    it waits until all connections are dropped.
    """
    if seen.evidence.symptom != "does-not-stop":
        return None
    calls = [one for one in seen.source.calls("serve_forever") if _awaited(seen, one)]
    joined = any(event.kind == "connect" for event in seen.evidence.events)
    inside = any(
        frame.function in ("run_until_complete", "run_forever")
        for stack in seen.evidence.stacks
        for frame in stack.frames
    )
    if not calls or not joined or not inside:
        return None
    return seen.at(
        calls[0],
        "ends on Ctrl-C only after every client has gone: serve_forever() closes the server and "
        "then waits for its connections. Nobody closes these.",
    )


def _awaited(seen: Seen, call: ast.Call) -> bool:
    return isinstance(seen.source.parents.get(call), ast.Await)


@misconception(
    "ctrl-c-status",
    "Ctrl-C ends the program with a status that means an error",
    think="Is Ctrl-C an error here? Which exit status says so?",
    read=CTRL_C,
    proofs=("01_echo/ctrl_c_is_an_error",),
    unlike="01_echo/ctrl_c_traceback",
)
def ctrl_c_status(seen: Seen) -> str | None:
    """The status is not 0, and an except clause for KeyboardInterrupt ends with that status."""
    if seen.evidence.symptom != "wrong-status" or not seen.evidence.status:
        return None
    for handler in seen.source.handlers("KeyboardInterrupt", "", "BaseException"):
        for call in seen.source.calls("exit", "_exit", "end", "leave", inside=handler):
            value = constant(argument(call, 0))
            text = isinstance(value, str) or isinstance(argument(call, 0), ast.JoinedStr)
            if text or (isinstance(value, int) and value == seen.evidence.status):
                why = "with a text, which means status 1" if text else f"with status {value}"
                return seen.at(
                    call,
                    f"ends the program {why} after Ctrl-C. Ctrl-C is a normal way to end it: the "
                    "contract wants status 0.",
                )
    return None


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
    "end-of-input-not-told",
    "the server is not told that the input has ended",
    think="How does the server learn that nothing more will come from you?",
    read=CLIENT,
    proofs=("01_echo/client_never_says_it_is_done",),
    unlike="01_echo/client_closes_at_once",
)
def end_of_input_not_told(seen: Seen) -> str | None:
    """The server waits for the end, the client waits for the server; it never calls shutdown()."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom not in ("no-end", "no-exit"):
        return None
    tells = seen.source.calls("shutdown", "close", "write_eof")
    sockets = {owner(piece.call) for piece in pieces(seen.source)}
    withs = [item.context_expr for node in seen.source.all(ast.With) for item in node.items]
    closed = any("connect" in ast.unparse(one) or ast.unparse(one) in sockets for one in withs)
    if tells or closed:
        return None
    own = lane(seen.evidence)
    ended = events_of(seen.evidence, "end", "half-close", "reset")
    if any(one.source != own or one.kind == "end" for one in ended):
        return None
    for stack in seen.evidence.stacks:
        call = _call_of(seen, stack, "recv", "join")
        bell = call is not None and constant(argument(call, 0)) == 1
        if stack.main and call is not None and not bell:
            return seen.at(
                call,
                f"waits in {called(call)}() after the end of input. The server waits, too: nothing "
                "has told it that no more will come. A half-close says so.",
            )
    return None


def _call_of(seen: Seen, stack: Stack, *names: str) -> ast.Call | None:
    """The call in which a thread stands, as far as its innermost line of the file shows."""
    if not stack.own:
        return None
    return next((one for one in seen.source.calls(*names) if one.lineno == stack.own.line), None)


@misconception(
    "ends-before-the-rest-has-come",
    "the client ends while lines for it are still on their way",
    think="What can still arrive after your half-close? Who waits for it?",
    read=CLIENT,
    proofs=("04_nicknames/closes_in_the_receivers_face", "01_echo/client_loses_the_last_reply"),
    unlike="01_echo/client_never_says_it_is_done",
)
def ends_before_the_rest(seen: Seen) -> str | None:
    """The client ended with status 0 at the end of input, and a line was still to be printed."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom not in ("exited", "no-output"):
        return None
    if seen.evidence.status != 0 or "end" not in seen.evidence.check or seen.evidence.raised:
        return None
    if closed := _closes_at_the_end(seen):
        return closed
    for half in seen.source.calls("shutdown"):
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
        if not reads and not rest_waits and daemons:
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
    proofs=("01_echo/client_ends_without_a_word",),
    unlike="01_echo/client_never_says_it_is_done",
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
                "leaves when the server has ended, and says nothing about it. A line on standard "
                "error and a status other than 0 belong to that.",
            )
    return None


@misconception(
    "error-with-status-0",
    "the error is caught, and the status says that all is well",
    think="What does a script that starts your program learn from its exit status?",
    read={**CLIENT, 1: "When a connection breaks"},
    proofs=("01_echo/client_no_server_status", "01_echo/client_ends_without_a_word"),
    unlike="01_echo/client_says_it_on_standard_output",
)
def error_with_status_0(seen: Seen) -> str | None:
    """The status is 0 where there is no server, and an except clause neither exits nor raises."""
    about = "no-server" in seen.evidence.check or "lost" in seen.evidence.check
    if seen.evidence.program != "client.py" or not about or seen.evidence.status != 0:
        return None
    if seen.evidence.symptom not in ("wrong-status", "no-message"):
        return None
    kinds = {"OSError", "ConnectionError", "ConnectionRefusedError", "Exception", "", "error"}
    found = [
        handler
        for handler in seen.source.all(ast.ExceptHandler)
        if set(caught(handler)) & kinds
        and _around(seen, handler, "no-server" in seen.evidence.check)
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
                "says that there is no server, but not where. Host and port belong into the "
                "message.",
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


@misconception(
    "nobody-listens-while-typing",
    "while the program waits for the keyboard nobody listens to the server",
    think="What must happen at the same time? How many things can one thread wait for?",
    read={3: "A failure first", 4: "The client"},
    proofs=("03_threads/input_blocks_the_listening", "04_nicknames/deaf_while_it_asks_for_a_name"),
    unlike="03_threads/goes_on_after_the_end",
)
def nobody_listens_while_typing(seen: Seen) -> str | None:
    """The only thread waits for a typed line, and the server has sent something, or has ended."""
    if seen.evidence.program != "client.py" or seen.evidence.lesson not in (3, 4):
        return None
    if seen.evidence.symptom not in ("no-output", "no-exit", "silent"):
        return None
    stacks = seen.evidence.stacks
    if len(stacks) != 1 or not stacks[0].own or not _before_the_threads(seen, stacks[0]):
        return None
    last = events_of(seen.evidence, "data", "end", "reset")[-1:]
    if not last or last[0].source == lane(seen.evidence):
        return None
    text = seen.source.line(stacks[0].own.line)
    if not any(word in text for word in ("input(", "stdin", "readline(")):
        return None
    what = "sends" if last[0].kind == "data" else "has ended"
    rest = "what the server sends" if what == "sends" else "that the server has gone"
    return seen.at(
        stacks[0].own,
        f"waits for a typed line, and it is the only thread. So nobody notices {rest} before "
        "somebody presses Enter.",
    )


def _before_the_threads(seen: Seen, stack: Stack) -> bool:
    """Whether no thread has been started yet where the main thread stands, as the file shows."""
    threads = seen.source.threads()
    later = [
        thread
        for thread in threads
        for frame in stack.owns
        if (scope := seen.source.function_of(thread)) is not None
        and scope is seen.source.function_at(frame.line)
        and thread.lineno > frame.line
    ]
    return len(later) == len(threads)


@misconception(
    "only-the-receiving-thread-ends",
    "the receiving thread ends, and the main thread waits for the keyboard",
    think="Which thread ends there? Which one keeps the program alive?",
    read={3: "The client", 4: "The client"},
    proofs=("03_threads/exit_ends_only_the_thread",),
    unlike="03_threads/input_blocks_the_listening",
)
def only_the_receiving_thread_ends(seen: Seen) -> str | None:
    """The server has ended, the thread that receives too; the main thread waits for a line."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "no-exit":
        return None
    stacks = seen.evidence.stacks
    ended = [one for one in events_of(seen.evidence, "end", "reset") if one.source == "server"]
    if len(stacks) != 1 or not stacks[0].main or not stacks[0].own or not ended:
        return None
    text = seen.source.line(stacks[0].own.line)
    if not any(word in text for word in ("input(", "stdin", "readline(")):
        return None
    for thread in seen.source.threads():
        target = argument(thread, 1, "target")
        function = seen.source.function(ast.unparse(target).rpartition(".")[2]) if target else None
        if function is None or _before_the_threads(seen, stacks[0]):
            continue
        exits = seen.source.calls("exit", "quit", inside=function)
        if exits and seen.source.calls("recv", inside=function):
            return seen.at(
                exits[0],
                f"ends only the thread in which it stands. The main thread waits for a typed line "
                f"in line {stacks[0].own.line}, and keeps the program alive.",
            )
    return None


@misconception(
    "waits-for-a-reply-to-each-line",
    "the client waits for a reply after each line",
    think="Must somebody answer before you may say the next thing?",
    read={3: "A failure first", 4: "The client"},
    proofs=(),
)
def waits_for_a_reply(seen: Seen) -> str | None:
    """The only thread waits in recv(), in the loop that reads the keyboard; a line was to come."""
    if seen.evidence.program != "client.py" or seen.evidence.lesson not in (3, 4):
        return None
    if seen.evidence.symptom not in ("silent", "no-end") or len(seen.evidence.stacks) != 1:
        return None
    call = _call_of(seen, seen.evidence.stacks[0], "recv")
    loop = loop_around(seen.source, call) if call is not None else None
    if call is None or loop is None:
        return None
    reads = [one for one in seen.source.all(ast.Call, loop) if called(one) in ("input", "readline")]
    typed = "stdin" in ast.unparse(loop).split("\n")[0]
    if not reads and not typed:
        return None
    return seen.at(
        call,
        "waits in recv() for a reply before the next line can be typed. In a chat nobody has to "
        "answer, so it may wait for ever.",
    )
