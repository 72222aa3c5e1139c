"""The overview of 500 students in a browser, from a file, at a desk and on a phone."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from chatkit.classroom.gradebook import FILE, HandIn, Student, open_gradebook
from chatkit.classroom.grades import grades_of
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rules import Rules
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MOST = 2_000_000  # bytes


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 students; each has as many points as their number; from 100 on they are late."""
    out = tmp_path_factory.mktemp("grades")
    with open_gradebook(out / FILE) as book, book.together():
        book.ask([ECHO.name])
        for number in range(500):
            id = f"kid{number:03}"
            book.enrol(Student(id, f"Kid {number}"))
            book.hand_in(id, ECHO.name, HandIn(number >= 100, f"{id}.zip", key="k", work=id))
            checks = (
                Verdict("yes", "y", "passed", number, number, "server.py"),
                Verdict("no", "n", "failed", 0, 500 - number, "server.py"),
            )
            found = LessonVerdict(ECHO.name, "Echo", checks, 1.0, "namespaces")
            book.keep(id, ECHO.name, "k", "s", found, id)
    with open_gradebook(out / FILE) as book:
        write_reports(book, grades_of(book, Rules(), COURSE), out)
    return out


def test_500_students_are_one_page_below_two_megabytes(out: Path) -> None:
    assert (out / "index.html").stat().st_size < MOST


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium or Chrome here")
@pytest.mark.parametrize("width", [1400, 390])
def test_the_overview_is_searched_sorted_and_opened_without_a_server(out: Path, width: int) -> None:
    wide = "document.documentElement.scrollWidth"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 844})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto((out / "index.html").as_uri())
        names = page.locator("#students tbody tr:not([hidden]) a")

        assert page.inner_text("#shown") == "500 of 500 students"
        page.fill("#search", "kid 41")
        assert page.inner_text("#shown") == "15 of 500 students"
        page.select_option("#filter", "late")
        assert page.inner_text("#shown") == "14 of 500 students"
        page.click("#students th:has-text('total') button")
        assert names.first.inner_text() == "Kid 441"
        page.click("#students th:has-text('total') button")
        assert names.first.inner_text() == "Kid 141"
        page.click("details.map summary")
        marks = page.locator("tr[data-of]:not([hidden]) td.marks")
        assert marks.count() == 14 and marks.first.locator("i.failed").count() == 1
        assert page.evaluate(wide) == width
        page.emulate_media(media="print")  # no row is split, and each page has the head
        assert (
            page.eval_on_selector("#students tbody tr", "one => getComputedStyle(one).breakInside")
            == "avoid"
        )
        # A repeated head is printed without what can be clicked.
        assert (
            page.eval_on_selector("#students th button", "one => getComputedStyle(one).display")
            == "contents"
        )
        page.emulate_media(media="screen")
        with page.expect_navigation():
            names.first.click()
        assert page.title() == "Kid 141: grades" and page.evaluate(wide) == width
        assert said == []
        browser.close()
