"""The ready line: others wait for it, so its words, its place and its time matter."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import Source, constant, keyword
from chatkit.grading.explain.starting.addresses import any_port, fixed_port, no_bind
from chatkit.grading.explain.starting.starting import STARTING

WORDS = "Server running on "
LIKE_IT = ("running", "listening", "started", "waiting", "ready", "server", "port")
LOGS = ("info", "warning", "error", "debug", "critical", "log")
THINK = "Compare it with the line that is expected, character by character."


def texts(node: ast.AST) -> list[str]:
    """The constant texts in an expression."""
    found = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return [one for one in found if isinstance(one, str)]


def announces(source: Source, *names: str) -> list[ast.Call]:
    """The calls of these that name the ready line's own words."""
    return [
        call
        for call in source.calls(*names)
        if any(WORDS.strip() in text for one in call.args for text in texts(one))
    ]


def out_of_reach(seen: Seen) -> bool:
    """Whether nobody can talk to it anyway: that comes first."""
    return any(told(seen) for told in (fixed_port, any_port, no_bind))


def printed_by(seen: Seen, line: str) -> ast.Call | None:
    """The print() that printed a line: the only one with a text that is in the line."""
    found = []
    for call in seen.source.calls("print"):
        parts = [text.strip() for one in call.args for text in texts(one)]
        if any(len(part) > 3 and part in line for part in parts):
            found.append(call)
    return found[0] if len(found) == 1 else None


@misconception(
    "ready-line-not-flushed",
    "the ready line is printed without flush=True",
    think="When does a printed line leave the program, if its output is a pipe?",
    read=STARTING,
    proofs=("01_echo/ready_line_not_flushed",),
    unlike="01_echo/ready_line_is_missing",
)
def ready_line_not_flushed(seen: Seen) -> str | None:
    """See https://docs.python.org/3/library/functions.html#print."""
    call = _unflushed(seen)
    if call is None or out_of_reach(seen):
        return None
    exact = call in announces(seen.source, "print")
    return seen.at(
        call,
        f"prints {'the ready line' if exact else 'a line'} without flush=True. Into a pipe Python "
        f"sends printed lines only when many have come together, so nobody has read it.",
    )


def _unflushed(seen: Seen) -> ast.Call | None:
    """A print() that has run, as the stacks tell, and was not flushed."""
    source, evidence = seen.source, seen.evidence
    if evidence.symptom != "no-ready-line" or evidence.output or source.calls("flush"):
        return None
    if source.calls("reconfigure", "fdopen", "TextIOWrapper"):
        return None
    frames = [frame for stack in evidence.stacks if stack.main for frame in stack.owns]
    for call in source.calls("print"):
        flush = keyword(call, "flush")
        if (flush is not None and constant(flush) is not False) or keyword(call, "file"):
            continue
        words = " ".join(text for one in call.args for text in texts(one)).lower()
        if not any(word in words for word in LIKE_IT) or _in_branch(source, call):
            continue
        function = source.function_of(call)
        # It has run when its function stands behind it, or is over: then others stand elsewhere.
        here = [frame for frame in frames if source.function_at(frame.line) is function]
        if any(frame.line > call.lineno for frame in here):
            return call
    return None


def _in_branch(source: Source, call: ast.Call) -> bool:
    branches = (ast.If, ast.For, ast.While, ast.ExceptHandler)
    for outer in source.around(call):
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        if isinstance(outer, branches) and "__name__" not in ast.unparse(outer).partition(":")[0]:
            return True
    return False


@misconception(
    "ready-line-missing",
    "no ready line is printed",
    think="How can another program know that the server can be connected to now?",
    read=STARTING,
    proofs=("01_echo/ready_line_is_missing",),
    unlike="01_echo/ready_line_not_flushed",
)
def ready_line_missing(seen: Seen) -> str | None:
    """It listens, has printed nothing, and no line of the file could."""
    source, evidence = seen.source, seen.evidence
    if evidence.symptom != "no-ready-line" or evidence.output or out_of_reach(seen):
        return None
    quiet = not any("running on" in text.lower() for text in texts(source.tree))
    if not quiet or _unflushed(seen) or WORDS in evidence.errors:
        return None
    for call in source.calls("listen", "create_server", "serve_forever", "start_server"):
        return seen.at(
            call,
            f'makes the server ready, and no line of the file prints "{WORDS}HOST:PORT". Others '
            "wait for this line.",
        )
    return None


@misconception(
    "ready-line-on-stderr",
    "the ready line goes to standard error",
    think="Which stream does print() write to? Which one does your line go to?",
    read=STARTING,
    proofs=("01_echo/ready_line_by_logging",),
    unlike="01_echo/ready_line_is_missing",
)
def ready_line_on_stderr(seen: Seen) -> str | None:
    """It was read there."""
    evidence = seen.evidence
    if evidence.symptom not in ("no-ready-line", "other-ready-line") or out_of_reach(seen):
        return None
    if WORDS not in evidence.errors:
        return None
    for call in announces(seen.source, "print", "write", *LOGS):
        logs = ast.unparse(call.func).rpartition(".")[2] in LOGS
        who = "logging writes" if logs else "this call writes"
        return seen.at(
            call,
            f"gives out the ready line, but {who} to standard error. Others read standard output.",
        )
    return None


@misconception(
    "ready-line-spaces",
    "print() puts spaces into the ready line",
    think=THINK,
    read=STARTING,
    proofs=("01_echo/spaces_in_the_ready_line",),
    unlike="01_echo/ready_line_in_other_words",
)
def ready_line_spaces(seen: Seen) -> str | None:
    """print() puts a space between its arguments, unless sep says otherwise."""
    line = _other_line(seen)
    if not re.search(r"Server running on\s+\S+( +:|: +)", line):
        return None
    for call in announces(seen.source, "print"):
        if len(call.args) > 1 and keyword(call, "sep") is None:
            return seen.at(
                call,
                f'printed "{line}". print() puts a space between its arguments, and in the '
                "expected line there is none around the colon.",
            )
    return None


def _other_line(seen: Seen) -> str:
    """The line that came instead of the ready line; the one that looks most like it."""
    if seen.evidence.symptom != "other-ready-line" or out_of_reach(seen):
        return ""
    lines = [line.strip() for line in seen.evidence.output.splitlines() if line.strip()]
    return max(lines, key=lambda line: _likeness(line.lower()), default="")


def _likeness(line: str) -> int:
    return sum(word in line for word in LIKE_IT)


@misconception(
    "ready-line-tuple",
    "the ready line shows the address as Python writes a tuple",
    think=THINK,
    read=STARTING,
    proofs=("01_echo/ready_line_shows_a_tuple",),
    unlike="01_echo/spaces_in_the_ready_line",
)
def ready_line_tuple(seen: Seen) -> str | None:
    """getsockname() returns a tuple."""
    line = _other_line(seen)
    found = re.search(r"\('[\w.]*', \d+\)", line)
    if not found:
        return None
    printed = printed_by(seen, line)
    sentence = (
        f"the address is a tuple of host and port, and was printed as one: {found[0]}. The ready "
        'line has the two with only a colon between them: "HOST:PORT".'
    )
    return seen.at(printed, f"printed the ready line, but {sentence}") if printed else None


@misconception(
    "ready-line-in-other-words",
    "the ready line has other words",
    think=THINK,
    read=STARTING,
    proofs=("01_echo/ready_line_in_other_words",),
    unlike="01_echo/spaces_in_the_ready_line",
)
def ready_line_in_other_words(seen: Seen) -> str | None:
    """A line was printed, and it is not the expected one."""
    line = _other_line(seen)
    if not line or ready_line_spaces(seen) or ready_line_tuple(seen):
        return None
    call = printed_by(seen, line)
    if call is None or _likeness(line.lower()) == 0 or WORDS in seen.evidence.errors:
        return None
    return seen.at(
        call,
        f'printed "{line[:60]}". Others look for the line "{WORDS}HOST:PORT", in exactly these '
        "words, with the host as it was given and the real port.",
    )


@misconception(
    "ready-before-listen",
    "the ready line comes before listen()",
    think="After which line can somebody connect?",
    read=STARTING,
    proofs=("01_echo/ready_before_listen",),
)
def ready_before_listen(seen: Seen) -> str | None:
    """Both stand in one function, in the wrong order."""
    source = seen.source
    if seen.evidence.symptom != "too-early":
        return None
    for call in announces(source, "print"):
        for listen in source.calls("listen", "create_server", "serve_forever"):
            same = source.function_of(call) is source.function_of(listen)
            if same and call.lineno < listen.lineno:
                return seen.at(
                    call,
                    f"prints the ready line, and the server listens only from line {listen.lineno} "
                    "on. A client that comes in between is refused.",
                )
    return None


@misconception(
    "prints-the-given-port",
    "the ready line names the port of the command line, not the real one",
    think="Which port does the server have when it is started with --port 0?",
    read=STARTING,
    proofs=("01_echo/prints_the_given_port",),
    unlike="01_echo/listens_on_any_port",
)
def prints_the_given_port(seen: Seen) -> str | None:
    """It printed 0, and 0 is no port that anybody can connect to."""
    if seen.evidence.symptom != "wrong-ready-line" or not seen.evidence.received.endswith(":0"):
        return None
    for call in announces(seen.source, "print"):
        if "getsockname" not in ast.unparse(call):
            return seen.at(
                call,
                "prints the port that was given. With --port 0 the system chooses one, and only "
                "the socket knows it: ask getsockname().",
            )
    return None


@misconception(
    "ready-line-is-fixed",
    "the host or the port is written into the ready line",
    think="Start the server with another --host and --port. What does it print?",
    read=STARTING,
    proofs=("01_echo/ready_line_is_written_in",),
    unlike="01_echo/prints_the_given_port",
)
def ready_line_is_fixed(seen: Seen) -> str | None:
    """A constant text of the print() holds what was printed wrongly."""
    evidence = seen.evidence
    if evidence.symptom != "wrong-ready-line" or out_of_reach(seen):
        return None
    host, _, port = evidence.received.removeprefix(WORDS).partition(":")
    right_host, _, right_port = evidence.expected.removeprefix(WORDS).partition(":")
    for call in announces(seen.source, "print"):
        words = " ".join(text for one in call.args for text in texts(one))
        for what, got, right in (("host", host, right_host), ("port", port, right_port)):
            if got != right and re.search(rf"\b{re.escape(got)}\b", words):
                return seen.at(
                    call,
                    f"prints the {what} {got}, because it is written into the text. It was started "
                    f"with {what} {right}.",
                )
    return None
