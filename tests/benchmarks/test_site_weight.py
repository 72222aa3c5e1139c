"""How long the site takes to build, and how many bytes a page sends to a browser that is new to it.

`pytest tests/benchmarks/test_site_weight.py -s` prints the figures. The bytes are counted twice: as
they lie in the files, and as a server sends them that compresses text, which nearly all do.
"""

import gzip
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
ROUNDS = 3
MOST = 2_000_000  # bytes of one page with all that it loads, compressed
KB = 1000


def seconds(folder: Path) -> float:
    """Build the site in `folder`, and return the time of the quickest of a few builds."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir"]
    times = []
    for _ in range(ROUNDS):
        since = time.perf_counter()
        subprocess.run(
            [*command, str(folder)],
            cwd=ROOT,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            check=True,
            timeout=120,
        )
        times.append(time.perf_counter() - since)
    return min(times)


def weight(browser: Browser, url: str) -> tuple[int, int]:
    """Open a page for the first time, and return its bytes: plain, and compressed."""
    page = browser.new_page()
    bodies: dict[str, bytes] = {}
    page.on("requestfinished", lambda r: bodies.update({r.url: r.response().body()}))
    page.goto(url, wait_until="networkidle")
    page.close()
    return sum(map(len, bodies.values())), sum(len(gzip.compress(b)) for b in bodies.values())


def test_no_page_is_heavy(tmp_path: Path) -> None:
    print(f"\nbuild: {seconds(tmp_path):.1f} s, the quickest of {ROUNDS}")
    pages = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html"))
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        home = f"http://127.0.0.1:{server.server_port}/"
        weights = {name: weight(browser, home + name) for name in pages}
        browser.close()
    server.shutdown()
    server.server_close()

    heaviest = max(weights, key=lambda name: weights[name][1])
    for name in ("index.html", heaviest):
        plain, compressed = weights[name]
        print(f"{name}: {plain / KB:.0f} kB, compressed {compressed / KB:.0f} kB")
    assert weights[heaviest][1] < MOST
