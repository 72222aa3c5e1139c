"""The site, built once for a run, served on loopback, and open in a browser without a screen."""

import http.server
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mkdocs.config import load_config
from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
DEADLINE = 60.0  # seconds, for what a page must show at last
# Seconds for a build. It takes ten, and on a busy machine many times as long: all tests of the site
# need it. This only ends a build that hangs.
HOUR = 3600.0
# What the browser asks of its maker's hosts is no business of the site, and finds none of them.
ARGUMENTS = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-gpu"]


@dataclass(frozen=True)
class Site:
    """A built site: its folder, and the address that serves it (with a slash at the end)."""

    folder: Path
    url: str

    @property
    def file(self) -> str:
        """The address of the same folder when nobody serves it."""
        return f"{self.folder.as_uri()}/"

    def pages(self) -> list[str]:
        """Every page, as it stands in an address below `url` or `file`."""
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*.html"))


@dataclass
class Tab:
    """A tab of a fresh browser, and what it has asked for and complained about so far."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.context.on("request", lambda request: self.requests.append(request.url))
        self.page.context.on("requestfailed", self.failed)
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception | {error}"))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(f"console {said.type} | {said.text}")
                if said.type in ("error", "warning")
                else None
            ),
        )

    def failed(self, request: Request) -> None:
        # A page that is left in the middle of a load takes its requests with it.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"request | {request.url}: {request.failure}")

    def problems(self, home: str) -> list[str]:
        """What a page must not do: complain, or ask for something outside `home`. Then forget."""
        strangers = (url for url in self.requests if not url.startswith((home, "data:", "blob:")))
        found = [*self.complaints, *(f"asks another host | {url}" for url in strangers)]
        self.requests.clear()
        self.complaints.clear()
        return found


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass  # the browser says what it missed


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """The site of this tree. The workers of one run share the folder, and each serves it."""
    own = tmp_path_factory.getbasetemp()
    top = (own.parent if hasattr(request.config, "workerinput") else own) / "web"
    top.mkdir(exist_ok=True)
    # The page for wrong addresses names its files from the root: it stands where it will stand.
    path = urlsplit(load_config(str(ROOT / "mkdocs.yml")).site_url or "/").path.strip("/")
    folder = top / path if path else top
    lock = sqlite3.connect(top.with_name("web.lock"), timeout=HOUR, isolation_level=None)
    with closing(lock):
        lock.execute("BEGIN EXCLUSIVE")  # one worker builds while the others wait here
        if not (folder / "search" / "search_index.js").exists():  # written last
            build(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(top)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Site(folder, f"http://127.0.0.1:{server.server_port}/{path}{'/' if path else ''}")
    server.shutdown()
    server.server_close()


def build(folder: Path) -> None:
    built = subprocess.run(
        ["bash", str(ROOT / ".ci/site"), str(folder)],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=HOUR,
    )
    assert built.returncode == 0, built.stdout + built.stderr


# Not for the whole session: the library keeps an event loop in this thread as long as it runs,
# and tests of other folders want one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        try:
            if path:
                browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            else:
                browser = playwright.chromium.launch(channel="chrome", args=ARGUMENTS)
        except Error as problem:
            if path or "is not found" not in problem.message:
                raise
            pytest.skip("there is no Chromium or Chrome here (Debian: apt install chromium)")
        yield browser
        browser.close()


def new_tab(browser: Browser) -> Tab:
    """A tab of somebody who has never been here, at a desk, with the light colours."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(DEADLINE * 1000)
    return Tab(context.new_page())


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    tab = new_tab(browser)
    yield tab
    tab.page.context.close()


@pytest.fixture(scope="module")
def long_tab(browser: Browser) -> Iterator[Tab]:
    """One tab for many pages: a new one takes longer to start than a page to look at."""
    tab = new_tab(browser)
    yield tab
    tab.page.context.close()
