"""Who is called what, and who gets a line."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.chat import handshake, asking, refusals, names, room, kinds

__all__ = [
    "asking",
    "handshake",
    "kinds",
    "names",
    "refusals",
    "room",
]
