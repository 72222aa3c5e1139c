"""Measure what each design costs, and write docs/costs.md: python tests/benchmarks/costs."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).resolve().parents[3]
sys.path[0] = str(Path(__file__).resolve().parents[1])  # the package `costs`, not its inside

from chatkit._files import write_whole  # noqa: E402
from costs import figures  # noqa: E402
from costs.crowd import Refused  # noqa: E402
from costs.measure import machine, measure  # noqa: E402
from costs.page import DATA, costs_page  # noqa: E402

FIGURES, PAGE = ROOT / "docs" / DATA, ROOT / "docs/costs.md"


@click.command()
@click.option(
    "--clients",
    "crowds",
    multiple=True,
    type=click.IntRange(2, 10_000),
    default=(10, 100, 1000),
    show_default=True,
    help="The size of a crowd; may be given again.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 60),
    default=2.0,
    show_default=True,
    help="How long each crowd talks, and then talks slowly.",
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--show", is_flag=True, help="Print the figures, and write nothing.")
@click.option("--page", is_flag=True, help="Write the page from the figures that are there.")
def costs(crowds: tuple[int, ...], seconds: float, rounds: int, show: bool, page: bool) -> None:
    """Measure what each design costs: servers with threads, selectors and asyncio.

    It starts one after the other, lets crowds of clients talk, and writes docs/assets/costs.json
    and docs/costs.md with its plots. That takes about four minutes. Do it on a machine that has
    nothing else to do: whatever runs beside it is in the figures.

    \b
    Examples:
      python tests/benchmarks/costs && git diff --stat docs
      python tests/benchmarks/costs --clients 10 --seconds 0.5 --rounds 1 --show
    """
    if page:
        write(PAGE, costs_page(figures.load(FIGURES)))
        return
    here = machine()
    if here.busy:
        click.echo(f"this machine is busy (load {here.load_before}): so are the figures", err=True)
    sizes = sorted(set(crowds))
    runs: list[figures.Run] = []
    all_of_it = measure(ROOT, sizes, rounds, seconds)
    total = rounds * len(sizes) * len(figures.DESIGNS)
    try:
        for run in track(all_of_it, "measuring", total=total, console=Console(stderr=True)):
            runs.append(run)
            click.echo(run.words)
    except Refused as refused:
        raise click.ClickException(str(refused)) from None
    if show:
        return
    measured = figures.Costs(here, rounds, seconds, tuple(runs))
    write(FIGURES, figures.dump(measured))
    write(PAGE, costs_page(measured))


def write(path: Path, text: str) -> None:
    write_whole(path, text)
    click.echo(f"wrote {path.relative_to(ROOT).as_posix()}")


if __name__ == "__main__":
    costs()
