"""Explanations whose wrong programs are judged by checks of another kind: from made-up evidence."""

from chatkit.bench.evidence import Evidence
from chatkit.bench.transcript import Event
from chatkit.grading.explain.catalogue import Seen
from chatkit.grading.explain.framing.lines import a_line_said_before_is_dropped

REMEMBERS = """
def read(client, line):
    if line.strip() and line != client.before:
        client.before = line
        broadcast(line, client)
"""


def seen(sent: tuple[str, ...], missing: str, text: str = REMEMBERS) -> Seen:
    """The evidence of a server that was sent these lines, and did not pass on one of them."""
    events = tuple(Event(0.1, "alice", "server", "data", f"{line}\\n") for line in sent)
    expected = f"bob to get b'{missing}\\n'"
    return Seen(
        Evidence(
            2, "in-order", "server.py", "silent", "", "", expected, "", events=events, text=text
        )
    )


def test_a_line_that_was_said_before_and_did_not_come_is_explained() -> None:
    told = a_line_said_before_is_dropped(seen(("hello", "hello"), "hello"))

    assert told is not None
    assert told.startswith("server.py:3 compares a line with what was said before")


def test_a_line_that_was_said_once_is_not_explained_by_that() -> None:
    assert a_line_said_before_is_dropped(seen(("hello", "other"), "other")) is None


def test_a_file_that_remembers_nothing_is_not_explained_by_that() -> None:
    right = "def read(client, line):\n    if line.strip():\n        broadcast(line, client)\n"

    assert a_line_said_before_is_dropped(seen(("hello", "hello"), "hello", right)) is None
