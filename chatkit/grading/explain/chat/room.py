"""The room: who gets a line, and how often."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import loop_around, mentions
from chatkit.grading.explain.questions.headings import COMING
from chatkit.grading.explain.questions.sharing import accept_loops, calls_at, target
from chatkit.grading.explain.questions.source import called, owner
from chatkit.grading.explain.questions.wire import joined, told_by, told_to, wanted

OTHERS = {2: "To everyone else", 3: "An outbox for each client", 4: "Who says what"}
SENDS = ("send", "sendall", "put", "put_nowait", "write", "append", "say")


def _loops_over_clients(seen: Seen) -> list[ast.For]:
    """The loops that send something to whatever they go through."""
    found = []
    for loop in seen.source.all(ast.For):
        names = [one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)]
        sends = any(
            any(mentions(call, name) for name in names) and _sends(seen, call)
            for call in seen.source.all(ast.Call, loop)
        ) or any(
            any(mentions(one.target, name) for name in names)
            for one in seen.source.all(ast.AugAssign, loop)
        )
        lines = any(re.match(r"line|text|data|mess|msg|word|part|piece", name) for name in names)
        if sends and not lines:
            found.append(loop)
    return found


def _sends(seen: Seen, call: ast.Call) -> bool:
    if called(call) in SENDS:
        return True
    function = seen.source.function(called(call))
    return function is not None and bool(seen.source.calls(*SENDS, inside=function))


@misconception(
    "sent-to-its-sender-too",
    "the loop leaves nobody out, not even who said it",
    think="Which clients does this loop go through? Who should not get the line?",
    read=OTHERS,
    proofs=("02_broadcast/sends_to_all", "04_nicknames/sender_hears_itself"),
    unlike="04_nicknames/newcomer_hears_its_own_notice",
)
def sent_to_its_sender(seen: Seen) -> str | None:
    """A line came back to who had sent it, by a loop without any condition about who it is."""
    if seen.evidence.program != "server.py" or seen.evidence.symptom not in (
        "unexpected",
        "duplicate",
    ):
        return None
    who = seen.evidence.expected.removeprefix("nothing for ").partition(":")[0]
    got = b"".join(one.start for one in told_by(seen.evidence, who)[-1:]).split(b"\n")[0]
    words = got.rpartition(b": ")[2]
    sent = [
        line for one in told_to(seen.evidence) if one.who == who for line in one.start.split(b"\n")
    ]
    notice = got.strip().endswith((b"connected to the server!", b"has left the chat."))
    if notice or not words or words not in sent:
        return None
    everybody = [loop for loop in _loops_over_clients(seen) if not _leaves_out(seen, loop)]
    notices = ("connected to the server", "has left the chat")
    chat = [one for one in everybody if not any(word in ast.unparse(one) for word in notices)]
    if len(chat) != 1:
        return None
    return seen.at(
        chat[0],
        "sends to everybody that this loop goes through, and the one who said it is among them. "
        "Nothing here leaves the sender out.",
    )


def _leaves_out(seen: Seen, loop: ast.For) -> bool:
    """Whether a loop asks who it is, or goes through a set without somebody."""
    for one in ast.walk(loop):
        if not isinstance(one, ast.If | ast.IfExp) or _asks_how_many(one.test):
            continue
        if not isinstance(
            one.test, ast.Name | ast.Attribute
        ):  # `if client.name:` leaves nobody out
            return True
    return not isinstance(loop.iter, ast.Name | ast.Attribute) and not (
        isinstance(loop.iter, ast.Call)
        and called(loop.iter) in ("values", "list", "keys", "items", "copy", "tuple")
    )


def _asks_how_many(test: ast.expr) -> bool:
    """Whether a condition only compares a number: how many bytes wait, for example."""
    return isinstance(test, ast.Compare) and isinstance(
        test.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE
    )


@misconception(
    "only-the-first-gets-it",
    "the loop ends after the first client",
    think="How often does the body of this loop run?",
    read=OTHERS,
    proofs=("02_broadcast/first_only",),
    unlike="02_broadcast/last_only",
)
def only_the_first(seen: Seen) -> str | None:
    """One got the line and another did not; behind the sending stands a return or a break."""
    if not _one_of_several(seen):
        return None
    for loop in _loops_over_clients(seen):
        for node in ast.walk(loop):
            block = getattr(node, "body", None)
            if not isinstance(block, list) or isinstance(node, ast.ExceptHandler):
                continue
            if not isinstance(block[-1], ast.Return | ast.Break):
                continue
            if loop_around(seen.source, block[-1]) is not loop:
                continue
            before = ast.Module(body=block[:-1], type_ignores=[])
            sends = [one for one in ast.walk(before) if isinstance(one, ast.Call)]
            adds = any(isinstance(one, ast.AugAssign) for one in ast.walk(before))
            if adds or any(_sends(seen, one) for one in sends):
                return seen.at(
                    block[-1],
                    f"leaves the loop of line {loop.lineno} as soon as the first one has got the "
                    "line. All the others get nothing.",
                )
    return None


def _one_of_several(seen: Seen) -> bool:
    """Whether the missing line went to somebody else, and its receiver got nothing."""
    want = wanted(seen.evidence)
    if want is None or seen.evidence.symptom not in ("silent", "lost"):
        return False
    body = want[1].rstrip(b"\n")
    return any(body in one.start and one.to != want[0] for one in told_by(seen.evidence))


@misconception(
    "only-the-last-gets-it",
    "the sending comes after the loop",
    think="Which client does the variable of the loop name when the loop is over?",
    read=OTHERS,
    proofs=("02_broadcast/last_only",),
    unlike="02_broadcast/first_only",
)
def only_the_last(seen: Seen) -> str | None:
    """The variable of a loop, which itself sends nothing, is used for sending behind it."""
    if not _one_of_several(seen):
        return None
    for loop in seen.source.all(ast.For):
        if not isinstance(loop.target, ast.Name) or any(
            _sends(seen, one) for one in seen.source.all(ast.Call, loop)
        ):
            continue
        around = seen.source.parents.get(loop)
        block = getattr(around, "body", [])
        behind = [one for one in block if one.lineno > loop.lineno] if loop in block else []
        for statement in behind:
            for call in seen.source.all(ast.Call, statement):
                if _sends(seen, call) and mentions(call.func, loop.target.id):
                    return seen.at(
                        call,
                        f"comes after the loop of line {loop.lineno}, where {loop.target.id} is "
                        "the last one. So only the last one gets the line.",
                    )
    return None


@misconception(
    "listed-twice",
    "a newcomer is put into the collection twice",
    think="How many entries are there after one client has come?",
    read=COMING,
    proofs=("02_broadcast/listed_twice",),
    unlike="04_nicknames/says_goodbye_twice",
)
def listed_twice(seen: Seen) -> str | None:
    """A line came twice, and two lines append to the list that the sending loop goes through."""
    if seen.evidence.symptom != "duplicate" or not _loops_over_clients(seen):
        return None
    lists = {ast.unparse(loop.iter) for loop in _loops_over_clients(seen)}
    for name in sorted(lists):
        puts = [
            one
            for one in seen.source.calls("append")
            if owner(one) == name and not any(True for _ in seen.source.around(one, ast.If))
        ]
        if len(puts) == 2:
            return seen.at(
                puts[1],
                f"puts the newcomer into {name} for the second time: line {puts[0].lineno} does it "
                "as well. A client that is in there twice gets everything twice.",
            )
    return None


@misconception(
    "old-lines-are-sent-again",
    "newcomers get what was said before",
    think="Why are the old lines kept?",
    read=COMING,
    proofs=("02_broadcast/replays_the_past",),
    unlike="02_broadcast/listed_twice",
)
def old_lines_again(seen: Seen) -> str | None:
    """A newcomer got lines from before, and the accepting code loops over what is kept."""
    if seen.evidence.symptom != "unexpected" or seen.evidence.check != "late-joiner":
        return None
    kept = {owner(one) for one in seen.source.calls("append", "appendleft")}
    for loop in seen.source.all(ast.For):
        if ast.unparse(loop.iter) not in kept or not _accepts(seen, loop):
            continue
        return seen.at(
            loop,
            f"sends {ast.unparse(loop.iter)} to somebody who has just come. A newcomer gets what "
            "is said from now on, and nothing older.",
        )
    return None


@misconception(
    "one-thread-waits-to-send",
    "the only thread waits until one client reads",
    think="What does sendall() do while the other side does not read? Who else waits then?",
    read={2: "Nobody waits for anybody"},
    proofs=("02_broadcast/readline_in_select",),
    unlike="02_broadcast/blocking_send",
)
def one_thread_waits_to_send(seen: Seen) -> str | None:
    """There is one thread, and it stands in a send to somebody who does not read."""
    evidence = seen.evidence
    if evidence.program != "server.py" or evidence.symptom not in ("stuck", "silent"):
        return None
    if len(evidence.stacks) != 1 or len(joined(evidence)) < 2:
        return None
    for call in calls_at(seen.source, evidence.stacks[0].own, "sendall", "send"):
        if evidence.stacks[0].frames[0] == evidence.stacks[0].own:
            return seen.at(
                call,
                f"waits in {called(call)}() until one client reads. This is the only thread, so "
                "nobody else is looked after meanwhile.",
            )
    return None


@misconception(
    "drain-in-the-loop",
    "a loop over all clients waits in drain() for each of them",
    think="What does drain() do while one client does not read? Who comes after it in the loop?",
    read={2: "Nobody waits for anybody", 6: "An outbox for each client"},
    proofs=("06_asyncio/waits_for_everybody",),
    unlike="02_broadcast/serve_forever_waits",
)
def drain_in_the_loop(seen: Seen) -> str | None:
    """Somebody did not read, the others got nothing, and a loop awaits drain() of each one."""
    if seen.evidence.check != "stuck-reader" or seen.evidence.program != "server.py":
        return None
    if seen.evidence.symptom not in ("silent", "stuck", "lost"):
        return None
    for wait in seen.source.all(ast.Await):
        loop = loop_around(seen.source, wait)
        drains = isinstance(wait.value, ast.Call) and called(wait.value) == "drain"
        if drains and isinstance(loop, ast.For):
            return seen.at(
                wait,
                f"waits in drain() for one client after the other, in the loop of line "
                f"{loop.lineno}. When one of them does not read, drain() does not come back, and "
                "the others get nothing.",
            )
    return None


def _accepts(seen: Seen, node: ast.AST) -> bool:
    scope = seen.source.function_of(node) or seen.source.tree
    return bool(seen.source.calls("accept", inside=scope))


@misconception(
    "waits-for-one-client",
    "the thread that lets clients in waits for one of them",
    think="Who looks after all the others while this line waits?",
    read={2: "One thread, many sockets", 3: "A thread for each client", 4: "Many at once"},
    proofs=("02_broadcast/waits_for_the_line_end", "04_nicknames/handshake_in_the_accept_loop"),
    unlike="02_broadcast/five_workers",
)
def waits_for_one_client(seen: Seen) -> str | None:
    """The main thread stands in recv() or readline(), called from the code that accepts."""
    if seen.evidence.program != "server.py" or seen.evidence.symptom not in (
        "silent",
        "no-connect",
    ):
        return None
    if seen.evidence.lesson == 1 or len(joined(seen.evidence)) < 2:
        return None
    for stack in seen.evidence.stacks:
        owns = stack.owns
        if not stack.main or not owns:
            continue
        here = calls_at(seen.source, owns[0], "recv", "readline", "join")
        scopes = [seen.source.function_at(frame.line) or seen.source.tree for frame in owns]
        accepts = [
            call
            for scope in scopes
            for call in seen.source.calls("accept", inside=scope)
            if not any(call.lineno == frame.line for frame in owns)
        ]
        makes = [c for frame in owns for c in calls_at(seen.source, frame, "Thread", "run")]
        if any(called(c) == "run" or isinstance(target(c), ast.Call) for c in makes):
            continue  # it should be in a thread of its own: that says more
        joins = bool(here) and called(here[0]) == "join"
        if joins and not any(here[0] in ast.walk(loop) for loop in accept_loops(seen.source)):
            continue
        if here and accepts:
            whom = "the thread of one client" if joins else "one client"
            return seen.at(
                here[0],
                f"waits in {called(here[0])}() for {whom}, in the thread that lets all clients in "
                f"(line {accepts[0].lineno}). Nobody else is looked after meanwhile.",
            )
    return None
