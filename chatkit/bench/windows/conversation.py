"""Two windows that talk to each other: what the demo and the pictures of the course show."""

from collections.abc import Callable, Mapping

from chatkit.bench.window import Window

GAP = 12  # pixels between two windows
NAMES = ("alice", "bob")
CONVERSATION = (
    ("alice", "Hello bob, do you see this?"),
    ("bob", "Yes, and I did not even press a key."),
    ("alice", "The receiving thread put it into the inbox."),
    ("bob", "And the window looked there."),
)


def speak(window: Window, text: str) -> None:
    """Type a line into the window's box and press Enter; nothing where there is no box."""
    for box in window.boxes()[:1]:
        window.types(text, box)
        window.presses_enter(box)


def converse(windows: Mapping[str, Window], before_each: Callable[[], object]) -> None:
    """Let the windows of NAMES say CONVERSATION, and wait until both show each line.

    `before_each` is called before each line. Raises Failure when a window does not show it, or has
    been closed.
    """
    for name, text in CONVERSATION:
        before_each()
        speak(windows[name], text)
        for window in windows.values():
            window.shows(f"{name}: {text}")
