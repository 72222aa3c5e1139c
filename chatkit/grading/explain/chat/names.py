"""Names: which are allowed, and what is told about coming and going."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import callers
from chatkit.grading.explain.questions.flow import texts
from chatkit.grading.explain.questions.source import called, constant, owner
from chatkit.grading.explain.questions.wire import quoted_bytes

RULES = {4: "The rules for a name"}
COMING = {4: "Coming and going"}
LEFT = "has left the chat."
CAME = "connected to the server!"


def _only_printed(seen: Seen, node: ast.AST) -> bool:
    calls = [one for one in seen.source.around(node, ast.Call) if isinstance(one, ast.Call)]
    return any(called(one) in ("print", "info", "debug", "warning") for one in calls)


@misconception(
    "name-in-use-is-not-seen",
    "nothing checks whether somebody else has the name",
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
    "name-length-not-checked",
    "nothing looks how long a name is",
    think="How long may a name be? Which line of your server counts?",
    read=RULES,
    proofs=(),
    unlike="04_nicknames/two_people_with_one_name",
)
def name_length_not_checked(seen: Seen) -> str | None:
    """A name of 21 characters was accepted, and nothing compares a length or cuts a name."""
    if not seen.evidence.message.endswith("is longer than 20 characters"):
        return None
    if any(one.value in (20, 21) for one in seen.source.all(ast.Constant)):
        return None
    if any("name" in ast.unparse(one).lower() for one in seen.source.calls("len")):
        return None
    for assign in seen.source.all(ast.Assign):
        goals = [one for one in assign.targets if isinstance(one, ast.Attribute | ast.Subscript)]
        if isinstance(assign.value, ast.Constant):
            continue  # no name yet
        if any("name" in ast.unparse(one).lower() for one in (*goals, assign.value) if goals):
            return seen.at(
                assign,
                "gives somebody the name, and no line of the file looks how long it is. By the "
                "contract a name has 1 to 20 characters.",
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
                "forbids this character and leaves every other one, even those that cannot be "
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
    found = [one for one in texts(seen.source, CAME) if not _only_printed(seen, one)]
    if len(found) != 1:
        return None
    return seen.at(
        found[0],
        "tells everybody that somebody has come, the newcomer as well. It has heard Connected to "
        "the server already: the notice is for the others.",
    )


@misconception(
    "unnamed-leaver-announced",
    "somebody who never had a name is announced",
    think="Who knew that this client was there?",
    read=COMING,
    proofs=("04_nicknames/none_has_left_the_chat",),
    unlike="04_nicknames/says_goodbye_twice",
)
def unnamed_leaver_announced(seen: Seen) -> str | None:
    """A notice came although nobody with a name has left."""
    got = quoted_bytes(seen.evidence.received) or b""
    if seen.evidence.check != "leaves-unnamed" or LEFT.encode() not in got:
        return None
    found = [one for one in texts(seen.source, LEFT) if not _only_printed(seen, one)]
    if len(found) != 1:
        return None
    return seen.at(
        found[0],
        "says that somebody has left, even when it was a visitor who never had a name. Nobody has "
        "seen that one come.",
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
    found = texts(seen.source, "has left") or texts(seen.source, "left")
    for one in found:
        function = seen.source.function_of(one)
        if function and not _only_printed(seen, one) and callers(seen.source, function) == []:
            return seen.at(
                function,
                f"defines {function.name}(), which tells the others that somebody has left, and "
                "nothing calls it.",
            )
    if any(not _only_printed(seen, one) for one in found):
        return None
    if not found:
        return None
    return seen.at(
        found[0],
        "prints on the server's own console that somebody has left, and nothing tells the others. "
        "They are to get the line `NAME has left the chat.`",
    )


@misconception(
    "leaving-told-twice",
    "two places tell that somebody has left",
    think="In which ways can somebody leave? Which one place do they all pass?",
    read=COMING,
    proofs=("04_nicknames/says_goodbye_twice",),
    unlike="04_nicknames/none_has_left_the_chat",
)
def leaving_told_twice(seen: Seen) -> str | None:
    """The notice came twice, and two lines of the file send it."""
    got = quoted_bytes(seen.evidence.received) or b""
    if seen.evidence.symptom != "duplicate" or LEFT.encode() not in got:
        return None
    found = [one for one in texts(seen.source, LEFT) if not _only_printed(seen, one)]
    if len(found) != 2:
        return None
    return seen.at(
        found[1],
        f"tells the others that somebody has left, and so does line {found[0].lineno}. One leave "
        "goes through both.",
    )
