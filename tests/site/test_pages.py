"""Every page of the site, in a real browser: silent, self-contained, readable by everybody.

A failure has one line for each problem: page, rule, element.
"""

import json
import re

import pytest
from audit import violations
from conftest import ROOT, Site, Tab
from playwright.sync_api import Page

PAGES = sorted(
    path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
    for path in (ROOT / "docs").rglob("*.md")
)
# Made by one piece of code from facts of the same kind: one of each kind is looked at in a browser.
MADE_ALIKE = re.compile(r"sheets/0[2-5]|slides/0[1345]|checks/0[1235]")
NOT_FOUND = "404.html"  # the theme's page for wrong addresses
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
ON_A_PHONE = {"index.html", "start.html", "checks.html", "lessons/01_echo.html"}  # every rule again
SCREENS = 12.5  # the most on a desk: 12, and a little for the fonts of other machines
LONG = {"contract.html"}  # and the lessons: one reads them from top to bottom
# One of each kind: what a page names is looked at for all of them in test_links.py.
ON_A_STICK = ("index.html", "lessons/02_broadcast.html", "instructors/plan.html", "scenes.html")
# Elements that stick out at the right, unless something around them can be scrolled to show them.
STICK_OUT = """
() => {
  const reachable = (element) => {
    for (let box = element; box !== document.body; box = box.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return true;
    }
    return false;
  };
  const name = (element) => element.tagName.toLowerCase() +
    (element.id ? "#" + element.id : "") +
    [...element.classList].map((one) => "." + one).join("");
  const out = [...document.querySelectorAll("article *")].filter((element) =>
    element.getBoundingClientRect().right > innerWidth + 1 &&
    element.checkVisibility() && !reachable(element));
  const found = out.map((element) => name(element) + " | ends at " +
    Math.round(element.getBoundingClientRect().right) + " px: " +
    element.textContent.trim().slice(0, 40));
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) found.push("html | is " + width + " px wide");
  return found;
}
"""


def to_dark(page: Page) -> None:
    """Switch the colours as a reader does."""
    page.locator("[data-md-component=palette] label:visible").click()
    page.locator("body[data-md-color-scheme=slate]").wait_for()


def named(name: str, where: str, problems: list[str]) -> list[str]:
    return [f"{name} | {where} | {problem}" for problem in problems]


def test_each_source_has_a_page_and_no_page_is_without(site: Site) -> None:
    assert set(site.pages()) == {*PAGES, NOT_FOUND}


LOOKED_AT = [name for name in PAGES if not MADE_ALIKE.match(name)]


@pytest.mark.parametrize("name", [*LOOKED_AT, NOT_FOUND])
def test_a_page_is_silent_self_contained_and_open_to_everybody(
    name: str, site: Site, long_tab: Tab
) -> None:
    page = long_tab.page
    # Reading all words of the site takes the search a second on each page. test_reading.py looks
    # at that; here there is nothing to read.
    index = json.loads((site.folder / "search" / "search_index.json").read_text(encoding="utf-8"))
    page.route("**/search_index.json", lambda route: route.fulfill(json={**index, "docs": []}))
    page.goto(site.url + name)
    found = named(name, "light", violations(page))
    screens = page.evaluate("() => document.documentElement.scrollHeight / innerHeight")
    if screens > SCREENS and name not in LONG and not name.startswith("lessons/"):
        found.append(f"{name} | desk | is {screens:.1f} screens long")
    page.set_viewport_size(PHONE)
    found += named(name, "phone", page.evaluate(STICK_OUT))
    if name in ON_A_PHONE:
        found += named(name, "phone", violations(page))
    page.set_viewport_size(DESK)
    to_dark(page)
    found += named(name, "dark", violations(page, colours_only=True))
    page.evaluate("() => localStorage.clear()")  # the next page is light again
    found += named(name, "http", long_tab.problems(site.url))
    assert not found, "\n".join(["", *found])


def test_pages_are_silent_and_self_contained_on_a_memory_stick(site: Site, tab: Tab) -> None:
    found = []
    for name in ON_A_STICK:
        tab.page.goto(site.file + name)
        tab.page.locator("html.js").wait_for()
        found += named(name, "memory stick", tab.problems(site.file))
    assert not found, "\n".join(["", *found])
