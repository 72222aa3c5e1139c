"""Text of strangers, made fit to be shown. A name or a chat line must not move a cursor, hide a
word, or turn the direction of writing."""

import re

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """`text` with each character that cannot be seen written as Python writes it: \\x1b, \\u202e.

    These are control characters, what hides or turns the direction of writing, and half
    characters. Line ends and tabs stay.
    """
    return UNSEEN.sub(lambda found: _written(ord(found[0])), text)


def _written(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """`text` as `visible` gives it, line ends and tabs written out too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
