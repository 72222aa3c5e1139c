"""What may happen while a student works with `chatkit watch`, and what the watch may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatkit.student.grader import Ended, Heard
from chatkit.student.saves import Saved


@dataclass(frozen=True)
class Pressed:
    """A key: its character, or "enter"; "gone" when nobody can press one any more."""

    key: str


@dataclass(frozen=True)
class Waited:
    """Nothing has come for a while."""


@dataclass(frozen=True)
class Redraw:
    """The screen has another size, or lost what stood on it."""


@dataclass(frozen=True)
class Suspend:
    """Ctrl-Z."""


Event = Saved | Pressed | Heard | Ended | Waited | Redraw | Suspend


@dataclass(frozen=True)
class Question:
    """What is asked, and what each answer does. Every other key takes it back."""

    text: str
    answers: Mapping[str, Callable[[], None]]
