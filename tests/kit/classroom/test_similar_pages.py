"""The pages about similar programs."""

import re
from html.parser import HTMLParser
from pathlib import Path

from similar_class import Class, program

from chatkit.classroom.reports.similar import lines, pair_page, write_similar
from chatkit.classroom.similar import (
    Findings,
    Pair,
    Side,
)

EVIL = '<script>alert("x")</script>\u202e'


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attributes)


def test_names_and_programs_are_escaped(school: Class, tmp_path: Path) -> None:
    evil = f'{program("threads")}\nx = """{EVIL}</li></ol><img src=x onerror=y>"""\n'
    school.add("alice", evil, name=EVIL)
    school.add("bob", evil)
    school.add("carol", b"\0", name=EVIL)

    pages = [file.read_text(encoding="utf-8") for file in write_similar(school.found(), tmp_path)]

    assert len(pages) == 2
    for page in pages:
        found = Tags(page)
        assert not {"script", "img", "link", "iframe"} & set(found.tags)
        assert not {"src", "onerror"} & set(found.attributes)
        assert "&lt;script&gt;" in page
        assert "\u202e" not in page
        assert "http://" not in page.replace("http://127.0.0.1", "")


def test_the_overview_leads_to_pages_that_lead_back(school: Class, tmp_path: Path) -> None:
    school.add("alice", program("threads"), name="Al Ice")
    school.add("bob", program("threads"), name="Al Ice")

    overview, page = write_similar(school.found(), tmp_path)

    (address,) = re.findall(r'href="(similar/[^"]+)"', overview.read_text(encoding="utf-8"))
    assert tmp_path / address == page
    text = page.read_text(encoding="utf-8")
    assert (page.parent / re.findall(r'href="([^"]+)"', text)[0]).resolve() == overview
    assert "Al Ice (alice)" in text and "Al Ice (bob)" in text
    for one in (overview, page):
        assert "a reason to look and to talk, not a proof" in one.read_text(encoding="utf-8")


def test_a_page_marks_what_is_alike_and_keeps_every_character() -> None:
    text = "import os\n\n    alike <here>\n  and here\nnot here\n"
    start = text.index("alike")
    end = text.index(" here\nnot")
    parts = list(lines(text, [(start, end)]))

    assert "\n".join("".join(part for part, _ in line) for line in parts) == text[:-1]
    assert [part for line in parts for part, alike in line if alike] == ["alike <here>", "and"]
    side = Side("alice", "alice", text, 0.7, ((start, end),))
    page = pair_page(Pair("01_echo", "server.py", 120, side, side))
    assert page.count("<mark>alike &lt;here&gt;</mark>") == 2


def test_two_marks_on_one_line_are_two() -> None:
    assert list(lines("abcdef\nx", [(0, 2), (3, 5)])) == [
        (("ab", True), ("c", False), ("de", True), ("f", False)),
        (("x", False),),
    ]


def test_a_class_that_copied_one_program_makes_a_report_of_bounded_size(tmp_path: Path) -> None:
    side = Side("a", "a", "x\n", 1.0, ())
    pairs = tuple(
        Pair("01_echo", "server.py", 200, side, Side(f"s{n}", f"s{n}", "x\n", 1.0, ()))
        for n in range(510)
    )

    written = write_similar(Findings(pairs, (), 511, 60), tmp_path)

    assert len(written) == 501
    assert "10 more pairs" in written[0].read_text(encoding="utf-8")
