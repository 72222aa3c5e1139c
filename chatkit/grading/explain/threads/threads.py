"""Threads: how one is made and started, and what it does in place of another."""

import ast
import re

from chatkit.bench.evidence import Stack
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.sharing import calls_at, last, made, target
from chatkit.grading.explain.questions.source import Function, argument, called, keyword, owner

EACH = {3: "A thread for each client", 4: "Starting and stopping"}
UNSERVED = ("silent", "stuck", "lost", "refused", "no-output", "late")


def _thread_calls(seen: Seen) -> list[ast.Call]:
    return seen.source.calls("Thread", "Timer", "submit", "start_new_thread")


@misconception(
    "target-called-at-once",
    "Thread(target=f(x)) calls f in place of handing it over",
    think="When is f(x) called: when the thread begins, or before there is a thread?",
    read=EACH,
    proofs=("03_threads/target_is_called_at_once",),
    unlike="03_threads/run_instead_of_start",
)
def target_called_at_once(seen: Seen) -> str | None:
    """The target is a call of a function of the file that returns no function."""
    for call in _thread_calls(seen):
        what = target(call)
        if not isinstance(what, ast.Call):
            continue
        function = seen.source.function(called(what))
        if not isinstance(function, ast.FunctionDef) or _returns_something(function):
            continue
        stands = any(
            frame.line in range(what.lineno, (what.end_lineno or 0) + 1)
            for stack in seen.evidence.stacks
            for frame in stack.owns
        )
        if stands:
            then = "It has not come back yet, so there is no thread, and this one goes no further"
        elif seen.evidence.symptom in (*UNSERVED, "closed-early", "no-exit"):
            then = f"The thread then gets what {function.name}() returned, which is None: it does "
            then += "nothing"
        else:
            continue
        return seen.at(
            what,
            f"calls {function.name}() here and now, in the thread that should only make a new "
            f"one. {then}. Hand over the function itself, and its arguments beside it.",
        )
    return None


def _returns_something(function: Function) -> bool:
    nodes = list(ast.walk(function))
    generator = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in nodes)
    return generator or any(isinstance(one, ast.Return) and one.value for one in nodes)


@misconception(
    "run-for-start",
    "run() of a thread is called, and start() is not",
    think="In which thread does run() do its work, and in which one does start()?",
    read=EACH,
    proofs=("03_threads/run_instead_of_start",),
    unlike="03_threads/target_is_called_at_once",
)
def run_for_start(seen: Seen) -> str | None:
    """A thread stands in a call of `.run()` of something that is a Thread."""
    for stack in seen.evidence.stacks:
        for frame in stack.owns[1:] or stack.owns:
            for call in calls_at(seen.source, frame, "run"):
                if _is_thread(seen, call):
                    return seen.at(
                        call,
                        "calls run() of a thread. That does the work here and now and begins no "
                        f"thread, so this line waits until {_work(stack)} is over.",
                    )
    return None


def _is_thread(seen: Seen, call: ast.Call) -> bool:
    base = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(base, ast.Call):
        return called(base) in _thread_kinds(seen)
    return last(owner(call)) in made(seen.source, *_thread_kinds(seen))


def _thread_kinds(seen: Seen) -> list[str]:
    """Thread, and the classes of this file that are threads."""
    own = [
        one.name
        for one in seen.source.all(ast.ClassDef)
        if "Thread" in {last(ast.unparse(base)) for base in one.bases}
    ]
    return ["Thread", *own]


def _work(stack: Stack) -> str:
    return f"{stack.own.function}()" if stack.own else "it"


@misconception(
    "thread-never-started",
    "a thread is made and never started",
    think="Which line begins this thread?",
    read=EACH,
    proofs=("03_threads/writer_is_never_started", "03_threads/start_without_parentheses"),
    unlike="03_threads/nobody_puts_into_the_outbox",
)
def thread_never_started(seen: Seen) -> str | None:
    """No line starts the thread of a name, and no thread stands in its function."""
    if seen.evidence.symptom not in (*UNSERVED, "leaked", "crashed", "no-exit", "exited"):
        return None
    source = seen.source
    for name, call in made(source, *_thread_kinds(seen)).items():
        what = target(call)
        if called(call) == "Thread" and not isinstance(what, ast.Name | ast.Attribute):
            continue
        function = last(ast.unparse(what)) if what else "run"
        starts = [one for one in source.calls("start") if _may_start(seen, one, name)]
        runs = any(frame.function == function for one in seen.evidence.stacks for frame in one.owns)
        if starts or runs or any(_may_start(seen, one, name) for one in source.calls("run")):
            continue
        for bare in source.all(ast.Expr):
            if ast.unparse(bare.value).endswith(f"{name}.start"):
                return seen.at(
                    bare,
                    "names start and does not call it: the parentheses are missing. So the thread "
                    f"never begins, and nobody does the work of {function}().",
                )
        return seen.at(
            call,
            f"makes a thread for {function}(), and no line of the file calls its start(). "
            "So it never begins.",
        )
    for call in _thread_calls(seen):
        above = source.parents.get(call)
        if called(call) == "Thread" and isinstance(above, ast.Expr):
            return seen.at(
                call, "makes a thread and does not start it: start() is missing. It never begins."
            )
        bare_start = isinstance(above, ast.Attribute) and above.attr == "start"
        over = source.parents.get(above) if above and bare_start else None
        if called(call) == "Thread" and isinstance(over, ast.Expr):
            return seen.at(
                call,
                "names start and does not call it: the parentheses are missing. So the thread "
                "never begins.",
            )
    return None


def _may_start(seen: Seen, start: ast.Call, name: str) -> bool:
    """Whether `x.start()` may start the thread `name`: the same name, or one out of a loop."""
    what = last(owner(start))
    if what == name or not isinstance(start.func, ast.Attribute):
        return True
    if isinstance(start.func.value, ast.Call):
        return False
    variables = {ast.unparse(one.target) for one in seen.source.all(ast.For)}
    known = made(seen.source, *_thread_kinds(seen))
    return what not in known or ast.unparse(start.func.value) in variables


@misconception(
    "joined-before-it-began",
    "join() of a thread that has not begun",
    think="Which of the two threads may need the other one? Which must begin first?",
    read={3: "Somebody leaves", 4: "Coming and going"},
    proofs=(),
    unlike="03_threads/writer_is_never_started",
)
def joined_before_it_began(seen: Seen) -> str | None:
    """RuntimeError of threading: cannot join thread before it is started."""
    for error in seen.evidence.raised:
        if error.kind != "RuntimeError" or "before it is started" not in error.text:
            continue
        joins = calls_at(seen.source, error.own, "join")
        starts = [
            one
            for one in seen.source.calls("start")
            if joins and last(owner(one)) == last(owner(joins[0]))
        ]
        if not starts or not joins or not error.own:
            return None
        if seen.source.function_of(starts[0]) is seen.source.function_of(joins[0]):
            return None
        return seen.at(
            starts[0],
            f"starts {owner(starts[0])} too late: a client that left at once was quicker. Line "
            f"{error.own.line} waited for a thread that had not begun, and raised RuntimeError. "
            "What came after that line was left out.",
        )
    return None


@misconception(
    "started-twice",
    "one thread is started a second time",
    think="How often may one thread begin? Who makes a thread for the second client?",
    read=EACH,
    proofs=(),
)
def started_twice(seen: Seen) -> str | None:
    """RuntimeError of threading: threads can only be started once."""
    for error in seen.evidence.raised:
        if error.kind == "RuntimeError" and "only be started once" in error.text and error.own:
            return seen.at(
                error.own,
                "starts a thread that was started before. A thread begins once only: make a new "
                "one for each client.",
            )
    return None


@misconception(
    "args-is-no-tuple",
    "args=(x) is not a tuple: the comma is missing",
    think="What is the difference between (x) and (x,)?",
    read=EACH,
    proofs=("03_threads/args_without_the_comma",),
)
def args_is_no_tuple(seen: Seen) -> str | None:
    """TypeError in the new thread, before any line of the file: args must be an iterable."""
    for error in seen.evidence.raised:
        if error.kind != "TypeError" or not error.in_thread or error.own:
            continue
        for call in seen.source.calls("Thread", "Timer"):
            given = keyword(call, "args") or argument(call, 3)
            if given is None or isinstance(given, ast.Tuple | ast.List | ast.Starred | ast.Call):
                continue
            if "must be an iterable" in error.text:
                return seen.at(
                    given,
                    f"gives args={ast.unparse(given)}, which is not a tuple. Python wants a tuple "
                    "of arguments, so the thread ended before its first line. It is the comma that "
                    "makes a tuple, not the parentheses.",
                )
    return None


@misconception(
    "wrong-number-of-arguments-for-a-thread",
    "a thread's function does not get the arguments that it needs",
    think="Which parameters does the function have, and what is in args?",
    read=EACH,
    proofs=("03_threads/args_are_forgotten",),
    unlike="03_threads/args_without_the_comma",
)
def wrong_number_of_arguments(seen: Seen) -> str | None:
    """TypeError in the new thread: missing arguments, or too many."""
    for error in seen.evidence.raised:
        if error.kind != "TypeError" or not error.in_thread or error.own:
            continue
        told = re.match(r"([\w.<>]+)\(\) (missing|takes) (.*)", error.text)
        for call in _thread_calls(seen) if told else ():
            what = target(call)
            if told and what is not None and last(ast.unparse(what)) == last(told[1]):
                return seen.at(
                    call,
                    f"makes a thread for {last(told[1])}(), and the arguments do not fit: "
                    f"{last(told[1])}() {told[2]} {told[3]}. The thread ended before its first "
                    "line.",
                )
    return None
