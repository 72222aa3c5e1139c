"""What a reader does on the site: search, switch the colours, copy, choose a system, use the
keyboard, print, and carry it all away on a memory stick."""

import shutil
import time
from itertools import islice
from pathlib import Path

import pytest
from conftest import DEADLINE, Site, Tab
from playwright.sync_api import Browser, Locator, Page

SEARCHES = {  # what a student types, and the page that should be among the first three
    "address already in use": "errors/network.html",
    "WinError 10048": "errors/network.html",
    "connection reset by peer": "errors/network.html",
    "main thread is not in main loop": "errors/python.html",
    "can't concat str to bytes": "errors/python.html",
    "my program prints nothing": "errors/kit.html",
    "recv": "glossary.html",
    "sendall": "lessons/03_threads.html",
    "half-close": "glossary.html",
    "framing": "glossary.html",
    "nickname": "lessons/04_nicknames.html",
    "hint": "student.html",
    "install windows": "start.html",
    "gradescope": "instructors/platforms.html",
}
FIRST = 3
FOCUS = """
() => {
  const shown = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const element = document.activeElement;
  const box = element.getBoundingClientRect();
  return {
    name: element.tagName.toLowerCase() + [...element.classList].map((one) => "." + one).join(""),
    text: (element.textContent || element.name || "").trim().slice(0, 40),
    place: element === document.body ? "nowhere" :
      element.closest(".md-skip") ? "skip link" :
      element.closest(".md-search") ? "search" :
      element.closest(".md-header") ? "header" :
      element.closest(".md-nav--secondary") ? "contents" :
      element.closest(".md-nav") ? "navigation" :
      element.closest("article") ? "article" : "footer",
    kind: element.matches("summary") ? "fold" :
      element.matches("pre, pre code") ? "program" : "",
    /* A switch without a size shows the ring on its label. */
    visible: shown(element) || (box.width === 0 && shown(element.nextElementSibling)),
  };
}
"""


def search(page: Page, words: str) -> list[str]:
    """Type into the search and return the pages that it finds, best first."""
    results = page.locator(".md-search-result__item")
    box = page.locator(".md-search__input")
    box.click()
    for text in ("", words):  # first nothing, so that no answer is one to the words before
        box.fill(text)
        box.press("End")  # the page listens to keys
        page.wait_for_function(
            "wanted => (document.querySelector('.md-search-result__item') !== null) === wanted",
            arg=bool(text),
        )
    links = results.locator("> a").evaluate_all("links => links.map(link => link.href)")
    return list(dict.fromkeys(link.split("?")[0].split("#")[0] for link in links))


@pytest.mark.parametrize(("way", "searches"), [("url", len(SEARCHES)), ("file", 2)])
def test_search_finds_what_a_student_types(way: str, searches: int, site: Site, tab: Tab) -> None:
    home = getattr(site, way)
    tab.page.goto(home + "verdict.html")
    found = []
    for words, wanted in islice(SEARCHES.items(), searches):
        pages = [link.removeprefix(home) for link in search(tab.page, words)]
        if wanted not in pages[:FIRST]:
            found.append(f"{words} | {wanted} is not among the first {FIRST} | {pages}")
    found += tab.problems(home)
    assert not found, "\n".join(["", *found])


def test_a_result_of_the_search_leads_to_its_page(site: Site, tab: Tab) -> None:
    tab.page.goto(site.file + "index.html")
    search(tab.page, "Tcl_AsyncDelete")
    tab.page.locator(
        ".md-search-result__item a[href*='errors/python.html'][href*='#']"
    ).first.click()
    tab.page.wait_for_url(f"{site.file}errors/python.html**")
    tab.page.locator("article mark").first.wait_for()  # the words are marked


# ------------------------------------------------------------------------- colours


def scheme(page: Page) -> str | None:
    return page.locator("body").get_attribute("data-md-color-scheme")


def test_the_colours_follow_the_system_until_the_reader_chooses(
    site: Site, browser: Browser
) -> None:
    for system, there, back in (("light", "default", "slate"), ("dark", "slate", "default")):
        context = browser.new_context(color_scheme=system)
        page = context.new_page()
        page.goto(f"{site.url}index.html")
        assert scheme(page) == there
        page.locator("[data-md-component=palette] label:visible").click()
        page.locator(f"body[data-md-color-scheme={back}]").wait_for()
        page.locator("article a[href='start.html']").first.click()
        page.wait_for_url("**/start.html")
        assert scheme(page) == back, "the next page has forgotten it"
        context.close()


# ------------------------------------------------------------------------- copy, tabs


def test_copy_buttons_copy_the_code(site: Site, tab: Tab) -> None:
    page = tab.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site.url}walkthroughs/01_echo.html")
    blocks = page.locator("article pre > code")
    buttons = page.locator("article pre [data-md-type=copy]")
    assert blocks.count() == buttons.count() > 5
    hidden = page.locator("article pre").evaluate_all(
        "all => all.filter((one) => one.querySelector('[data-md-type=copy]')"
        ".getBoundingClientRect().left < one.querySelector('code').getBoundingClientRect().right)"
    )
    assert not hidden, "a button stands on the code"
    for number in (0, blocks.count() - 1):
        buttons.nth(number).click()
        page.locator(".md-dialog--active").wait_for()  # "Copied to clipboard"
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert copied.strip() == (blocks.nth(number).text_content() or "").strip()
        page.reload()


def chosen(page: Page) -> list[str]:
    """The words on the tab that is open, for each group of tabs that asks for a system."""
    groups = page.locator(".tabbed-set:has(label a:text-is('Linux'))")
    return groups.evaluate_all(
        "groups => groups.map(group =>"
        " group.querySelector(`label[for='${group.querySelector('input:checked').id}']`).innerText)"
    )


def test_tabs_remember_the_system(site: Site, tab: Tab) -> None:
    page = tab.page
    page.goto(f"{site.url}start.html")
    page.locator(".tabbed-labels a:text-is('Linux')").first.click()
    page.wait_for_function("() => localStorage.length > 0 && document.readyState === 'complete'")
    groups = len(chosen(page))
    assert groups >= 3
    assert chosen(page) == ["Linux"] * groups, "the other groups of the page follow"
    page.goto(f"{site.url}index.html")
    page.goto(f"{site.url}start.html")
    page.locator("html.js").wait_for()
    assert chosen(page) == ["Linux"] * groups, "forgotten on the next visit"


# ------------------------------------------------------------------------- keyboard


def tabs_through(page: Page) -> list[dict[str, object]]:
    """Press Tab until the end of the page, and say where the focus was."""
    stops: list[dict[str, object]] = []
    while not stops or stops[-1]["place"] != "nowhere":
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUS))
        assert len(stops) < 400, stops[-3:]
    return stops[:-1]


def test_the_keyboard_reaches_everything_and_shows_where_it_is(site: Site, tab: Tab) -> None:
    page = tab.page
    page.goto(f"{site.url}lessons/01_echo.html")
    stops = tabs_through(page)
    assert stops[0]["place"] == "skip link"
    places = {str(stop["place"]) for stop in stops}
    assert places >= {"search", "navigation", "contents", "article", "footer"}, places
    # The field of the search opens wide, and its cursor blinks; that is its ring.
    found = [
        f"{stop['place']} | {stop['name']} | {stop['text']} | no ring around it"
        for stop in stops
        if not stop["visible"] and stop["place"] != "search"
    ]
    assert not found, "\n".join(["", *found])


def test_the_skip_link_leads_past_the_navigation(site: Site, tab: Tab) -> None:
    page = tab.page
    page.goto(f"{site.url}lessons/01_echo.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["place"] == "article"


def test_the_keyboard_opens_the_search_and_a_result(site: Site, tab: Tab) -> None:
    page = tab.page
    page.goto(f"{site.url}index.html")
    page.keyboard.press("s")
    page.wait_for_function("() => document.activeElement.matches('.md-search__input')")
    page.keyboard.type("Tcl_AsyncDelete")
    page.locator(".md-search-result__item").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/errors/python.html**")


def focus_by_tab(page: Page, kind: str) -> Locator:
    """Press Tab until the focus is on something of that kind in the article."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS)["kind"] == kind:
            return page.locator(":focus")
    raise AssertionError(f"the keyboard reaches no {kind}")


def test_enter_opens_a_fold(site: Site, tab: Tab) -> None:
    page = tab.page
    page.goto(f"{site.url}errors/python.html")
    fold = focus_by_tab(page, "fold").locator("..")
    assert fold.get_attribute("open") is None
    page.keyboard.press("Enter")
    fold.locator("pre").first.wait_for(state="visible")


def test_the_keyboard_scrolls_a_wide_program(site: Site, tab: Tab) -> None:
    page = tab.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site.url}walkthroughs/01_echo.html")
    page.locator("pre code[tabindex]").first.wait_for()
    code = focus_by_tab(page, "program")
    ends = time.monotonic() + DEADLINE
    # A busy browser still moves the page to the program when a key comes, and forgets the key: a
    # reader presses it again.
    while not code.evaluate("code => code.scrollLeft"):
        assert time.monotonic() < ends, "the arrow key does not scroll the program"
        page.keyboard.press("ArrowRight")


# ------------------------------------------------------------------------- paper


@pytest.mark.parametrize("name", ["lessons/01_echo.html", "errors.html", "start.html"])
def test_print_is_clean_and_complete(name: str, site: Site, tab: Tab) -> None:
    """Only the text, and all of it: paper folds nothing out and scrolls nothing."""
    page = tab.page
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between margins of 1 cm
    page.goto(site.url + name)
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")  # opens what is folded
    assert page.locator("article h1").is_visible()
    unwanted = (
        ".md-header, .md-sidebar, .md-footer, .md-top, .headerlink, .md-skip, .md-search,"
        " [data-md-type=copy]"
    )
    found = page.locator(unwanted).evaluate_all(
        "all => all.filter((one) => one.checkVisibility({ opacityProperty: true }))"
        ".map((one) => one.outerHTML.slice(0, 100) + ' | is printed')"
    )
    found += page.locator("article :is(p, li, pre, td, .tabbed-block)").evaluate_all(
        "all => all.filter((one) => !one.checkVisibility())"
        ".map((one) => one.textContent.trim().slice(0, 60) + ' | is not printed')"
    )
    found += page.locator("article *").evaluate_all(
        "all => all.filter((one) => one.checkVisibility() &&"
        " one.getBoundingClientRect().right > innerWidth + 1)"
        ".map((one) => one.textContent.trim().slice(0, 60) + ' | is cut off')"
    )
    assert not found, "\n".join(["", *found])
    assert page.pdf(format="A4").startswith(b"%PDF-")


# ------------------------------------------------------------------------- memory stick, Zensical


def test_a_copy_on_a_stick_can_be_read_from_page_to_page(
    site: Site, tab: Tab, tmp_path: Path
) -> None:
    stick = Site(tmp_path / "a stick" / "chatkit", "")
    shutil.copytree(site.folder, stick.folder)
    page = tab.page
    page.goto(f"{stick.file}index.html")
    images = page.locator("article img")
    assert images.count() >= 2
    assert all(images.evaluate_all("all => all.map((one) => one.complete && one.naturalWidth > 0)"))
    page.locator(".md-footer__link--next").click()
    page.wait_for_url(f"{stick.file}start.html")
    page.locator(".md-footer__link--next").click()
    page.wait_for_url(f"{stick.file}lessons/01_echo.html")
    page.locator(".md-footer__link--next").click()
    page.wait_for_url(f"{stick.file}walkthroughs/01_echo.html")
    page.locator(".md-footer__link--next").click()
    page.wait_for_url(f"{stick.file}lessons/02_broadcast.html")
    page.locator("article a[href*='../contract.html#']").first.click()
    page.wait_for_url(f"{stick.file}contract.html#*")
    assert not tab.problems(stick.file)
