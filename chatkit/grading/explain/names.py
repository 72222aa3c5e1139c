"""Names: the handshake of lesson 4, who is called what, and what is told about coming and going."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.flow import (
    cuts_lines,
    inboxes,
    line_ends,
    loop_around,
    pieces,
    tests,
)
from chatkit.grading.explain.source import called, constant, owner
from chatkit.grading.explain.wire import quoted_bytes, said, told_by, told_to

HANDSHAKE = {4: "The handshake"}
RULES = {4: "The rules for a name"}
COMING = {4: "Coming and going"}
CLIENT = {4: "The client", 5: "Starting and the name"}
LEFT = "has left the chat."
CAME = "connected to the server!"


def _texts(seen: Seen, part: str) -> list[ast.Constant]:
    """The texts of the file with `part` in them, apart from docstrings."""
    return [
        node
        for node in seen.source.all(ast.Constant)
        if part in _text(node) and not isinstance(seen.source.parents.get(node), ast.Expr)
    ]


def _text(node: ast.Constant) -> str:
    value = node.value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def _only_printed(seen: Seen, node: ast.AST) -> bool:
    calls = [one for one in seen.source.around(node, ast.Call) if isinstance(one, ast.Call)]
    return any(called(one) in ("print", "info", "debug", "warning") for one in calls)


@misconception(
    "one-recv-is-the-name",
    "what one recv() returns is taken for the whole name",
    think="What is the name when its bytes come one by one?",
    read=HANDSHAKE,
    proofs=("04_nicknames/one_recv_is_the_name",),
    unlike="04_nicknames/what_follows_the_name_is_lost",
)
def one_recv_is_the_name(seen: Seen) -> str | None:
    """A part of a name became the name, and a recv() that no loop repeats gives it."""
    if seen.evidence.lesson < 4 or seen.evidence.program != "server.py":
        return None
    if seen.evidence.check not in ("name-in-pieces", "name-and-chat") or seen.evidence.raised:
        return None
    if seen.evidence.symptom not in ("different-text", "duplicate", "silent", "unexpected"):
        return None
    if not line_ends(seen.source):
        return None  # another entry says so of the whole file
    for piece in pieces(seen.source):
        function = piece.inside
        kept = inboxes(seen.source, piece)
        loop = loop_around(seen.source, piece.call)
        if loop is None and function is not None and kept and _cut_once(seen, function, kept[0][0]):
            return seen.at(
                piece.call,
                "receives once, and what is there then is taken for the whole name. A name can "
                "come in several parts, so wait for its b'\\n'.",
            )
        if piece.decode is not None and not kept and _is_named(seen, piece.name, piece.call):
            return seen.at(
                piece.call,
                "takes what one recv() returns for the name. It may be a part of the name only, or "
                "the name with the first lines behind it.",
            )
    return None


def _cut_once(seen: Seen, function: ast.AST, inbox: str) -> bool:
    cuts = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
    loops = [one for one in ast.walk(function) if isinstance(one, ast.While)]
    asks = any(
        inbox in ast.unparse(test) and "\\n" in ast.unparse(test) for test in tests(function)
    )
    return bool(cuts) and not loops and not asks


def _is_named(seen: Seen, name: str, call: ast.Call) -> bool:
    """Whether a piece is stripped and becomes a name: `name = answer.strip()`."""
    scope = seen.source.function_of(call) or seen.source.tree
    if "name" in name.lower() or "nick" in name.lower():
        return True
    return any(
        "name" in ast.unparse(target).lower() and ast.unparse(assign.value).startswith(f"{name}.")
        for assign in seen.source.all(ast.Assign, scope)
        for target in assign.targets
    )


@misconception(
    "what-follows-the-name-is-lost",
    "the chat begins with an empty inbox, although lines may have come with the name",
    think="What is in the inbox behind the name?",
    read=HANDSHAKE,
    proofs=("04_nicknames/what_follows_the_name_is_lost",),
    unlike="04_nicknames/one_recv_is_the_name",
)
def what_follows_the_name_is_lost(seen: Seen) -> str | None:
    """Lines that came with the name went nowhere, and the same inbox is set to nothing twice."""
    if seen.evidence.check != "name-and-chat" or seen.evidence.symptom not in ("silent", "lost"):
        return None
    for function in seen.source.functions():
        empties = [
            one
            for one in seen.source.all(ast.Assign, function)
            if constant(one.value) in (b"", "") or ast.unparse(one.value) == "bytearray()"
        ]
        for later in empties[1:]:
            name = ast.unparse(later.targets[0])
            again = [one for one in empties if ast.unparse(one.targets[0]) == name]
            cuts = any(
                cuts_lines(one) and name in ast.unparse(one.func) and one.lineno < later.lineno
                for one in seen.source.all(ast.Call, function)
            )
            if cuts and again[0] is not later and loop_around(seen.source, later) is None:
                return seen.at(
                    later,
                    f"empties {name} once the name is known. Lines that came in the same packet as "
                    "the name are in there, and are lost.",
                )
    return None


@misconception(
    "carriage-return-in-the-name",
    "the b'\\r' of telnet becomes a part of the name",
    think="How does telnet end a line? What is left of that behind the name?",
    read=HANDSHAKE,
    proofs=("04_nicknames/name_keeps_the_carriage_return",),
    unlike="04_nicknames/name_rings_the_bell",
)
def carriage_return_in_the_name(seen: Seen) -> str | None:
    """A name was sent with b'\\r\\n', and came out with the b'\\r'."""
    got = quoted_bytes(seen.evidence.received)
    ends = any(one.end.endswith(b"\r\n") for one in told_to(seen.evidence))
    if not got or b"\r " not in got or not ends:
        return None
    cut = [one for one in seen.source.all(ast.Call) if cuts_lines(one)]
    if not cut:
        return None
    return seen.at(
        cut[0],
        "cuts at b'\\n', and a line of telnet ends with b'\\r\\n'. Nothing takes the b'\\r' off, "
        "so it becomes the last character of the name.",
    )


@misconception(
    "name-in-use-is-not-seen",
    "nothing looks whether somebody else has the name",
    think="Where do you find the names that are in use?",
    read=RULES,
    proofs=("04_nicknames/two_people_with_one_name",),
    unlike="04_nicknames/big_and_small_letters_differ",
)
def name_in_use_is_not_seen(seen: Seen) -> str | None:
    """A taken name was accepted as it is, and no condition compares two names."""
    if not seen.evidence.message.endswith("was accepted although it is taken"):
        return None
    for compare in seen.source.all(ast.Compare):
        sides = [ast.unparse(one).lower() for one in (compare.left, *compare.comparators)]
        constants = any(
            isinstance(one, ast.Constant) for one in (compare.left, *compare.comparators)
        )
        equal = isinstance(compare.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn)
        if equal and not constants and any("name" in side or "nick" in side for side in sides):
            return None
    for assign in seen.source.all(ast.Assign):
        value = ast.unparse(assign.value).lower()
        if any(
            isinstance(target, ast.Attribute) and "name" in target.attr for target in assign.targets
        ) and ("name" in value or "nick" in value):
            return seen.at(
                assign,
                "gives somebody the name, and no line of the program compares it with the names "
                "that others have already.",
            )
    return None


@misconception(
    "names-differ-by-case",
    "alice and ALICE count as two names",
    think="When do two names look the same to somebody who reads the chat?",
    read=RULES,
    proofs=("04_nicknames/big_and_small_letters_differ",),
    unlike="04_nicknames/two_people_with_one_name",
)
def names_differ_by_case(seen: Seen) -> str | None:
    """The same name in other letters was accepted, and nothing folds the case."""
    if not seen.evidence.message.endswith("although it is taken, in other letters"):
        return None
    if seen.source.calls("lower", "casefold", "upper"):
        return None
    for compare in seen.source.all(ast.Compare):
        sides = (compare.left, *compare.comparators)
        names = [one for one in sides if "name" in ast.unparse(one).lower()]
        if names and not any(isinstance(one, ast.Constant) for one in sides):
            return seen.at(
                compare,
                "compares names letter by letter, so alice and ALICE are two names for it. For the "
                "contract they are one.",
            )
    return None


@misconception(
    "name-not-printable",
    "a name may hold characters that cannot be printed",
    think="What does the terminal do with the character b'\\x07'?",
    read=RULES,
    proofs=("04_nicknames/name_rings_the_bell",),
    unlike="04_nicknames/two_people_with_one_name",
)
def name_not_printable(seen: Seen) -> str | None:
    """Such a name was accepted, and no method of strings asks what is in it."""
    if not seen.evidence.message.endswith("has a character that cannot be printed"):
        return None
    asks = ("isprintable", "isalnum", "isalpha", "isascii", "isidentifier", "match", "fullmatch")
    if seen.source.calls(*asks, "search", "category", "all", "any"):
        return None
    for compare in seen.source.all(ast.Compare):
        if constant(compare.left) in (" ", ":"):
            return seen.at(
                compare,
                "forbids this character and leaves every other one, also those that cannot be "
                "printed: such a name can ring a bell, or clear the screen.",
            )
    return None


@misconception(
    "name-stays-taken",
    "a name is never free again",
    think="Which line takes the name out again?",
    read=COMING,
    proofs=("04_nicknames/names_are_never_free_again",),
    unlike="04_nicknames/leaves_without_a_word",
)
def name_stays_taken(seen: Seen) -> str | None:
    """Who came back under the old name was refused; names are put in, and never taken out."""
    if seen.evidence.check not in ("leave-notice", "reset-notice"):
        return None
    want = quoted_bytes(seen.evidence.expected)
    if not want or want.strip() != b"Connected to the server":
        return None
    for call in seen.source.calls("add", "append"):
        if not call.args or "name" not in ast.unparse(call.args[0]).lower():
            continue
        where = owner(call).rpartition(".")[2]
        takes = seen.source.calls("remove", "discard", "pop", "clear", "difference_update")
        deletes = [ast.unparse(one) for one in seen.source.all(ast.Delete)]
        if any(owner(one).rpartition(".")[2] == where for one in takes):
            continue
        if any(where in one for one in deletes):
            continue
        return seen.at(
            call,
            f"puts the name into {owner(call)}, and no line takes it out again. So it stays taken "
            "after its owner has left.",
        )
    return None


@misconception(
    "on-the-list-before-it-has-a-name",
    "a newcomer is in the room before it has a name",
    think="From when on may somebody get chat?",
    read=HANDSHAKE,
    proofs=("04_nicknames/on_the_list_before_it_has_a_name",),
    unlike="04_nicknames/newcomer_hears_its_own_notice",
)
def on_the_list_before_its_name(seen: Seen) -> str | None:
    """Somebody without a name got chat, and is put into the collection where it is accepted."""
    if seen.evidence.lesson != 4 or seen.evidence.symptom != "unexpected":
        return None
    got = quoted_bytes(seen.evidence.received) or b""
    nameless = "name" in seen.evidence.expected and b": " in got
    if not nameless:
        return None
    for call in seen.source.calls("append", "add"):
        scope = seen.source.function_of(call) or seen.source.tree
        through = any(ast.unparse(loop.iter) == owner(call) for loop in seen.source.all(ast.For))
        if seen.source.calls("accept", inside=scope) and through:
            return seen.at(
                call,
                f"puts the newcomer into {owner(call)} as soon as it has connected. It has no name "
                "yet, and gets what the others say.",
            )
    return None


@misconception(
    "newcomer-hears-of-itself",
    "the notice about a newcomer goes to the newcomer, too",
    think="Who has to be told that somebody has come?",
    read=COMING,
    proofs=("04_nicknames/newcomer_hears_its_own_notice",),
    unlike="04_nicknames/sender_hears_itself",
)
def newcomer_hears_of_itself(seen: Seen) -> str | None:
    """The notice came to the one whose name is in it, and one line of the file makes it."""
    got = quoted_bytes(seen.evidence.received) or b""
    who = seen.evidence.expected.removeprefix("nothing for ").partition(":")[0]
    if seen.evidence.symptom != "unexpected" or got.strip() != f"{who} {CAME}".encode():
        return None
    texts = [one for one in _texts(seen, CAME) if not _only_printed(seen, one)]
    if len(texts) != 1:
        return None
    return seen.at(
        texts[0],
        "tells everybody that somebody has come, the newcomer as well. It has heard Connected to "
        "the server already: the notice is for the others.",
    )


@misconception(
    "unnamed-leaver-announced",
    "somebody who never had a name is announced",
    think="Who knew that this one was there?",
    read=COMING,
    proofs=("04_nicknames/none_has_left_the_chat",),
    unlike="04_nicknames/says_goodbye_twice",
)
def unnamed_leaver_announced(seen: Seen) -> str | None:
    """A notice came although nobody with a name has left."""
    got = quoted_bytes(seen.evidence.received) or b""
    if seen.evidence.check != "leaves-unnamed" or LEFT.encode() not in got:
        return None
    texts = [one for one in _texts(seen, LEFT) if not _only_printed(seen, one)]
    if len(texts) != 1:
        return None
    return seen.at(
        texts[0],
        "says that somebody has left, also of a visitor who never had a name. Nobody has seen that "
        "one come.",
    )


@misconception(
    "leaving-not-told",
    "nobody is told that somebody has left",
    think="Who sends the notice, and when?",
    read=COMING,
    proofs=("04_nicknames/leaves_without_a_word",),
    unlike="04_nicknames/only_a_clean_leave_is_noticed",
)
def leaving_not_told(seen: Seen) -> str | None:
    """The notice did not come, and the file has no such text, or only prints it."""
    want = quoted_bytes(seen.evidence.expected) or b""
    if seen.evidence.symptom != "silent" or LEFT.encode() not in want or seen.evidence.raised:
        return None
    if seen.evidence.program != "server.py" or not seen.source.lines:
        return None
    texts = _texts(seen, "has left") or _texts(seen, "left")
    if any(not _only_printed(seen, one) for one in texts):
        return None
    if not texts:
        return None
    return seen.at(
        texts[0],
        "prints on the server's own console that somebody has left, and nothing tells the others. "
        "They are to get the line `NAME has left the chat.`",
    )


@misconception(
    "leaving-told-twice",
    "two places tell that somebody has left",
    think="On which ways can somebody leave? Which one place do they all come through?",
    read=COMING,
    proofs=("04_nicknames/says_goodbye_twice",),
    unlike="04_nicknames/none_has_left_the_chat",
)
def leaving_told_twice(seen: Seen) -> str | None:
    """The notice came twice, and two lines of the file send it."""
    got = quoted_bytes(seen.evidence.received) or b""
    if seen.evidence.symptom != "duplicate" or LEFT.encode() not in got:
        return None
    texts = [one for one in _texts(seen, LEFT) if not _only_printed(seen, one)]
    if len(texts) != 2:
        return None
    return seen.at(
        texts[1],
        f"tells the others that somebody has left, and so does line {texts[0].lineno}. One leave "
        "goes through both.",
    )


@misconception(
    "name-in-the-line-believed",
    "the server believes a name that stands in the line",
    think="Who can write `bob: ` in front of a line?",
    read={4: "Who says what"},
    proofs=("04_nicknames/believes_the_name_in_the_line",),
    unlike="04_nicknames/nick_is_always_a_command",
)
def name_in_the_line_believed(seen: Seen) -> str | None:
    """A line with a name in front came through without the true one, and a condition looks so."""
    if seen.evidence.check != "no-impostors" or seen.evidence.symptom != "different-text":
        return None
    for compare in seen.source.all(ast.Compare):
        isin = isinstance(compare.ops[0], ast.In | ast.NotIn)
        text = constant(compare.left)
        if isin and text in (":", ": ", b":", b": ") and _passes(seen, compare):
            return seen.at(
                compare,
                "looks whether a name stands in the line already, and believes it. Anybody can "
                "write one there: the server must put the true name in front of every line.",
            )
    return None


def _passes(seen: Seen, compare: ast.Compare) -> bool:
    """Whether a condition about the line stands where names are put in front, not where they are
    judged."""
    above = seen.source.parents.get(compare)
    if not isinstance(above, ast.If | ast.IfExp):
        return False
    return any(isinstance(one, ast.BinOp | ast.JoinedStr) for one in ast.walk(above))


def _asks_nick(seen: Seen) -> ast.Compare | None:
    """Where a client compares a line with NICK."""
    for compare in seen.source.all(ast.Compare):
        sides = (compare.left, *compare.comparators)
        if any(constant(one) in ("NICK", b"NICK") for one in sides):
            return compare
    return None


@misconception(
    "nick-answered-at-any-time",
    "NICK is answered also when it is chat",
    think="What does the line NICK mean after Connected to the server?",
    read=CLIENT,
    proofs=("04_nicknames/answers_nick_at_any_time", "05_gui/nick_in_chat_is_answered"),
    unlike="04_nicknames/repeats_a_refused_name",
)
def nick_answered_at_any_time(seen: Seen) -> str | None:
    """After the greeting the client was sent NICK, and answered it with its name once more."""
    if seen.evidence.program != "client.py":
        return None
    connected = asked = False
    first = b""
    for one in said(seen.evidence):
        if one.to == "client":
            connected = connected or b"Connected to the server" in one.start
            asked = connected and one.start.endswith(b"NICK\n")
        else:
            first = first or one.start.split(b"\n")[0]
            if asked and first and one.start.strip() == first.strip():
                place = _asks_nick(seen)
                return seen.at(
                    place,
                    "answers the line NICK with the name at any time. Once the server has said "
                    "Connected to the server, it is a line of chat like any other.",
                )
    return None


@misconception(
    "refused-name-sent-again",
    "a name that was refused is sent once more",
    think="What does a second NICK say about the first answer?",
    read=CLIENT,
    proofs=("04_nicknames/repeats_a_refused_name", "05_gui/repeats_a_refused_name"),
    unlike="04_nicknames/answers_nick_at_any_time",
)
def refused_name_sent_again(seen: Seen) -> str | None:
    """NICK came twice before the greeting, and both times the same name went back."""
    if seen.evidence.program != "client.py" or "refused" not in seen.evidence.check:
        return None
    told = b"".join(one.start for one in told_to(seen.evidence))
    names = b"".join(one.start for one in told_by(seen.evidence)).split(b"\n")[:-1]
    if b"Connected to the server" in told or told.count(b"NICK") < 2 or len(names) < 2:
        return None
    place = _asks_nick(seen)
    if names[0] != names[1] or place is None:
        return None
    return seen.at(
        place,
        "answers every NICK alike, so a name that the server has just refused is sent once more. A "
        "second NICK means: not this name.",
    )


@misconception(
    "sent-before-connected",
    "typed lines are sent before the server has said Connected",
    think="From when on is a line that you send a line of chat?",
    read=CLIENT,
    proofs=("04_nicknames/types_before_it_is_connected",),
    unlike="04_nicknames/any_line_asks_for_the_name",
)
def sent_before_connected(seen: Seen) -> str | None:
    """A typed line came before the greeting; the place is where typed lines are sent."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "early-data":
        return None
    if "has not said Connected" not in seen.evidence.expected and (
        seen.evidence.expected.partition(": ")[2] != "the server has not said NICK"
    ):
        return None
    if any(b"Connected to the server" in one.start for one in told_to(seen.evidence)):
        return None
    for loop in (*seen.source.all(ast.For), *seen.source.all(ast.While)):
        head = ast.unparse(loop).split("\n")[0]
        reads = "stdin" in head or "typed" in head or seen.source.calls("input", inside=loop)
        sends = seen.source.calls("send", "sendall", inside=loop)
        if reads and sends:
            return seen.at(
                sends[0],
                "sends what is typed although the server has not said Connected to the server yet. "
                "Until then it takes every line for a name.",
            )
    return None


@misconception(
    "any-line-is-nick",
    "any line of the server is taken for the question",
    think="Which lines can the server send before you are connected?",
    read=CLIENT,
    proofs=("04_nicknames/any_line_asks_for_the_name",),
    unlike="04_nicknames/types_before_it_is_connected",
)
def any_line_is_nick(seen: Seen) -> str | None:
    """A name went out although NICK had not come again, and the file never mentions NICK."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "early-data":
        return None
    if "has not said NICK again" not in seen.evidence.expected or _asks_nick(seen):
        return None
    greeting = [
        one
        for one in seen.source.all(ast.Compare)
        if any(
            isinstance(constant(side), str | bytes) and "onnected" in str(constant(side))
            for side in (one.left, *one.comparators)
        )
    ]
    if not greeting or _texts(seen, "NICK"):
        return None
    return seen.at(
        greeting[0],
        "tells the greeting from all other lines, and takes each of these for the question. Only "
        "the line NICK asks for a name; others say what is wrong.",
    )


@misconception(
    "printed-in-another-form",
    "the client prints a line in a form of its own",
    think="Which line was sent? Which one stands on the screen?",
    read={1: "Put the client together", 3: "The client", 4: "The client"},
    proofs=("04_nicknames/prints_lines_in_its_own_way",),
    unlike="01_echo/client_prints_bytes",
)
def printed_in_another_form(seen: Seen) -> str | None:
    """What was printed has a text of the file in it that was not in the line."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "other-output":
        return None
    right = seen.evidence.expected.partition(" to print ")[2].strip("'")
    got = seen.evidence.received
    if not right or right in got.removesuffix("'").splitlines():
        return None
    for call in seen.source.calls("print"):
        for made in ast.walk(call):
            if not isinstance(made, ast.JoinedStr | ast.BinOp):
                continue
            parts = [
                one.value
                for one in ast.walk(made)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            added = [
                one
                for one in parts
                if one.strip() and repr(one)[1:-1].strip() in got and one.strip() not in right
            ]
            order = sorted(added, key=got.find)
            if order:
                return seen.at(
                    call,
                    f"prints {order[-1]!r} into the line. An output line has to end with the line "
                    "as it came; in front of it you may put what you like.",
                )
    return None
