"""From bytes to lines: where a line begins and ends, and what it says."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.framing import (
    framing,
    inboxes,
    leftovers,
    decoding,
    lines,
    dropped,
    words,
)

__all__ = [
    "decoding",
    "dropped",
    "framing",
    "inboxes",
    "leftovers",
    "lines",
    "words",
]
