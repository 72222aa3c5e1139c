"""What each design costs: the measurement is a real one, and the page says what was measured."""

import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest
from costs import crowd, measure, plots
from costs.figures import (
    DESIGNS,
    Costs,
    Design,
    Machine,
    Memory,
    Run,
    dump,
    load,
)
from costs.page import DATA, costs_page

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
CLIENTS = 6


def test_a_short_measurement_of_all_servers_is_whole() -> None:
    runs = list(measure.measure(ROOT, [CLIENTS], rounds=1, seconds=0.1))

    assert [(run.design, run.threads) for run in runs] == [
        ("threads", 2 * CLIENTS + 1),
        ("selectors", 1),
        ("asyncio", 1),
    ]
    for run in runs:
        assert run.lines > 0
        assert run.lines % crowd.BLOCK == 0
        assert run.delays == 10 * (CLIENTS - 1)  # a tenth of a second of 100 lines a second
        assert 0 < run.median <= run.p99 <= run.longest
        assert 1e6 < run.empty.resident <= run.after.resident


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("sends_to_all", r"client 0 of 3 must hear b'' next"),
        ("listed_twice", r"must hear .* and heard b'0000000"),
        ("one_line_a_packet", r"must hear|still lack a line"),
        ("wrong_indentation", r"did not say that it runs\n.*\n(.*\n)+IndentationError"),
    ],
)
def test_a_server_that_is_wrong_gets_no_figures(
    mistake: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "PATIENCE", 0.5)
    wrong = Design(mistake, f"tests/mistakes/02_broadcast/{mistake}/server.py", "it is wrong")
    with pytest.raises(crowd.Refused, match=told):
        measure.run(measure.Task(ROOT, wrong, 3, 0.1))


def test_a_system_with_too_few_open_files_says_what_to_do() -> None:
    resource = pytest.importorskip("resource", reason="this system has no bounds")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system has no bound")
    with pytest.raises(crowd.Refused, match="ulimit -n"):
        measure.allow_files(hard + 1)


def words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""  # it has just gone


def test_ctrl_c_ends_the_servers_and_the_crowd() -> None:
    command = [sys.executable, "tests/benchmarks/costs", "--seconds", "60", "--show"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        started: list[psutil.Process] = []
        deadline = time.monotonic() + 60
        while not any("server.py" in words(one) for one in started):
            assert process.poll() is None
            assert time.monotonic() < deadline
            started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    finally:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []


# -------------------------------------------------------------------------------- the page

MEASURED = Run(
    design="threads",
    clients=10,
    threads=21,
    empty=Memory(10_000_000, 5_000_000),
    idle=Memory(11_000_000, 6_000_000),
    after=Memory(12_000_000, 7_000_000),
    lines=3000,
    seconds=2.0,
    server_busy=0.98,
    crowd_busy=0.51,
    line_rate=100.0,
    delays=1800,
    median=0.25,
    p99=1.5,
    longest=9.75,
)
HERE = Machine("Analytical Engine", 2, 8_000_000_000, "Linux 6", "CPython 3.12", "1843-09-01", 0.1)
COSTS = Costs(
    HERE,
    rounds=3,
    seconds=2.0,
    runs=tuple(
        replace(MEASURED, design=design.name, clients=clients, median=clients / 40 + times)
        for times in (0.0, 0.5, 0.125)
        for clients in (1000, 10)
        for design in DESIGNS
    ),
)


def test_the_committed_page_is_what_the_text_and_the_figures_make() -> None:
    made = costs_page(load(ROOT / "docs" / DATA))
    page = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
    assert page == made, "python tests/benchmarks/costs --page"


def test_figures_survive_the_way_to_a_file_and_back(tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    file.write_text(dump(COSTS), encoding="utf-8")
    assert load(file) == COSTS


def test_the_page_shows_the_round_in_the_middle_its_range_and_the_machine() -> None:
    page = costs_page(COSTS)
    cells = "100 | 1,800 | 0.38<br><small>0.25 to 0.75</small> | 1.50 | 9.75 |"
    assert f"| 10 | threads | {cells}\n" in page
    assert "| 1,000 | asyncio | 1,500 | 1,498,500 | 0.98 | 0.51 |\n" in page
    assert "| processor | Analytical Engine, 2 cores |\n" in page
    assert "| load before it began | 0.1:" in page
    assert "!!! warning" not in page


def test_figures_of_a_busy_machine_carry_a_warning() -> None:
    page = costs_page(replace(COSTS, machine=replace(HERE, load_before=1.3)))
    assert '!!! warning "This machine was busy"\n' in page


def test_a_system_that_does_not_tell_gets_a_dash() -> None:
    runs = tuple(replace(run, idle=replace(run.idle, proportional=None)) for run in COSTS.runs)
    page = costs_page(replace(COSTS, machine=replace(HERE, load_before=None), runs=runs))
    assert "| 10 | threads | 21 | 10.0 | 11.0 | – | 100.0 | 12.0 |\n" in page
    assert "| load before it began | not told |" in page


def test_a_plot_can_be_seen_and_read_out() -> None:
    images = re.findall(r"<figure>\n(<svg .*?</svg>)\n<figcaption>", costs_page(COSTS), re.DOTALL)

    assert len(images) == 5
    for image in images:
        assert "\n\n" not in image  # Markdown would end it there
        drawn = ElementTree.fromstring(image)
        assert drawn.get("role") == "img"
        assert {"circle", "rect", "path"} <= {element.tag for element in drawn.iter()}
    assert any("With 10 clients: threads 0.38, selectors 0.38, asyncio" in one for one in images)


def test_a_plot_puts_each_figure_where_the_axes_say() -> None:
    drawn = plots.plot(COSTS, "Delay", "median")

    assert [tick.label for tick in drawn.up] == ["0.1", "1", "10", "100"]
    assert [tick.label for tick in drawn.across] == ["10", "1,000"]
    first, last = drawn.lines["asyncio"]
    assert (first.x, last.x) == (drawn.across[0].place, drawn.across[1].place)
    assert drawn.up[0].place > first.lowest > first.y > first.highest > drawn.up[1].place
    assert drawn.up[2].place > last.y > drawn.up[3].place


@pytest.mark.parametrize(
    ("least", "most", "wanted"),
    [
        (12.8, 51.7, [10, 20, 50, 100]),
        (1, 2001, [1, 10, 100, 1000, 10_000]),
        (20, 20, [20]),
        (0.11, 0.12, [0.1, 0.2]),
    ],
)
def test_the_numbers_of_an_axis_are_round_and_hold_all_figures(
    least: float, most: float, wanted: list[float]
) -> None:
    assert plots.ticks(least, most) == wanted
