"""The bench: the black box around a student's program.

A check imports from here, and sees one class, `Bench`: it starts a program, plays the other people
in the chat, waits with a deadline, and keeps a transcript of all that happened.

- `bench`           the facade that checks see; `setup/` starts programs and connects to them
- `eventloop`       the one place where time passes; `waiting/` moves the bytes and has deadlines
- `idle`            the proof that a program will do nothing more by itself
- `peer`            one scripted end of a connection; `peersocket` is its socket
- `window`          what a person sees and does; `windows/` speaks with the agent, and `agent/` is
                    inside the window's process
- `transcript`      what happened, as data; `sequence` draws it as a sequence diagram
- `symptoms`        what can be seen of a wrong program, each with its sentence
- `failure`         what peers, windows and checks raise
- `diagnosis`       from a program that did not do what it should to a symptom
- `evidence`        what was seen of a program whose check failed

Peers and windows know the event loop, and it knows neither. Only `Bench` asks the diagnosis.

Who comes in: checks, grading, tools. What never lives here: points, ids of checks, verdicts. A
student's code runs in a process of its own, never in ours.
"""

from importlib import import_module
from typing import Any

# What checks need, and the module where it lives.
_EXPORTS = {
    "Bench": "bench",
    "Failure": "failure",
    "GRACE": "idle",
    "IdleClock": "idle",
    "NotMet": "failure",
    "Peer": "peer",
    "Program": "bench",
    "Symptom": "symptoms",
    "Text": "peer",
    "View": "windows.view",
    "Window": "window",
    "as_bytes": "peer",
    "as_line": "peer",
    "bare": "peer",
    "last_words": "diagnosis",
    "quoted": "transcript",
}


def __getattr__(name: str) -> Any:
    """Import it when it is asked for (PEP 562): commands that check nothing need none of it."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
