"""Links, anchors and files of the built site, read without a browser. All must lead somewhere."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from conftest import Site
from elements import Elements

NAMESPACE = "http://www.w3.org/"  # a name in SVG and XML: nobody loads it
ADDRESS = re.compile(r"(?:https?:)?//[\w.-]+\.\w[^\s\"'`)]*")
CSS_LOADS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
# The theme's own script knows addresses that it asks for repositories and for Mermaid diagrams.
# test_pages.py sees that no page asks them. Here we read the scripts that this project brings.
THEME_SCRIPTS = "assets/javascripts"


@cache
def elements(path: Path) -> Elements:
    return Elements(path)


def target(site: Site, page: str, address: SplitResult) -> Path:
    """The file that an address on a page asks for."""
    path = unquote(address.path)
    if path.startswith("/"):  # only on the page for wrong addresses
        return site.folder / path.removeprefix(urlsplit(site.url).path)
    return (site.folder / page).parent / path if path else site.folder / page


def wrong(site: Site, page: str, link: str) -> str | None:
    """What is wrong with a link, or nothing."""
    address = urlsplit(link)
    if address.scheme in ("http", "https"):
        good = re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", address.netloc) and " " not in link
        return None if good else "no address of another site"
    if address.scheme == "mailto":
        return None if "@" in address.path else "no address of a mailbox"
    if address.scheme or address.netloc:
        return "neither a page nor an address of another site"
    if link.startswith("/") and page != "404.html":
        return "starts at the root: works neither in a subfolder nor from a memory stick"
    file = target(site, page, address)
    if not file.is_file():
        return "no such file"
    if not address.fragment or file.suffix != ".html":
        return None
    known = unquote(address.fragment) in elements(file.resolve()).anchors
    return None if known else "no such anchor"


def lines(site: Site, kind: str) -> Iterator[str]:
    for page in site.pages():
        for link in getattr(elements((site.folder / page).resolve()), kind):
            if problem := wrong(site, page, link):
                yield f"{page} | {link} | {problem}"


def test_links_lead_somewhere(site: Site) -> None:
    found = list(lines(site, "links"))
    assert not found, "\n".join(["", *found])


def test_pages_load_only_files_of_the_site(site: Site) -> None:
    found = [
        f"{page} | {link} | from another host"
        for page in site.pages()
        for link in elements((site.folder / page).resolve()).loads
        if urlsplit(link).netloc
    ]
    found += lines(site, "loads")
    assert not found, "\n".join(["", *found])


def test_each_page_says_for_itself_what_it_is_and_where(site: Site) -> None:
    told: dict[str, str] = {}
    found = []
    for page in site.pages():
        if page == "404.html":
            continue
        text = (site.folder / page).read_text(encoding="utf-8")
        about = re.search(r'<meta name="?description"? content="([^"]+)"', text)
        if not about or about[1] in told:
            found.append(f"{page} | has no description of its own")
        else:
            told[about[1]] = page
        place = page.removesuffix("index.html")
        canonical = "".join(re.findall("<link[^>]*canonical[^>]*>", text))
        if not re.search(rf"{urlsplit(site.url).path}{place}(index\.html)?\"", canonical):
            found.append(f"{page} | has no canonical address")
        card = re.search(r'property="?og:image"? content="([^"]+)"', text)
        path = urlsplit(card[1]).path.removeprefix(urlsplit(site.url).path) if card else "none"
        if not (site.folder / path).is_file():
            found.append(f"{page} | has no picture to share")
    assert not found, "\n".join(["", *found])


def test_styles_load_only_files_of_the_site(site: Site) -> None:
    found = []
    for path in [*site.folder.rglob("*.css"), *site.folder.rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        styles = [text] if path.suffix == ".css" else re.findall(r"<style.*?</style>", text, re.S)
        for loaded in (a or b for style in styles for a, b in CSS_LOADS.findall(style)):
            address = urlsplit(loaded)
            inside = address.scheme == "data" or loaded.startswith("#")
            file = path.parent / address.path
            if not inside and (address.scheme or address.netloc or not file.is_file()):
                found.append(f"{path.relative_to(site.folder)} | {loaded}")
    assert not found, "\n".join(["", *found])


def test_scripts_and_pictures_know_no_other_host(site: Site) -> None:
    found = [
        f"{path.relative_to(site.folder)} | {address}"
        for path in [*site.folder.rglob("*.js"), *site.folder.rglob("*.svg")]
        if path.parent.name != "search"  # the words of the pages
        and not path.is_relative_to(site.folder / THEME_SCRIPTS)
        for address in ADDRESS.findall(path.read_text(encoding="utf-8"))
        if not address.startswith(NAMESPACE)
    ]
    assert not found, "\n".join(["", *found])
