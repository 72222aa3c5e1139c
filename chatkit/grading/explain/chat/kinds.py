"""Kinds: collections and objects that are used like something else."""

import ast
import re
from itertools import combinations

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import targets
from chatkit.grading.explain.questions.headings import COMING
from chatkit.grading.explain.questions.source import as_text, called, constant, owner
from chatkit.grading.explain.questions.wire import joined


@misconception(
    "another-kind-of-collection",
    "a collection is used like one of another kind",
    think="Which methods does a list have, and which does a set have?",
    read=COMING,
    proofs=(),
    unlike="02_broadcast/wrong_method_name",
)
def another_kind_of_collection(seen: Seen) -> str | None:
    """AttributeError or TypeError named a list or a set that cannot do what it was asked."""
    for error in seen.evidence.raised:
        found = re.match(r"'(list|set|dict|tuple)' object has no attribute '(\w+)'", error.text)
        if error.kind != "AttributeError" or not found or not error.own:
            continue
        kind, method = found.groups()
        call = next((c for c in seen.source.calls(method) if c.lineno == error.own.line), None)
        if call is None:
            continue
        name = owner(call)
        lines = [
            one.lineno
            for one in seen.source.nodes
            if isinstance(one, ast.Assign | ast.AnnAssign)
            and name in [ast.unparse(target) for target in _assigned(one)]
        ]
        if kind == "tuple" and any("accept(" in seen.source.line(line) for line in lines):
            continue  # accept-returns-two says more
        where = f" Line {lines[0]} makes it." if len(lines) == 1 else ""
        return seen.at(
            call,
            f"calls {method}() of {name}. That is a {kind}, and a {kind} has no {method}().{where}",
        )
    return None


@misconception(
    "no-such-attribute",
    "something is asked for by a name that it does not have",
    think="How is it spelled where it is made?",
    read={},
    proofs=("04_nicknames/typing_error_in_a_call",),
    unlike="02_broadcast/wrong_method_name",
)
def no_such_attribute(seen: Seen) -> str | None:
    """AttributeError named a class of the file, which has no such method or attribute."""
    for error in seen.evidence.raised:
        found = re.match(r"'(\w+)' object has no attribute '(\w+)'", error.text)
        if error.kind != "AttributeError" or not found or not error.own:
            continue
        kind, name = found.groups()
        own = [one for one in seen.source.all(ast.ClassDef) if one.name == kind]
        written = any(
            one.attr == name and one.lineno == error.own.line
            for one in seen.source.all(ast.Attribute)
        )
        meant = re.search(r"Did you mean: '(\w+)'", error.text)
        near = f"; it has {meant[1]}" if meant else ""
        if own and written and f"def {name}(" not in ast.unparse(own[0]):
            return seen.at(
                error.own,
                f"asks for {name}, and a {kind} has nothing of that name{near}. So "
                f"{seen.ended_by(error)} ends there with an AttributeError.",
            )
    return None


def _assigned(one: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return targets(one) if isinstance(one, ast.Assign) else [one.target]


@misconception(
    "kept-under-the-host",
    "clients are kept under their host, and all have the same one",
    think="What differs between two clients on one machine?",
    read=COMING,
    proofs=("02_broadcast/keyed_by_host",),
    unlike="02_broadcast/last_only",
)
def kept_under_the_host(seen: Seen) -> str | None:
    """The key of a dictionary comes from getpeername()[0], or is the first part of an address."""
    if seen.evidence.symptom not in ("silent", "lost") or len(joined(seen.evidence)) < 2:
        return None
    hosts = {
        ast.unparse(target)
        for assign in seen.source.all(ast.Assign)
        for target in assign.targets
        if _is_host(seen, assign.value)
    }
    for assign in seen.source.all(ast.Assign):
        for target in assign.targets:
            if not isinstance(target, ast.Subscript):
                continue
            if ast.unparse(target.slice) in hosts or _is_host(seen, target.slice):
                return seen.at(
                    assign,
                    f"keeps a client in {ast.unparse(target.value)} under its host. Clients on the "
                    "same machine have the same host, so a newcomer takes the place of the last.",
                )
    return None


def _is_host(seen: Seen, node: ast.expr) -> bool:
    if not isinstance(node, ast.Subscript) or constant(node.slice) != 0:
        return False
    value = node.value
    if isinstance(value, ast.Call):
        return called(value) == "getpeername"
    name = ast.unparse(value)
    return any(
        isinstance(assign.value, ast.Call)
        and called(assign.value) == "accept"
        and name in {ast.unparse(one) for one in targets(assign)[1:]}
        for assign in seen.source.all(ast.Assign)
    )


@misconception(
    "newest-first",
    "the newest line is sent first",
    think="Which end of the list does pop() take from? At which end does append() add?",
    read={2: "Nobody waits for anybody", 3: "An outbox for each client", 4: "Who says what"},
    proofs=("02_broadcast/last_in_first_out",),
    unlike="02_broadcast/throws_the_rest_away",
)
def newest_first(seen: Seen) -> str | None:
    """Lines came in the wrong order; a list is filled by append() and emptied by pop()."""
    if seen.evidence.symptom != "wrong-order":
        return None
    for call in seen.source.calls("pop"):
        same = owner(call).rpartition(".")[2]
        filled = any(owner(one).rpartition(".")[2] == same for one in seen.source.calls("append"))
        if not call.args and filled and same:
            return seen.at(
                call,
                f"takes the newest out of {owner(call)}: append() and pop() work at the same end. "
                "So what was said last goes out first.",
            )
    for call in seen.source.calls("LifoQueue"):
        return seen.at(call, "makes a LifoQueue, which gives the newest first.")
    return None


@misconception(
    "sent-in-two-parts",
    "one line goes into the outbox in two parts",
    think="Who can put something in between these two statements?",
    read={3: "An outbox for each client", 4: "Many at once"},
    proofs=("04_nicknames/name_and_text_are_sent_apart",),
    unlike="04_nicknames/list_shrinks_during_the_loop",
)
def sent_in_two_parts(seen: Seen) -> str | None:
    """Lines were mixed among many clients, and two statements in a row send to the same one."""
    if seen.evidence.symptom != "different-text" or seen.evidence.check not in ("crowd", "churn"):
        return None
    for node in seen.source.nodes:
        block = getattr(node, "body", None)
        calls = [_call(one) for one in block] if isinstance(block, list) else []
        for first, second in combinations([one for one in calls if one is not None], 2):
            same = ast.unparse(first.func) == ast.unparse(second.func) and called(first) != "print"
            if same and not _ends(first) and _ends(second) and first.args and second.args:
                return seen.at(
                    first,
                    f"sends the first part of a line, and line {second.lineno} the rest. Another "
                    "thread can send something in between: one line has to go out in one call.",
                )
    return None


def _call(statement: ast.stmt) -> ast.Call | None:
    """The call that a statement is, and nothing else."""
    found = statement.value if isinstance(statement, ast.Expr) else None
    return found if isinstance(found, ast.Call) else None


def _ends(call: ast.Call) -> bool:
    """Whether what is sent has a line end in it, as far as the call shows."""
    return any(
        "\n" in as_text(one.value) for one in ast.walk(call) if isinstance(one, ast.Constant)
    )
