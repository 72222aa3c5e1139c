"""A peer that leaves, a reset, Ctrl-C, the end of input, and errors on the way."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.endings import endings, closing, leaving, loops, stopping, keyboard

__all__ = [
    "closing",
    "endings",
    "keyboard",
    "leaving",
    "loops",
    "stopping",
]
