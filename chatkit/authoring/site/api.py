"""What a place in a page about the bench is filled with, from the code: see `places`.

    <!-- api: chatkit/bench/peer.py Peer: what it does -->    one part of a class, as its source
                                                                marks it: # ----- what it does
    <!-- api: chatkit/bench/failure.py Failure -->            a whole class with its fields
    <!-- api: chatkit/course/lessons.py check -->                       a function
    <!-- api: chatkit/grading/feedback.py MARKS -->             a dictionary of words
    <!-- api: tests/lessons/test_01_echo.py enter as code -->   the code itself
    <!-- api: tests/lessons/room.py functions -->               all its functions that have a
                                                                docstring, a line for each
    <!-- end -->                                                where the place ends

What begins with an underscore is left out. The code is read and never imported, so the page is the
same on every system and with every version of Python.
"""

import ast
import json
import re
from collections.abc import Iterator
from inspect import cleandoc

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.functions import pieces
from chatkit.authoring.site.markdown import words
from chatkit.bench.symptoms import Symptom

MARKER = re.compile(
    r"<!-- api: (?P<file>\S+\.py) (?P<name>\w+)(?:: (?P<part>[^>]+?))?(?P<code> as code)? -->"
)
FUNCTIONS = "functions"
PART = re.compile(r" +# -{5,} (?P<title>.+)")
LONGEST = 88  # of a signature on one line
Function = ast.FunctionDef | ast.AsyncFunctionDef


def told(marker: re.Match[str], clone: Clone) -> Iterator[str]:
    """What a marker asks for, as blocks of Markdown. Raises LookupError when it is not there."""
    file, name, part = marker["file"], marker["name"], marker["part"]
    if not (clone.root / file).is_file():
        raise LookupError(f"there is no file {file}")
    source = read(clone.root / file)
    if name == FUNCTIONS:
        yield "\n".join(functions_told(source))
        return
    node = next((one for one in ast.parse(source).body if named(one) == name), None)
    if node is None:
        raise LookupError(f"{file} has no {name}")
    if marker["code"]:
        yield f"```python\n{pieces(source)[name].text}```"
    elif isinstance(node, ast.Assign):
        yield "\n".join(f"- `{key}`: {words(text)}" for key, text in entries_of(node.value))
    elif isinstance(node, ast.ClassDef):
        yield from class_told(node, part, source.split("\n"))
    elif isinstance(node, Function):
        yield from function_told(node, "")


def functions_told(source: str) -> Iterator[str]:
    """A line for each function of a module that says what it is for, and how it is called."""
    for one in ast.parse(source).body:
        if not isinstance(one, Function) or one.name.startswith("_"):
            continue
        if about := cleandoc(ast.get_docstring(one) or "").partition("\n\n")[0]:
            names = ", ".join(argument.arg for argument in one.args.args)
            yield f"- `{one.name}({names})`: {words(about.replace(chr(10), ' '))}"


def entries_of(node: ast.expr) -> Iterator[tuple[str, str]]:
    """What a dictionary of words says, with symptoms by their code. Raises ValueError."""
    if not isinstance(node, ast.Dict):
        raise ValueError("not a dictionary")
    for key, text in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Attribute):  # Symptom.SILENT
            yield Symptom[key.attr], ast.literal_eval(text)
        elif key:
            yield ast.literal_eval(key), ast.literal_eval(text)


def named(node: ast.stmt) -> str:
    """The name that a statement of a module gives to something; "" for others."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return node.name if isinstance(node, Function | ast.ClassDef) else ""


def class_told(node: ast.ClassDef, part: str | None, lines: list[str]) -> Iterator[str]:
    """One part of a class, or all of it with its words and fields. Raises LookupError."""
    title, known = "", set()
    if part is None:
        yield f"#### {node.name} {{ #{node.name} }}"
        yield from paragraphs(node)
        if fields := list(fields_told(node, lines)):
            yield "\n".join(fields)
    members = [one for one in node.body if isinstance(one, Function)]
    at = node.lineno
    for member in members:
        for line in lines[at - 1 : member.lineno - 1]:
            if heading := PART.match(line):
                title = heading["title"]
                known.add(title)
        at = member.lineno
        if part in (None, title) and not member.name.startswith("_"):
            yield from function_told(member, node.name)
    if part is not None and part not in known:
        raise LookupError(f"{node.name} has no part {part!r}; it has: {', '.join(sorted(known))}")


def fields_told(node: ast.ClassDef, lines: list[str]) -> Iterator[str]:
    """A line for each field of a dataclass, with the comment beside it."""
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            _, _, comment = lines[one.lineno - 1].partition("  # ")
            kind = annotation(one.annotation)
            field = f"{one.target.id}: {kind}"
            if one.value and not isinstance(one.value, ast.Call):
                field += f" = {value(one.value)}"
            yield f"- `{field}`" + (f": {words(comment)}" if comment else "")


def function_told(node: Function, owner: str) -> Iterator[str]:
    """A function or a method: its name, how it is called, and its docstring."""
    yield f"#### {node.name} {{ #{owner and owner + '-'}{node.name} }}"
    yield f"```python\n{signature(node, is_method=bool(owner))}\n```"
    yield from paragraphs(node)


def paragraphs(node: Function | ast.ClassDef) -> Iterator[str]:
    text = cleandoc(ast.get_docstring(node) or "")
    yield from (words(one.replace("\n", " ")) for one in text.split("\n\n") if one)


def signature(node: Function, *, is_method: bool) -> str:
    """How it is called, on one line or with a line for each argument."""
    result = annotation(node.returns)
    if any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list):
        return f"{node.name}: {result}"
    if node.decorator_list and result.startswith("Iterator["):  # a context manager
        before, result = "with ", "None"
    else:
        before = ""
    arguments = list(parameters(node.args))[1 if is_method else 0 :]
    arrow = "" if result in ("", "None") else f" -> {result}"
    line = f"{before}{node.name}({', '.join(arguments)}){arrow}"
    if len(line) <= LONGEST:
        return line
    return "\n".join([f"{before}{node.name}(", *(f"    {one}," for one in arguments), f"){arrow}"])


def parameters(arguments: ast.arguments) -> Iterator[str]:
    """Each parameter as one writes it, with its type and its default."""
    without = len(arguments.args) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*[None] * without, *arguments.defaults]
    for argument, default in zip(arguments.args, defaults, strict=True):
        yield parameter(argument, default)
    if arguments.vararg:
        yield "*" + parameter(arguments.vararg, None)
    elif arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield parameter(argument, default)
    if arguments.kwarg:
        yield "**" + parameter(arguments.kwarg, None)


def parameter(argument: ast.arg, default: ast.expr | None) -> str:
    kind = annotation(argument.annotation)
    text = argument.arg + (f": {kind}" if kind else "")
    return text + (f" = {value(default)}" if default else "")


def value(node: ast.expr) -> str:
    """A default as the source writes it: strings in double quotes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return json.dumps(node.value, ensure_ascii=False)
    return ast.unparse(node)


def annotation(node: ast.expr | None) -> str:
    """A type as the source writes it, without the quotes around a name that comes later."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node) if node else ""
