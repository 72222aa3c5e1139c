"""Names and modules that Python does not find, and values that are not there."""

import ast
import difflib
import re
import sys

from chatkit.bench.evidence import Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import Function, Source, called
from chatkit.grading.explain.questions.values import meant
from chatkit.grading.explain.starting.starting import FIRST


def raised(seen: Seen, *kinds: str) -> list[Raised]:
    """What the program told of these kinds, also where it led to another error."""
    return [one for error in seen.evidence.raised for one in error.chain() if one.kind in kinds]


def first(seen: Seen, error: Raised) -> str:
    """What is said when the error kept the program from starting: at the top of the file."""
    started = any(event.kind in ("accept", "data") for event in seen.evidence.events)
    return "" if started or "Server running" in seen.evidence.output else f" {FIRST}"


@misconception(
    "module-misspelled",
    "a module's name is misspelled",
    think="What is the module called in Python's documentation?",
    read={},
    proofs=("01_echo/crash_at_import",),
    unlike="01_echo/imports_what_is_not_there",
)
def module_misspelled(seen: Seen) -> str | None:
    """A module of the standard library has nearly this name."""
    for error, name in _not_found(seen):
        if near := difflib.get_close_matches(name, sys.stdlib_module_names, 1, 0.8):
            return seen.at(
                error.own,
                f"imports {name}, and no module has this name. The standard library has "
                f"{near[0]}.{first(seen, error)}",
            )
    return None


@misconception(
    "module-not-there",
    "a module is imported that does not belong to Python",
    think="What do you need from this module, and what does the standard library have instead?",
    read={},
    proofs=("01_echo/imports_what_is_not_there",),
    unlike="01_echo/crash_at_import",
)
def module_not_there(seen: Seen) -> str | None:
    """It is neither in the standard library, nor has something there nearly this name."""
    for error, name in _not_found(seen):
        if name in sys.stdlib_module_names or error.own is None:
            continue
        if not difflib.get_close_matches(name, sys.stdlib_module_names, 1, 0.8):
            return seen.at(
                error.own,
                f"imports {name}, which is not there: it does not belong to Python's standard "
                f"library, and a program of this course is one file without anything else."
                f"{first(seen, error)}",
            )
    return None


def _not_found(seen: Seen) -> list[tuple[Raised, str]]:
    found = []
    for error in raised(seen, "ModuleNotFoundError"):
        name = re.match(r"No module named '([\w.]+)'", error.text)
        if name and error.own:
            found.append((error, name[1].partition(".")[0]))
    return found


@misconception(
    "module-shadowed",
    "a file of yours has the name of a Python module",
    think="Which file does Python take when two have the name that you import?",
    read={},
    proofs=("01_echo/shadows_the_library",),
)
def module_shadowed(seen: Seen) -> str | None:
    """Something is missing in a standard module, and a file beside the program has its name."""
    for error in raised(seen, "AttributeError", "ImportError", "ModuleNotFoundError"):
        found = re.search(
            r"(?:module|from(?: partially initialized module)?) '(\w+)[.'\w]*", error.text
        )
        name = found[1] if found else ""
        if error.own and name in sys.stdlib_module_names and f"{name}.py" in seen.evidence.beside:
            return seen.at(
                error.own,
                f"gets the file {name}.py in your own folder, not Python's module {name}: Python "
                f"looks beside the program first. Give your file another name."
                f"{first(seen, error)}",
            )
    return None


@misconception(
    "module-not-imported",
    "a module is used and not imported",
    think="Which imports are at the top of the file?",
    read={},
    proofs=("01_echo/socket_is_not_imported",),
    unlike="01_echo/name_misspelled",
)
def module_not_imported(seen: Seen) -> str | None:
    """NameError for the name of a module of the standard library, used with a dot behind it."""
    for error in raised(seen, "NameError"):
        name = _unknown(error)
        if name in sys.stdlib_module_names and error.own and _with_a_dot(seen.source, name):
            return seen.at(
                error.own,
                f"uses the module {name}, and no line of the file imports it.{first(seen, error)}",
            )
    return None


def _unknown(error: Raised) -> str:
    found = re.match(r"name '(\w+)' is not defined", error.text)
    return found[1] if found else ""


def _with_a_dot(source: Source, name: str) -> bool:
    return any(ast.unparse(node.value) == name for node in source.all(ast.Attribute))


@misconception(
    "name-unknown",
    "a name is used that nothing has made",
    think="Where should this name come from? Is it spelled the same there?",
    read={},
    proofs=("01_echo/name_misspelled",),
    unlike="01_echo/socket_is_not_imported",
)
def name_unknown(seen: Seen) -> str | None:
    """NameError, and it is not a module of the standard library."""
    for error in raised(seen, "NameError"):
        name = _unknown(error)
        if not name or not error.own or name in sys.stdlib_module_names:
            continue
        near = _nearly(seen.source, name)
        perhaps = f" The file has {near}: is that what you mean?" if near else ""
        return seen.at(
            error.own,
            f"uses the name {name}, which does not exist there: nothing has made it before."
            f"{perhaps}{first(seen, error)}",
        )
    return None


def _nearly(source: Source, name: str) -> str:
    made = {node.id for node in source.all(ast.Name) if isinstance(node.ctx, ast.Store)}
    made |= {one.name for one in source.functions()} | {one.arg for one in source.all(ast.arg)}
    near = difflib.get_close_matches(name, made - {name}, 1, 0.75)
    return near[0] if near else ""


@misconception(
    "local-by-assignment",
    "a name is local, because the function assigns to it",
    think="Where in this function is the name assigned? What does that make of it?",
    read={},
    proofs=("01_echo/counts_without_global",),
)
def local_by_assignment(seen: Seen) -> str | None:
    """UnboundLocalError: https://docs.python.org/3/faq/programming.html."""
    for error, name, function in _without_value(seen):
        outside = any(
            node.id == name and seen.source.function_of(node) is None
            for node in seen.source.all(ast.Name)
            if isinstance(node.ctx, ast.Store)
        )
        for node in seen.source.all(ast.Name, function):
            if outside and node.id == name and isinstance(node.ctx, ast.Store):
                return seen.at(
                    error.own,
                    f"reads {name} before it has a value. Line {node.lineno} assigns to it in the "
                    f"same function {function.name}(), and that makes {name} a name of its own in "
                    f"the whole function.",
                )
    return None


def _without_value(seen: Seen) -> list[tuple[Raised, str, Function]]:
    found = []
    for error in raised(seen, "UnboundLocalError"):
        name = re.search(r"local variable '(\w+)'", error.text)
        function = error.own and seen.source.function_at(error.own.line)
        if name and function:
            found.append((error, name[1], function))
    return found


@misconception(
    "goes-on-after-the-error",
    "an error is caught, and the program goes on as if there had been none",
    think="Where does the program go on after this except clause? What is missing there?",
    read={1: "When a connection breaks", 3: "The client", 4: "The client"},
    proofs=("01_echo/client_goes_on_without_a_server",),
    unlike="01_echo/counts_without_global",
)
def goes_on_after_the_error(seen: Seen) -> str | None:
    """A name has no value, because the line that gives it one stands in a try that failed."""
    for error, name, function in _without_value(seen):
        for node in seen.source.all(ast.Name, function):
            block = next(seen.source.around(node, ast.Try), None)
            if node.id != name or not isinstance(node.ctx, ast.Store) or block is None:
                continue
            for handler in getattr(block, "handlers", ()):
                if error.own and falls_off(handler.body) and error.own.line > handler.lineno:
                    return seen.at(
                        error.own,
                        f"uses {name}, which has no value: line {node.lineno} failed, line "
                        f"{handler.lineno} caught the error, and the program goes on as if it had "
                        "gone well.",
                    )
    return None


@misconception(
    "attribute-misspelled",
    "a module, a socket or another thing has nothing of this name",
    think="How is it spelled in Python's documentation?",
    read={},
    proofs=("01_echo/method_misspelled",),
    unlike="01_echo/shadows_the_library",
)
def attribute_misspelled(seen: Seen) -> str | None:
    """AttributeError where Python itself knows a name that is nearly the same."""
    for error in raised(seen, "AttributeError"):
        found = re.search(r"attribute '(\w+)'\. Did you mean: '(\w+)'\?", error.text)
        if not found or not error.own or {*found.groups()} == {"encode", "decode"}:
            continue
        owner = re.match(r"'(\w+)' object", error.text)
        if owner and any(one.name == owner[1] for one in seen.source.all(ast.ClassDef)):
            continue  # a class of the file itself: no-such-attribute
        near = difflib.SequenceMatcher(None, found[1].lower(), found[2].lower()).ratio()
        if near > 0.75:
            return seen.at(
                error.own,
                f"asks for {found[1]}, and there is nothing of this name. Python has "
                f"{found[2]}.{first(seen, error)}",
            )
    return None


@misconception(
    "return-forgotten",
    "a function ends without return, so it gives None",
    think="What does a function give back that reaches its end? Which line should give something?",
    read={},
    proofs=("01_echo/return_is_forgotten",),
    unlike="01_echo/method_misspelled",
)
def return_forgotten(seen: Seen) -> str | None:
    """'NoneType' object …: and what is None came from a function of the file."""
    for error in raised(seen, "AttributeError", "TypeError"):
        if "'NoneType' object" not in error.text or error.own is None:
            continue
        attribute = re.search(r"no attribute '(\w+)'", error.text)
        for function in _given_by(seen.source, error.own.line, attribute[1] if attribute else ""):
            if falls_off(function.body):
                some = any(one.value for one in seen.source.all(ast.Return, function))
                how = "can reach its end without return" if some else "has no return with a value"
                return seen.at(
                    error.own,
                    f"uses what {function.name}() gave, and that is None: the function in line "
                    f"{function.lineno} {how}.{first(seen, error)}",
                )
    return None


def _given_by(source: Source, line: int, attribute: str) -> list[Function]:
    """The functions of the file whose result is used in a line; of what has the attribute."""
    found: list[Function] = []
    for node in source.nodes:
        if getattr(node, "lineno", 0) != line:
            continue
        used: ast.expr | None = None
        if isinstance(node, ast.Attribute) and node.attr == attribute:
            used = node.value
        elif isinstance(node, ast.With) and not attribute:
            used = node.items[0].context_expr
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            used = node.value if not attribute else None
        meaning = meant(source, used)
        if isinstance(meaning, ast.Call):
            found += [one for one in source.functions() if one.name == called(meaning)]
    return found


def falls_off(body: list[ast.stmt]) -> bool:
    """Whether a block can reach its end, as far as its last statement tells."""
    last = body[-1]
    if isinstance(last, ast.Return):
        return last.value is None
    if isinstance(last, ast.Raise):
        return False
    if isinstance(last, ast.If):
        return not last.orelse or falls_off(last.body) or falls_off(last.orelse)
    if isinstance(last, ast.Try):
        handlers = any(falls_off(one.body) for one in last.handlers)
        return not last.finalbody and (handlers or falls_off(last.orelse or last.body))
    if isinstance(last, ast.With):
        return falls_off(last.body)
    if isinstance(last, ast.While) and isinstance(last.test, ast.Constant) and last.test.value:
        return any(isinstance(one, ast.Break) for one in ast.walk(last))
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return called(last.value) not in ("exit", "_exit", "abort")
    return True
