"""Programs that cannot be talked to, and files that Python cannot read."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.starting import (
    reading,
    importing,
    starting,
    running,
    addresses,
    readyline,
)

__all__ = [
    "addresses",
    "importing",
    "reading",
    "readyline",
    "running",
    "starting",
]
