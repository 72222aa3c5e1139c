"""What went over the wire in a check of a window, and what was typed, from the transcript."""

import re

from chatkit.grading.explain.catalogue import Seen


def sent_by(seen: Seen) -> list[str]:
    """What the client has sent, as it came, in order."""
    return [
        one.bytes
        for one in seen.evidence.events
        if one.source == "client" and one.kind == "data" and one.bytes
    ]


def said_to(seen: Seen) -> list[str]:
    """What the server has sent, as it was sent, in order."""
    return [
        one.bytes
        for one in seen.evidence.events
        if one.target == "client" and one.kind == "data" and one.bytes
    ]


def typed_last(seen: Seen) -> str:
    """What was typed last."""
    found = [re.match(r".*types '(.*)'$", one.text) for one in seen.evidence.events]
    return next((one[1] for one in reversed(found) if one), "")
