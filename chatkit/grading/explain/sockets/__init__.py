"""Listening, accepting, connecting, sending, closing."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.sockets import payload, sockets, connections, waiting, limits, clients

__all__ = [
    "clients",
    "connections",
    "limits",
    "payload",
    "sockets",
    "waiting",
]
