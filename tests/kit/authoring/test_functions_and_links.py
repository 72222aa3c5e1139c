"""What views are made of: the functions of a program, and the headings and links of a page."""

import pytest

from chatkit.authoring.functions import difference, pieces
from chatkit.authoring.site.markdown import anchor, headings, links


def test_a_function_is_found_by_its_qualified_name_with_its_decorators() -> None:
    text = "class A:\n    @property\n    def b(self):\n        return 1\n\n\ndef c(): ...\n"
    found = pieces(text)
    assert list(found) == ["A", "A.b", "c"]
    assert found["A.b"].text == "@property\ndef b(self):\n    return 1\n"
    assert (found["A"].first, found["A"].last) == (1, 4)


def test_two_steps_are_compared_word_for_word() -> None:
    before = "def same(): ...\ndef edited():\n    a()\ndef gone(): ...\n"
    after = "def new(): ...\ndef edited():\n    a()  # why\ndef same(): ...\n"
    found = difference(before, after)
    assert [now.name for _, now in found.changed] == ["edited"]
    assert [piece.name for piece in found.new] == ["new"]
    assert [piece.name for piece in found.gone] == ["gone"]
    assert [piece.name for piece in found.same] == ["same"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Lesson 1: echo (server and client)", "lesson-1-echo-server-and-client"),
        ("Ctrl-C", "ctrl-c"),
        ("What is never graded", "what-is-never-graded"),
        ("Talk & listen", ""),  # the site makes one hyphen of it, a code host two
        ("Café", ""),  # the site drops the accent
    ],
)
def test_an_anchor_is_the_same_on_the_site_and_on_a_code_host(words: str, expected: str) -> None:
    assert anchor(words) == expected


def test_headings_in_code_are_no_headings() -> None:
    text = "# A `b`\n\n```sh\n# no\n```\n\n~~~~\n## no\n```\n~~~\n~~~~\n### C *d* ###\n"
    assert [(heading.text, heading.line) for heading in headings(text)] == [("A b", 1), ("C d", 12)]


def test_links_are_found_where_they_are_links() -> None:
    text = (
        '[a](b.md) `[no](no.md)` <!-- [no](no.md) -->\n[two\nlines](<c d.md> "t")\n\n'
        "```\n[no](no.md)\n```\n[![i](i.png)](e.md#f)\n"
    )
    assert [(link.target, link.line, link.is_image) for link in links(text)] == [
        ("b.md", 1, False),
        ("c d.md", 2, False),
        ("i.png", 8, True),
        ("e.md#f", 8, False),
    ]
