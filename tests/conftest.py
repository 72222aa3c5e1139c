"""Says what has failed when it fails: a run that is cut off has told it by then.

And says what it leaves out: the tests of memory cgroups need a system that lets us make one.
"""

import signal

import pytest

from chatkit.system.sandbox import cgroup

# A shell starts a job in the background with SIGINT ignored, and whatever we start would inherit
# that (signal(7)). Many tests press Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

NO_CGROUP = cgroup.what_is_missing()
collect_ignore = ["kit/system/test_cgroup.py"] if NO_CGROUP else []


def pytest_report_header() -> list[str]:
    return [f"left out: {name} ({NO_CGROUP})" for name in collect_ignore]


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
