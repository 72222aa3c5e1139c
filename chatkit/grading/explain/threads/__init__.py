"""Who runs, who waits for whom, who shares what."""

# The order of the catalogue: of two causes that explain equally much, the first is told first.
# ruff: noqa: I001
from chatkit.grading.explain.threads import (
    threads,
    serving,
    locks,
    guarding,
    steps,
    queues,
    sending,
    chatclient,
)

__all__ = [
    "chatclient",
    "guarding",
    "locks",
    "queues",
    "sending",
    "serving",
    "steps",
    "threads",
]
