"""Tk: its one thread, its timers, its widgets, and how it ends."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.window import (
    callbacks,
    start,
    looking,
    tkerrors,
    window,
    box,
    name,
    lines,
    server,
    ends,
)

__all__ = [
    "box",
    "callbacks",
    "ends",
    "lines",
    "looking",
    "name",
    "server",
    "start",
    "tkerrors",
    "window",
]
