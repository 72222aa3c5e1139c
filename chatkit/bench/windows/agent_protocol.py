"""What the agent beside a window may say, and nothing else.

It lives in the student's process, so what comes may be forged, or no answer at all. A line that
does not have the shape of an answer is refused here, before anything believes it.
"""

import json
import re
from typing import Any

MOST = 64 << 20  # bytes of one line

_WIDGET = {
    **dict.fromkeys(("path", "kind", "window", "title", "text"), str),
    **dict.fromkeys(("seen", "box", "button", "at_end"), bool),
}
# By field: a dict has these keys and no others, a list any number of items of its one shape.
_SHAPES: dict[str, Any] = {
    "number": int,
    "root": bool,
    "over": bool,
    "acts": int,
    "timers": [str],
    "others": [int],
    "widgets": [_WIDGET],
    "counts": [int],
    "place": [int],
    "gap": float,
    "took": float,
    "often": int,
    "waited": float,
    "where": str,
    "wrong": [dict.fromkeys(("kind", "text", "place"), str)],
    "error": str,
}
_NO_TEXT = re.compile("[\ud800-\udfff]")  # half a character: nothing can write it
_LARGEST = 1 << 53  # what every reader of JSON takes, RFC 8259, section 6


def read(line: bytes | bytearray) -> dict[str, Any]:
    """The answer in one line: its number, and fields of the shapes above.

    Raises ValueError when it is none.
    """
    try:
        told = json.loads(line)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(told, dict) or "number" not in told or not told.keys() <= _SHAPES.keys():
        raise ValueError("no answer")
    return {name: _fitting(value, _SHAPES[name]) for name, value in told.items()}


def _fitting(value: Any, shape: Any) -> Any:
    if isinstance(shape, dict):
        if not isinstance(value, dict) or value.keys() != shape.keys():
            raise ValueError("other fields")
        return {name: _fitting(value[name], part) for name, part in shape.items()}
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise ValueError("no list")
        return [_fitting(item, shape[0]) for item in value]
    if shape is float and type(value) is int:
        value = float(value) if abs(value) < _LARGEST else None
    if type(value) is not shape or (shape in (int, float) and not abs(value) < _LARGEST):
        raise ValueError(f"no {shape.__name__}")
    return _NO_TEXT.sub("\ufffd", value) if shape is str else value
