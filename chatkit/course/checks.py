"""What a check is, and how a function in `tests/lessons/` becomes one."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

from chatkit.course.errors import CourseError

CheckFunction = Callable[..., None]
Maker = Callable[[Any], Any]  # makes an argument of a check of a bench


@dataclass(frozen=True)
class Story:
    """What happens in a check, told to a bench: a function, and what makes its arguments.

    An argument called `bench` is the bench. Any other is made of it by the function of that name in
    the check's file: `def room(bench): return Room(bench)`. `makers` come before those.
    """

    function: CheckFunction
    makers: Mapping[str, Maker] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments, in order."""
        return tuple(inspect.signature(self.function).parameters)

    def __call__(self, bench: Any) -> None:
        makers = {**self.function.__globals__, **self.makers}
        self.function(*(bench if one == "bench" else makers[one](bench) for one in self.arguments))


@dataclass(frozen=True)
class Check:
    """One graded behaviour. Its words live with its function in `tests/lessons/`."""

    id: str
    points: int
    title: str
    hint: str  # one line: what to think about next
    read: str  # a heading in the lesson's README.md
    rule: str  # an anchor of the contract page
    program: str = "server.py"  # the program that it judges
    owns: frozenset[str] = frozenset()  # set-up steps whose failure is this check's own
    slow: bool = False  # begun before the others, where several are run at once
    free: bool = False  # the starter passes it already: what it looks at is given
    story: Story = field(kw_only=True, compare=False, repr=False)  # what happens, told to a bench


def check(
    id: str,
    title: str,
    *,
    points: int,
    hint: str,
    read: str,
    rule: str,
    program: str = "server.py",
    owns: tuple[str, ...] = (),
    slow: bool = False,
    free: bool = False,
) -> Callable[[CheckFunction], CheckFunction]:
    """Make a test function in `tests/lessons/` a check. The arguments are those of `Check`."""

    def mark(function: CheckFunction) -> CheckFunction:
        function.check = Check(  # type: ignore[attr-defined]
            *(id, points, title, hint, read, rule, program, frozenset(owns), slow, free),
            story=Story(function),
        )
        return function

    return mark


def take(function: CheckFunction, *, points: int, **new: Any) -> CheckFunction:
    """The check of another lesson for this one, in one line, with other points.

    `new` are further arguments of `check` that differ, such as `hint`, `read` and `rule`: a lesson
    sends its students to its own text. The story is played as the other lesson plays it, with what
    its file makes of a bench. Where `function` takes an argument `room`, `room=…` makes it another
    way, and so with any other argument than `bench`.

    Raises CourseError when `function` is not a check or an argument is none of `Check`.
    """
    its = getattr(function, "check", None)
    if not isinstance(its, Check):
        raise CourseError(f"take() needs a function with @check, not {function!r}")
    makers = {name: new.pop(name) for name in its.story.arguments if name in new}
    unknown = set(new) - {one.name for one in fields(Check) if one.name != "story"}
    if unknown:
        raise CourseError(f"take() of {its.id}: a check has no {', '.join(sorted(unknown))}")
    if "owns" in new:
        new["owns"] = frozenset(new["owns"])
    story = replace(its.story, makers={**its.story.makers, **makers})

    def taken(bench: Any) -> None:
        story(bench)

    taken.check = replace(its, points=points, story=story, **new)  # type: ignore[attr-defined]
    return taken


def load_checks(path: Path) -> ModuleType:
    """The module of lesson checks at `path`, imported again only when a file of its folder changed.

    Raises CourseError without the file, and what the import raises.
    """
    if not path.is_file():
        raise CourseError(f"the checks {path} are missing: install the kit again")
    states = ((one.name, one.stat()) for one in sorted(path.parent.glob("*.py")))
    version = tuple((name, about.st_mtime_ns, about.st_size) for name, about in states)
    return import_module(f"{_package(path.parent, version)}.{path.stem}")


@cache
def _package(folder: Path, version: tuple[tuple[str, int, int], ...]) -> str:
    """The name of a package whose modules are the files of `folder`: each course has its own."""
    state = hashlib.sha256(repr((str(folder), version)).encode()).hexdigest()
    package = ModuleType(f"lesson_checks_{state[:16]}")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    invalidate_caches()  # a file may have come since the folder was last read
    return package.__name__
