"""Text of strangers on one line, for tables and lists."""

from chatkit._printable import visible

__all__ = ["one_line", "visible"]


def one_line(text: str) -> str:
    """`text` as `visible` gives it, line ends and tabs written out too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
