"""Names and modules that Python does not find."""

import ast
import difflib
import re
import sys

from chatkit.bench.evidence import Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.source import Source
from chatkit.grading.explain.starting import FIRST


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
    think="How is the module called in Python's documentation?",
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
    think="What of this module do you need, and what does the standard library have for it?",
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
    "a file of one's own has the name of a module of Python",
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
    think="Which import stands at the top of the file?",
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
    """NameError, and it is no module of the standard library."""
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
    for error in raised(seen, "UnboundLocalError"):
        found = re.search(r"local variable '(\w+)'", error.text)
        function = error.own and seen.source.function_at(error.own.line)
        if not found or not function or not error.own:
            continue
        name = found[1]
        for node in seen.source.all(ast.Name, function):
            if node.id == name and isinstance(node.ctx, ast.Store):
                return seen.at(
                    error.own,
                    f"reads {name} before it has a value. Line {node.lineno} assigns to it in the "
                    f"same function {function.name}(), and that makes {name} a name of its own in "
                    f"the whole function.",
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
        near = difflib.SequenceMatcher(None, found[1].lower(), found[2].lower()).ratio()
        if near > 0.75:
            return seen.at(
                error.own,
                f"asks for {found[1]}, and there is nothing of this name. Python has "
                f"{found[2]}.{first(seen, error)}",
            )
    return None
