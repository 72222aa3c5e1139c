"""Questions about Tk to the student's file: its widgets, and the functions that Tk calls.

See https://docs.python.org/3/library/tkinter.html.
"""

import ast
from collections.abc import Iterator

from chatkit.bench.evidence import Frame, Stack
from chatkit.grading.explain.questions.source import (
    Function,
    Source,
    argument,
    called,
    constant,
    owner,
)

LATER = {"after": 1, "after_idle": 0, "bind": 1, "bind_all": 1, "protocol": 1}  # where it stands


def registered(source: Source, *names: str) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls that give Tk a function for later, each with what stands in its place.

    `names` are those of LATER, or "command" for the argument of that name; none means all.
    """
    for call in source.all(ast.Call):
        name = called(call)
        if name in LATER and (not names or name in names):
            given = argument(call, LATER[name], "func")
            if given is not None:
                yield call, given
        if not names or "command" in names:
            for one in call.keywords:
                if one.arg == "command":
                    yield call, one.value


def names_in(given: ast.expr) -> set[str]:
    """The last names of the functions that are meant: of `self.send`, `send`, `lambda: send()`."""
    if isinstance(given, ast.Lambda):
        return {called(call) for call in ast.walk(given) if isinstance(call, ast.Call)}
    name = last_name(given)
    return {name} if name else set()


def last_name(node: ast.AST | None) -> str:
    """The name behind the last dot: "box" of `self.box`; "" of anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def callbacks(source: Source, *names: str) -> list[Function]:
    """The student's functions that Tk calls itself, in order; `names` as in `registered`.

    Of several with the same name it is the one in the class where Tk gets it, if there is one.
    """
    found: list[Function] = []
    for call, given in registered(source, *names):
        home = next(source.around(call, ast.ClassDef), None)
        for name in names_in(given):
            same = [one for one in source.functions() if one.name == name]
            found += [one for one in same if _class_of(source, one) is home] or same
    return [one for one in source.functions() if one in found]


def reached(source: Source, start: Function) -> list[Function]:
    """`start` and the student's functions that it calls, and those that they call.

    A method is looked for in its own class first.
    """
    found = [start]
    for function in found:
        for call in source.calls(*(one.name for one in source.functions()), inside=function):
            found += [one for one in _meant(source, function, call) if one not in found]
    return found


def _meant(source: Source, inside: Function, call: ast.Call) -> list[Function]:
    same = [one for one in source.functions() if one.name == called(call)]
    place = owner(call)
    home = _class_of(source, inside)
    if place == "self":
        return [one for one in same if _class_of(source, one) is home] or same
    if not place:
        return [one for one in same if _class_of(source, one) is None]
    return [one for one in same if _class_of(source, one) not in (None, home)]


def _class_of(source: Source, function: Function) -> ast.AST | None:
    return next(source.around(function, ast.ClassDef), None)


def widgets(source: Source, *kinds: str) -> dict[str, ast.Call]:
    """The widgets of these kinds: the name that each has, `self.box`, and the call that makes it.

    Those that are packed in the same line are not among them: what they are called is None.
    """
    return {
        ast.unparse(target): node.value
        for node in source.all(ast.Assign)
        if isinstance(node.value, ast.Call) and called(node.value) in kinds
        for target in node.targets
    }


def boxes(source: Source) -> dict[str, ast.Call]:
    """The widgets in which one types: of a Text those of which the program reads the text."""
    read = {owner(call) for call in source.calls("get")}
    found = widgets(source, "Entry", "Text", "ScrolledText")
    return {name: call for name, call in found.items() if called(call) == "Entry" or name in read}


def chats(source: Source) -> dict[str, ast.Call]:
    """The Texts in which the program shows lines, and nobody types."""
    written = {owner(call) for call in source.calls("insert")}
    read = {owner(call) for call in source.calls("get")}
    found = widgets(source, "Text", "ScrolledText", *from_look(source, "Chat"))
    return {name: call for name, call in found.items() if name in written and name not in read}


def states(source: Source, state: str) -> list[ast.AST]:
    """Where a widget gets a state, "disabled" or "normal", by whatever way, in order."""
    word = state.upper()
    return [
        node
        for node in source.nodes
        if (constant(node) == state or last_name(node) == word)
        and not isinstance(source.parents.get(node), ast.Compare)
    ]


def senders(source: Source) -> list[Function]:
    """The functions that read the text of a box, in order."""
    names = set(boxes(source)) | set(widgets(source, "StringVar"))
    return [
        one
        for one in source.functions()
        if any(owner(call) in names for call in source.calls("get", inside=one))
        and not any(isinstance(near, ast.ClassDef) and _asks(near) for near in source.around(one))
    ]


def _asks(node: ast.ClassDef) -> bool:
    return any(last_name(base) in ("Dialog", "Toplevel") for base in node.bases)


def puts(source: Source, inside: ast.AST) -> list[ast.Call]:
    """The calls that hand something on: to the socket, or to another thread."""
    return source.calls("send", "sendall", "put", "put_nowait", "append", "write", inside=inside)


def in_tk(stack: Stack) -> bool:
    """Whether this thread has called Tk, or Tk has called it."""
    return any("tkinter" in frame.file for frame in stack.frames)


def called_by_tk(stack: Stack) -> bool:
    """Whether Tk has called the student's function in which this thread stands."""
    between = stack.frames[: stack.frames.index(stack.owns[-1])] if stack.own else ()
    return any(
        "tkinter" in frame.file and frame.function in ("__call__", "callit") for frame in between
    )


def call_at(source: Source, frame: Frame, *names: str) -> ast.Call | None:
    """The call of one of these names in the line of `frame`."""
    for call in source.calls(*names):
        if call.lineno <= frame.line <= (call.end_lineno or call.lineno):
            return call
    return None


def stands_in(source: Source, stack: Stack, *names: str) -> ast.Call | None:
    """The call of one of `names` in which a thread stands, at the line of the student's file."""
    own = stack.own
    if not own:
        return None
    inner = {frame.function for frame in stack.frames[: stack.frames.index(own)]}
    call = call_at(source, own, *names)
    return call if call and (not inner or inner & set(names)) else None


def from_look(source: Source, name: str) -> tuple[str, ...]:
    """A name that the file takes from look.py, which the lesson gives; empty if it does not."""
    taken = [
        alias.name
        for one in source.all(ast.ImportFrom)
        if one.module == "look"
        for alias in one.names
    ]
    return (name,) if name in taken else ()
