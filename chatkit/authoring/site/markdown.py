"""The little of Markdown that the views need: headings, fenced code, links."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")  # indented in a list
HEADING = re.compile(r"(#{1,6})\s+(.+?)(?:\s+#+)?\s*")
CODE_SPAN = re.compile(r"(`+)(?!`)(?:(?!\n\n).)+?(?<!`)\1(?!`)", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(
    r"(?P<open>!?\[)(?P<label>(?:[^\[\]]|\[[^\[\]]*\](?:\([^()]*\))?)*)"
    r"\]\(\s*(?P<target><[^<>\n]*>|[^\s()]+)(?P<title>\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
)
DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s+(?P<target>\S+)", re.MULTILINE)
SPECIAL = re.compile(r"([*_<\[\]])")
CODE = re.compile(r"`[^`]*`|(?<![\w-])--[a-z][\w-]*|[\w./-]+\.(?:py|md|toml|svg|png|yml|json)\b")
HTML_ID = re.compile(r"""<[a-z][^>]*\sid=["']([^"']+)["']""")


@dataclass(frozen=True)
class Heading:
    text: str  # without code marks and stars
    anchor: str  # "" when site and code host do not agree on one
    line: int


@dataclass(frozen=True)
class Link:
    """A link or an image: `[label](target "title")`."""

    label: str
    target: str
    title: str
    is_image: bool
    line: int
    written: str  # the whole of it


def prose(text: str) -> Iterator[tuple[int, str, bool]]:
    """Every line with its number, and whether it is prose, not part of a fenced code block."""
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        mark = FENCE.fullmatch(line)
        if fence:
            yield number, line, False
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
            yield number, line, False
        else:
            yield number, line, True


def headings(text: str) -> list[Heading]:
    found = []
    for number, line, is_prose in prose(text):
        if is_prose and (mark := HEADING.fullmatch(line)):
            words = re.sub(r"[`*]", "", LINK.sub(lambda link: link["label"], mark[2]))
            found.append(Heading(words, anchor(words), number))
    return found


def anchor(words: str) -> str:
    """The anchor of a heading, or "" when the site and a code host would make two of it."""
    lowered = unicodedata.normalize("NFKC", words).strip().lower()
    host = re.sub(r"[^\w\- ]", "", lowered).replace(" ", "-")
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    site = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
    return host if host == site else ""


def anchors(text: str) -> set[str]:
    """Every anchor that a link may name."""
    ids = {name for _, line, is_prose in prose(text) if is_prose for name in HTML_ID.findall(line)}
    return {heading.anchor for heading in headings(text)} - {""} | ids


def links(text: str) -> list[Link]:
    """The links and images of the prose."""
    found: list[Link] = []

    def remember(link: Link) -> str:
        found.append(link)
        return link.written

    replace_links(text, remember)
    return found


def escaped(text: str) -> str:
    """Plain words as Markdown: nothing in them is markup by accident."""
    return SPECIAL.sub(r"\\\1", text)


def words(text: str) -> str:
    """Plain words as Markdown, with what stands between backticks, options and files as code."""
    out, end = [], 0
    for code in CODE.finditer(text):
        out += [escaped(text[end : code.start()]), f"`{code[0].strip('`')}`"]
        end = code.end()
    return "".join([*out, escaped(text[end:])])


def front(description: str, **more: str) -> str:
    """What a page tells the theme, and what search engines show of it."""
    entries = {"description": json.dumps(description, ensure_ascii=False), **more}
    return "\n".join(["---", *(f"{key}: {value}" for key, value in entries.items()), "---"])


def folded(kind: str, title: str, inside: str) -> str:
    """A box that the reader opens; `inside` is Markdown, `kind` is one of the theme's."""
    quoted = title.replace('"', "'")
    lines = (f"    {line}".rstrip() for line in inside.split("\n"))
    return "\n".join([f'??? {kind} "{quoted}"', "", *lines])


def reference_links(text: str) -> list[int]:
    """The lines with a link of the other kind, `[label]: target`."""
    return [number for number, line, is_prose in prose(text) if is_prose and DEFINITION.match(line)]


def replace_links(text: str, change: Callable[[Link], str]) -> str:
    """The text with `change(link)` in place of every link of the prose."""
    out: list[str] = []
    block: list[str] = []
    start = 1
    for number, line, is_prose in [*prose(text), (0, "", False)]:
        if is_prose:
            if not block:
                start = number
            block.append(line)
            continue
        if block:
            out.append(replace_in_prose("\n".join(block), start, change))
            block = []
        if number:
            out.append(line)
    return "\n".join(out)


def replace_in_prose(text: str, start: int, change: Callable[[Link], str]) -> str:
    quiet = [mark.span() for pattern in (CODE_SPAN, COMMENT) for mark in pattern.finditer(text)]

    def replace(mark: re.Match[str]) -> str:
        if any(begin <= mark.start() < end for begin, end in quiet):
            return mark[0]
        label = mark["label"]
        if "](" in label:  # an image inside a link
            label = replace_in_prose(label, start, change)
        return change(
            Link(
                label=label,
                target=mark["target"].strip("<>"),
                title=mark["title"] or "",
                is_image=mark["open"] == "![",
                line=start + text.count("\n", 0, mark.start()),
                written=f"{mark['open']}{label}]"
                + mark[0][len(mark["open"] + mark["label"]) + 1 :],
            )
        )

    return LINK.sub(replace, text)
