"""Says what has failed when it fails: a run that is cut off has told it by then.

And says what it leaves out: the tests of memory cgroups need a system that lets us make one, and
those of Windows need Wine and a Python for Windows.
"""

import os
import shutil
import signal
from pathlib import Path

import pytest

from chatkit.system.sandbox import cgroup

# A shell starts a job in the background with SIGINT ignored, and whatever we start would inherit
# that (signal(7)). Many tests press Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A command that runs a Python for Windows: see tests/windows/conftest.py.
WINDOWS_PYTHON = os.environ.get(
    "CHATKIT_WINDOWS_PYTHON", str(Path(__file__).parents[2] / "shared" / "windows" / "wpy")
)


def no_windows() -> str:
    """Why the kit cannot be started on a Windows Python here; empty if it can."""
    if not any(map(shutil.which, ("wine64", "/usr/lib/wine/wine64"))):
        return "wine64 is not installed"
    if not os.access(WINDOWS_PYTHON, os.X_OK):
        return "CHATKIT_WINDOWS_PYTHON names no command that runs a Python for Windows"
    return ""


LEFT_OUT = {"kit/system/test_cgroup.py": cgroup.what_is_missing(), "windows": no_windows()}
collect_ignore = [name for name, why in LEFT_OUT.items() if why]


def pytest_report_header() -> list[str]:
    return [f"left out: {name} ({LEFT_OUT[name]})" for name in collect_ignore]


class Teller:
    """Prints the last lines of each failure at once; the whole of it stands at the end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.terminal.ensure_newline()
            self.terminal.write_line(f"FAILED {report.nodeid} ({report.when})")
            for line in report.longreprtext.splitlines()[-12:]:
                self.terminal.write_line(f"    {line}")


@pytest.hookimpl(trylast=True)  # the terminal must be there first
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal:  # there is none in a worker
        config.pluginmanager.register(Teller(terminal))
