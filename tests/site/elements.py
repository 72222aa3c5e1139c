"""What stands in a built page: its anchors, its links, and the files that it loads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

# What a browser loads by itself: what these attributes name, and <link> elements of these kinds.
LOADS = {"src", "srcset", "poster", "data"}
STYLES = {"stylesheet", "icon", "manifest"}
AHEAD = {"preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch"}


@dataclass
class Elements(HTMLParser):
    """Reads one page.

    `anchors` are the names that `#name` can ask for; `links` are what a reader can follow, `loads`
    what the browser fetches by itself.
    """

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and (STYLES | AHEAD) & set(values.get("rel", "").split()):
            self.loads.append(values["href"])
        elif tag in ("use", "image") and (href := values.get("href") or values.get("xlink:href")):
            self.loads.append(href)
        self.loads.extend(self.loaded(values))

    @staticmethod
    def loaded(values: dict[str, str]) -> Iterator[str]:
        for name in LOADS & set(values):
            if name == "srcset":
                yield from (part.split()[0] for part in values[name].split(",") if part.strip())
            else:
                yield values[name]
