"""What a check is, and how a function in `tests/lessons/` becomes one."""

import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

from chatkit.course.errors import CourseError

CheckFunction = Callable[..., None]
Story = Callable[[Any], None]


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
) -> Callable[[CheckFunction], CheckFunction]:
    """Make a test function in `tests/lessons/` a check. The arguments are those of `Check`."""

    def mark(function: CheckFunction) -> CheckFunction:
        function.check = Check(  # type: ignore[attr-defined]
            *(id, points, title, hint, read, rule, program, frozenset(owns), slow),
            story=story_of(function),
        )
        return function

    return mark


def story_of(function: CheckFunction) -> Story:
    """A check's function as a story that needs nothing but a bench.

    An argument called `bench` is the bench. Any other is made of it by the function of that name in
    the check's file: `def room(bench): return Room(bench)`.
    """

    def story(bench: Any) -> None:
        makers = function.__globals__
        names = inspect.signature(function).parameters
        function(**{name: bench if name == "bench" else makers[name](bench) for name in names})

    return story


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
