"""The pytest plugin: the checks of `tests/lessons/` as an ordinary pytest run.

`pytest tests/lessons/test_01_echo.py --programs lessons/01_echo` gives the verdicts that
`chatkit check` gives; without `--programs` the solutions are checked. Functions that are no checks
are left to pytest.
"""

import secrets
from pathlib import Path
from typing import Any

import pytest

from chatkit.course.checks import Check
from chatkit.course.lessons import find_course
from chatkit.grading import feedback
from chatkit.grading.checkrun import CheckRunner
from chatkit.grading.explain.ranking import with_cause
from chatkit.grading.options import RunOptions

RUNNERS = pytest.StashKey[dict[Path, CheckRunner]]()  # by the file of their checks


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chatkit")
    group.addoption("--programs", metavar="DIR", help="the folder with one lesson's programs")
    group.addoption("--seed", metavar="TEXT", help="fixes the random words in what is sent")


class NotPassed(Exception):
    """A check that did not pass; its text is what a student reads."""


class CheckItem(pytest.Item):
    """One check, as an item of pytest."""

    def __init__(self, *, check: Check, **given: Any) -> None:
        super().__init__(**given)
        self.check = check

    def runtest(self) -> None:
        """Run the check. Raises NotPassed, and what the kit itself raises."""
        verdict = runner_of(self).run(self.check)
        if verdict.causes:
            verdict = with_cause(verdict, verdict.causes[0])
        if verdict.status == "skipped":
            pytest.skip(verdict.message)
        if verdict.status != "passed":
            raise NotPassed(feedback.plain(verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the report shows: the feedback alone, and of a fault of the kit the traceback."""
        if isinstance(excinfo.value, NotPassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.check.title


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> CheckItem | None:
    check = getattr(obj, "check", None)
    if not isinstance(check, Check):
        return None
    item: CheckItem = CheckItem.from_parent(collector, name=name, check=check)
    return item


def runner_of(item: CheckItem) -> CheckRunner:
    """The runner for all checks of one file, made at the first one."""
    runners = item.config.stash.setdefault(RUNNERS, {})
    if item.path not in runners:
        name = item.path.stem.removeprefix("test_")
        lesson = find_course(item.path.parent).lesson(name)
        chosen = item.config.getoption("--programs")
        options = RunOptions(seed=item.config.getoption("--seed") or secrets.token_hex(4))
        runners[item.path] = CheckRunner(
            lesson, Path(chosen) if chosen else lesson.solutions, options
        )
    return runners[item.path]


def pytest_unconfigure(config: pytest.Config) -> None:
    for runner in config.stash.get(RUNNERS, {}).values():
        runner.close()
