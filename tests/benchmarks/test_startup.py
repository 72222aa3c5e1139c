"""How long `chatkit --help` takes, against a Python of the same environment that does nothing.

`pytest tests/benchmarks/test_startup.py -s` prints the figures. Both are run in turns on the same
machine, and the quickest of each counts: whatever else the machine does only adds to a run.
"""

import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 40
MOST = 8.0  # times the floor
SCRIPT = Path(sys.executable).with_name("chatkit")


def seconds(command: list[str]) -> float:
    since = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=60)
    return time.perf_counter() - since


def test_help_is_there_at_once() -> None:
    ways = {"the command": [str(SCRIPT)], "python -m": [sys.executable, "-m", "chatkit"]}
    floors: list[float] = []
    helps: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        floors.append(seconds([sys.executable, "-c", "pass"]))
        for name, command in ways.items():
            helps[name].append(seconds([*command, "--help"]))

    floor = min(floors)
    ratios = {name: min(times) / floor for name, times in helps.items()}
    for name, ratio in ratios.items():
        quickest = min(helps[name]) * 1000
        print(
            f"\nchatkit --help by {name}: python -c pass {floor * 1000:.1f} ms, "
            f"help {quickest:.1f} ms, ratio {ratio:.2f}"
        )
    assert max(ratios.values()) < MOST
