"""The same `mkdocs.yml` builds with Zensical, which follows on from mkdocs-material."""

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import HOUR, ROOT, Site, Tab
from test_links import lines


def test_zensical_builds_the_same_pages(site: Site, tab: Tab, tmp_path: Path) -> None:
    # It writes beside mkdocs.yml, so it works in a copy.
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    for folder in ("docs", "chatkit"):  # pages show files of the kit
        shutil.copytree(ROOT / folder, tmp_path / folder)
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=HOUR,
    )
    assert built.returncode == 0, built.stdout + built.stderr

    shutil.copy(site.folder / "chatkit.zip", tmp_path / "site")  # .ci/site puts it there
    zensical = Site(tmp_path / "site", site.url)
    assert set(zensical.pages()) == set(site.pages())
    found = [*lines(zensical, "links"), *lines(zensical, "loads")]
    for name in ("index.html", "lessons/01_echo.html"):
        tab.page.goto(zensical.file + name)
        tab.page.locator("html.js").wait_for()
        assert tab.page.locator("article h1").is_visible()
    found += tab.problems(zensical.file)
    assert not found, "\n".join(["", *found])
