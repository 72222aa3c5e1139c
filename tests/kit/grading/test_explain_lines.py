"""Explanations whose wrong programs are judged by checks of another kind: from made-up evidence."""

import pytest

from chatkit.bench.evidence import Evidence
from chatkit.bench.transcript import Event
from chatkit.grading.explain.catalogue import Seen
from chatkit.grading.explain.framing.dropped import a_line_said_before_is_dropped
from chatkit.grading.explain.ranking import concluded_from

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


SAYS = """
def say(user, line):
    for other in users:
        other.put(f"{user.name} > {line}\\n")

def join(user, name):
    user.name = name
    user.put("Connected to the server\\n")
"""


@pytest.mark.parametrize(
    ("about", "right", "cause", "line"),
    [
        (
            {"expected": "bob to get b'alice: hi\\n'", "received": "b'alice > hi\\n'"},
            SAYS.replace(" > ", ": "),
            "name-and-text-put-together-wrongly",
            "server.py:4",
        ),
        (
            {"message": "the name 'xxx' was accepted although it is longer than 20 characters"},
            SAYS.replace("user.name = name", "user.name = name if len(name) < 9 else None"),
            "name-length-not-checked",
            "server.py:7",
        ),
        (
            {"expected": "bob to get b'alice has left the chat.\\n'", "symptom": "silent"},
            SAYS + 'LEFT = "has left the chat."\n',
            "line-of-the-contract-missing",
            "server.py",
        ),
    ],
)
def test_what_is_wrong_in_lesson_4_is_told_and_not_of_a_file_that_is_right(
    about: dict[str, str], right: str, cause: str, line: str
) -> None:
    def told(text: str) -> dict[str, str]:
        facts = {"symptom": "different-text", "message": "", "expected": "", "received": ""}
        seen = Evidence(4, "says-who", "server.py", step="", text=text, **(facts | about))
        return {one.name: one.sentence for one in concluded_from(seen).causes}

    assert told(SAYS)[cause].startswith(f"{line} ")
    assert cause not in told(right)
