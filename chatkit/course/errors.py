"""What is wrong with a course, where it is, and what to do about it."""

from dataclasses import dataclass
from pathlib import Path

from chatkit._errors import UserError


class CourseError(UserError):
    """Something about the course is not as it must be; the message says what to do."""


@dataclass(frozen=True)
class Problem:
    """One thing that an author has to fix."""

    file: Path
    what: str  # what is wrong, without a full stop
    cure: str  # what to do, or the command that does it
    line: int | None = None
    detail: str = ""  # more lines to look at: a diff

    def text(self, root: Path) -> str:
        """The problem as the author reads it; files as seen from `root`."""
        file = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        place = file.as_posix() + (f":{self.line}" if self.line else "")
        lines = [f"{place}: {self.what}", f"    cure: {self.cure}"]
        lines += [f"    {line}".rstrip() for line in self.detail.splitlines()]
        return "\n".join(lines)


class AuthoringError(CourseError):
    """A source that no view can be made from; `problem` says what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text(Path()))
        self.problem = problem
