"""What a hand-out is: the course and the kit in a folder, without solutions, with a manifest.

The class side makes it, a student's `chatkit update` reads it.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from posixpath import normpath

MANIFEST = "handout.json"
FORMAT = 1  # of the manifest
CONTRACT = "docs/contract.md"
AWAY = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)")  # a link out of a lesson's folder


def without_dead_links(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    """The entries, and in the texts of lessons each link to what is no entry only as words."""

    def text_of(name: str, data: bytes) -> bytes:
        folder = PurePosixPath(name).parent

        def kept(link: re.Match[str]) -> str:
            there = normpath(str(folder / link[2])) in entries
            return link[0] if there else link[1]

        return AWAY.sub(kept, data.decode("utf-8")).encode()

    texts = [name for name in entries if name.startswith("lessons/") and name.endswith(".md")]
    return {**entries, **{name: text_of(name, entries[name]) for name in texts}}
