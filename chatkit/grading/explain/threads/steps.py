"""Names: what has to be one step, because another thread may come in between."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.sharing import (
    ADDS,
    TAKES,
    around_with,
    is_locked,
    reached,
    thread_functions,
)
from chatkit.grading.explain.questions.source import Function, called, constant

MANY = {4: "Many at once"}


@misconception(
    "looks-and-takes-in-two-steps",
    "the look at the names and the taking of one are two steps",
    think="What can another thread do between the look and the taking?",
    read={4: "Many at once"},
    proofs=(),
)
def looks_and_takes_in_two_steps(seen: Seen) -> str | None:
    """Two got one name at once; no block holds a lock from the look to the taking."""
    if seen.evidence.check != "one-name" or seen.evidence.symptom != "accepted":
        return None
    running = reached(seen.source, thread_functions(seen.source))
    for function in seen.source.functions():
        leaves = _sets(function, to_nothing=True) and not _sets(function, to_nothing=False)
        if function.name not in running or leaves:
            continue
        for look in _looks_at_names(function):
            blocks = around_with(seen.source, look)
            if blocks:
                block = blocks[0][0]
                return seen.at(
                    look,
                    f"looks which names are taken, and the lock is given back in line "
                    f"{block.end_lineno}, before this name is taken. In between another thread can "
                    "look, too: both find the name free.",
                )
            if not is_locked(seen.source, look):
                return seen.at(
                    look,
                    "looks which names are taken, and holds no lock. Until this name is taken "
                    "another thread can look, too: both find the name free.",
                )
    return None


def _looks_at_names(function: Function) -> list[ast.AST]:
    """Where a function compares or collects names of all who are there."""
    found: list[ast.AST] = []
    for one in ast.walk(function):
        if isinstance(one, ast.For):
            # A loop over the letters of one name compares each with a text.
            compares = [
                part
                for part in ast.walk(one)
                if isinstance(part, ast.Compare)
                and not any(
                    isinstance(side, ast.Constant) for side in (part.left, *part.comparators)
                )
            ]
            told = ast.unparse(one.iter).lower() + " ".join(map(ast.unparse, compares)).lower()
            if compares and ("name" in told or "nick" in told):
                found.append(one)
        elif isinstance(one, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            told = ast.unparse(one).lower()
            if ("name" in told or "nick" in told) and not _goes_through_letters(one.generators[0]):
                found.append(one)
        elif isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.In | ast.NotIn):
            where = ast.unparse(one.comparators[0]).lower()
            what = ast.unparse(one.left).lower()
            named = "names" in where or "nick" in where or "name" in what or "nick" in what
            kept = isinstance(one.comparators[0], ast.Name | ast.Attribute)
            if isinstance(one.left, ast.Constant) or not named or not kept or where == "name":
                continue
            found.append(one)
    return sorted(found, key=lambda one: getattr(one, "lineno", 0))


def _goes_through_letters(loop: ast.comprehension) -> bool:
    """Whether it goes through the letters of one name, not through several names."""
    last_name = ast.unparse(loop.iter).lower().rpartition(".")[2]
    return last_name in ("name", "nick", "nickname", "username")


def _text(node: ast.AST) -> str:
    """All text constants in an expression, in small letters."""
    parts = [constant(one) for one in ast.walk(node) if isinstance(one, ast.Constant)]
    texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in parts]
    return " ".join(one for one in texts if isinstance(one, str)).lower()


def _one_step(seen: Seen, one: ast.AST, other: ast.AST) -> bool:
    """Whether a lock is held from the one to the other."""
    ours = {block for block, _ in around_with(seen.source, one)}
    theirs = {block for block, _ in around_with(seen.source, other)}
    if ours & theirs:
        return True
    function = seen.source.function_of(one)
    calls = seen.source.calls(function.name) if function else []
    same = function is seen.source.function_of(other)
    return same and bool(calls) and all(is_locked(seen.source, call) for call in calls)


def _says(seen: Seen, function: Function, words: str) -> list[ast.Call]:
    """The outermost calls of a function with these words in their arguments."""
    found = [one for one in seen.source.all(ast.Call, function) if words in _text(one)]
    named = ("print", "info", "debug", "warning", "encode", "format")
    return [one for one in found if called(one) not in named]


def _sets(function: Function, to_nothing: bool) -> list[ast.stmt]:
    """Where a name is set, or set to nothing: `client.name = ""`, `del names[name]`, remove()."""
    found: list[ast.stmt] = []
    for one in ast.walk(function):
        if isinstance(one, ast.Delete) and to_nothing:
            found.append(one)
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
            if called(one.value) in (TAKES if to_nothing else ADDS):
                found.append(one)
        elif isinstance(one, ast.Assign):
            nothing = any(
                isinstance(part, ast.Constant) and part.value in ("", None)
                for part in (one.value.elts if isinstance(one.value, ast.Tuple) else [one.value])
            )
            goals = " ".join(map(ast.unparse, one.targets))
            attribute = ".name" in goals or ".nick" in goals or "[" in goals
            if attribute and nothing is to_nothing:
                found.append(one)
    return sorted(found, key=lambda one: one.lineno)


@misconception(
    "leaves-in-two-steps",
    "setting a name free and telling the others are two steps",
    think="What can another thread do between these two lines?",
    read=MANY,
    proofs=(),
)
def leaves_in_two_steps(seen: Seen) -> str | None:
    """A name was given while the old one was not yet told of, or told of and not yet free."""
    if seen.evidence.check != "one-name":
        return None
    if seen.evidence.symptom not in ("wrong-order", "different-text"):
        return None
    for function in seen.source.functions():
        tells = _says(seen, function, "has left the chat")
        frees = _sets(function, to_nothing=True)
        if not tells or not frees or any(_one_step(seen, frees[0], one) for one in tells):
            continue
        tell, free = tells[0], frees[0]
        if free.lineno < tell.lineno and seen.evidence.symptom == "wrong-order":
            return seen.at(
                tell,
                f"tells the others that somebody has left; line {free.lineno} set the name free "
                "before. No lock is held from the one to the other: in between somebody else came "
                "under this name.",
            )
        if tell.lineno < free.lineno and seen.evidence.symptom == "different-text":
            return seen.at(
                tell,
                "tells the others that somebody has left, and the name is free only in line "
                f"{free.lineno}. No lock is held from the one to the other: anybody who asked "
                "in between was refused.",
            )
    return None


@misconception(
    "joins-in-two-steps",
    "greeting a newcomer and putting it into the room are two steps",
    think="What can another thread say between these two lines, and who gets it?",
    read=MANY,
    proofs=(),
)
def joins_in_two_steps(seen: Seen) -> str | None:
    """A newcomer missed what was said after its greeting, or got chat before it."""
    if seen.evidence.check not in ("handshake", "one-name"):
        return None
    if seen.evidence.symptom not in ("lost", "different-text"):
        return None
    for function in seen.source.functions():
        greets = _says(seen, function, "connected to the server")
        greets = [one for one in greets if "connected to the server!" not in _text(one)]
        lists = _sets(function, to_nothing=False)
        lists = [one for one in lists if "connected" not in _text(one)]
        if not greets or not lists or any(_one_step(seen, greets[0], one) for one in lists):
            continue
        greet, place = greets[0], lists[-1]
        if greet.lineno < place.lineno and seen.evidence.symptom == "lost":
            return seen.at(
                greet,
                f"greets a newcomer, and line {place.lineno} puts it into the room later. No "
                "lock is held from the one to the other: the newcomer never gets what is said in "
                "between.",
            )
        if place.lineno < greet.lineno and seen.evidence.symptom == "different-text":
            return seen.at(
                greet,
                f"greets a newcomer that line {place.lineno} has put into the room before. No lock "
                "is held from the one to the other: what is said in between comes before the "
                "greeting.",
            )
    return None
