"""What the event loop waits for, as far as waiting is concerned: it knows no peer and no window."""

from typing import Protocol

from chatkit.bench.idle import Pulsing


class WatchedConnection(Protocol):
    """The end of a connection, as far as waiting is concerned."""

    def on_its_way(self) -> bool:
        """Whether bytes are between the two programs."""

    def unread(self) -> int:
        """How many bytes the program has got and not read."""


class WatchedWindow(Pulsing, Protocol):
    """A window, as far as waiting is concerned."""

    def must_not_wait_always(self) -> None:
        """Raise Failure when its callbacks wait again and again."""
