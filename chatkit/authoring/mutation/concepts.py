"""Concepts: what people get wrong about sockets, threads and windows, put into right programs.

Each concept is a function that yields changes of a program, one for each place that it fits. The
program keeps its text but for the change, so that a line can be named as it stands.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

LOCKS = ("Lock", "RLock", "Condition", "Semaphore")
COPIES = ("list", "tuple", "set", "frozenset", "dict")
FORGOTTEN = ("shutdown", "flush", "join", "discard", "remove", "close", "start", "cancel")
WIDGETS = ("Tk", "Text", "ScrolledText", "Entry", "Button", "Label", "Frame", "Toplevel")
SLEEP = '__import__("time").sleep(0.6)'
Change = list[tuple[int, int, str]]  # from and to, in bytes, and what stands there afterwards
Concept = Callable[["Original"], Iterator[Change]]


@dataclass(frozen=True)
class Original:
    """The text of a program, and questions to it. Raises SyntaxError where it is not Python."""

    source: bytes

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.source)))

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins, in bytes."""
        starts = [0]
        for line in self.source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    @property
    def calls(self) -> Iterator[ast.Call]:
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def methods(self, *names: str) -> Iterator[tuple[ast.Call, ast.Attribute]]:
        """The calls of methods with these names."""
        for call in self.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in names:
                yield call, call.func

    @property
    def blocks(self) -> Iterator[list[ast.stmt]]:
        """The statements that follow one another, a list for each block."""
        for node in self.nodes:
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    yield block

    def begin(self, node: ast.stmt | ast.expr | ast.keyword) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.stmt | ast.expr | ast.keyword) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.stmt | ast.expr | ast.keyword) -> str:
        return self.source[self.begin(node) : self.end(node)].decode()

    def put(self, node: ast.stmt | ast.expr | ast.keyword, text: str) -> Change:
        """Put `text` in place of the node."""
        return [(self.begin(node), self.end(node), text)]

    def locked(self) -> Iterator[ast.With]:
        """The `with` blocks that take a lock, as far as their names tell."""
        for node in self.nodes:
            if isinstance(node, ast.With) and len(node.items) == 1:
                context = node.items[0].context_expr
                if "lock" in self.text(context).lower() or self.is_lock(context):
                    yield node

    def is_lock(self, expression: ast.expr) -> bool:
        name = ast.unparse(expression)
        return any(
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func).split(".")[-1] in LOCKS
            and any(ast.unparse(target) == name for target in node.targets)
            for node in self.nodes
        )

    def functions(self, names: set[str]) -> Iterator[ast.FunctionDef]:
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef) and node.name in names:
                yield node

    def before(self, statement: ast.stmt, line: str) -> Change:
        """Put a line before a statement."""
        begin = self.begin(statement)
        return [(begin, begin, f"{line}\n{' ' * statement.col_offset}")]


def concept_mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each concept that fits somewhere, and the program with it. Raises SyntaxError.

    What is not Python any more is left out.
    """
    program = Original(source.encode())
    for concept in CONCEPTS:
        for change in concept(program):
            text = program.source
            for begin, end, new in sorted(change, reverse=True):
                text = text[:begin] + new.encode() + text[end:]
            try:
                compile(text, "<mutant>", "exec", dont_inherit=True)
            except SyntaxError:
                continue
            yield concept.__name__, text.decode()


def lock_is_not_taken(program: Original) -> Iterator[Change]:
    for block in program.locked():
        yield program.put(block.items[0].context_expr, "__import__('contextlib').nullcontext()")


def statement_leaves_the_lock(program: Original) -> Iterator[Change]:
    """The last statement of the block comes after it."""
    for block in program.locked():
        if len(block.body) > 1:
            last = block.body[-1]
            first_line, last_line = last.lineno - 1, last.end_lineno or last.lineno
            step = last.col_offset - block.col_offset
            yield [
                (program.starts[line], program.starts[line] + step, "")
                for line in range(first_line, last_line)
                if program.source[program.starts[line] :].startswith(b" " * step)
            ]


def sends_a_part(program: Original) -> Iterator[Change]:
    for call, function in program.methods("sendall"):
        yield program.put(call.func, f"{program.text(function.value)}.send")


def call_is_forgotten(program: Original) -> Iterator[Change]:
    calls = {call for call, _ in program.methods(*FORGOTTEN)}
    calls |= {call for call, _ in program.methods("settimeout") if "None" in program.text(call)}
    for node in program.nodes:
        if isinstance(node, ast.Expr) and node.value in calls:
            yield program.put(node, "pass")


def argument_is_forgotten(program: Original) -> Iterator[Change]:
    """daemon=True, flush=True, errors="replace"."""
    for call in program.calls:
        for keyword in call.keywords:
            if keyword.arg in ("daemon", "flush") and program.text(keyword.value) == "True":
                yield program.put(keyword.value, "False")
            if keyword.arg == "errors":
                yield program.put(keyword.value, '"strict"')


def goes_once(program: Original) -> Iterator[Change]:
    for node in program.nodes:
        if isinstance(node, ast.While):
            begin = program.begin(node)
            yield [(begin, begin + len("while"), "if")]


def copy_is_the_collection(program: Original) -> Iterator[Change]:
    for call in program.calls:
        if isinstance(call.func, ast.Name) and call.func.id in COPIES and len(call.args) == 1:
            yield program.put(call, program.text(call.args[0]))
    for call, function in program.methods("copy"):
        yield program.put(call, program.text(function.value))
    for node in program.nodes:
        if isinstance(node, ast.Subscript) and program.text(node.slice) == ":":
            yield program.put(node, program.text(node.value))


def thread_is_run(program: Original) -> Iterator[Change]:
    for call, function in program.methods("start"):
        yield program.put(call.func, f"{program.text(function.value)}.run")


def splits_at_every_line_end(program: Original) -> Iterator[Change]:
    for call, function in program.methods("split"):
        if call.args and "\\n" in program.text(call.args[0]):
            yield program.put(call, f"{program.text(function.value)}.splitlines()")


def decodes_each_piece(program: Original) -> Iterator[Change]:
    for call, _ in program.methods("recv"):
        yield program.put(call, f'{program.text(call)}.decode(errors="replace").encode()')


def statements_change_places(program: Original) -> Iterator[Change]:
    """Two neighbours that both call something."""
    for block in program.blocks:
        for one, other in pairwise(block):
            if acts(one) and acts(other):
                yield [
                    *program.put(one, program.text(other)),
                    *program.put(other, program.text(one)),
                ]


def acts(statement: ast.stmt) -> bool:
    """Whether it does something beyond naming things: a call that is not of the command line."""
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign):
        return False
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return bool(calls) and "add_argument" not in ast.unparse(statement)


def exception_is_swallowed(program: Original) -> Iterator[Change]:
    for node in program.nodes:
        if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[0], ast.Pass):
            yield [(program.begin(node.body[0]), program.end(node.body[-1]), "pass")]


def exception_is_not_caught(program: Original) -> Iterator[Change]:
    for node in program.nodes:
        if isinstance(node, ast.ExceptHandler) and node.type:
            yield program.put(node.type, "ZeroDivisionError")
    for call, _ in program.methods("suppress"):
        for kind in call.args:
            yield program.put(kind, "ZeroDivisionError")


def callback_sleeps(program: Original) -> Iterator[Change]:
    """What a button, a key, a timer or the window's cross calls."""
    names: set[str] = set()
    for call in program.calls:
        handed = [keyword.value for keyword in call.keywords if keyword.arg == "command"]
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("bind", "after", "protocol"):
            handed += call.args[1:2]
        names |= {ast.unparse(one).split(".")[-1] for one in handed}
    for function in program.functions(names):
        yield program.before(after_docstring(function), SLEEP)


def thread_touches_the_window(program: Original) -> Iterator[Change]:
    """What a thread runs looks at a widget that the program keeps."""
    targets = {
        ast.unparse(keyword.value).split(".")[-1]
        for call in program.calls
        for keyword in call.keywords
        if keyword.arg == "target"
    }
    widgets = [
        ast.unparse(node.targets[0])
        for node in program.nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).split(".")[-1] in WIDGETS
    ]
    for function in program.functions(targets):
        own = {argument.arg for argument in function.args.args}
        for widget in widgets:
            if widget.split(".")[0] in own:
                yield program.before(after_docstring(function), f'{widget}.cget("cursor")')
                break


def after_docstring(function: ast.FunctionDef) -> ast.stmt:
    """The first statement that does something."""
    has_docstring = ast.get_docstring(function) is not None and len(function.body) > 1
    return function.body[1 if has_docstring else 0]


CONCEPTS: tuple[Concept, ...] = (
    lock_is_not_taken,
    statement_leaves_the_lock,
    sends_a_part,
    call_is_forgotten,
    argument_is_forgotten,
    goes_once,
    copy_is_the_collection,
    thread_is_run,
    splits_at_every_line_end,
    decodes_each_piece,
    statements_change_places,
    exception_is_swallowed,
    exception_is_not_caught,
    callback_sleeps,
    thread_touches_the_window,
)
