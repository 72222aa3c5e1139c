"""Says what has failed when it fails: a run that is cut off has told it by then."""

import pytest
from hypothesis import settings

# A timing never decides a test. The short form tries the same examples each time, so that a run of
# the suite means the same everywhere; the long one looks for new ones.
settings.register_profile("short", max_examples=25, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile("short")


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


def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal:  # there is none in a worker
        config.pluginmanager.register(Teller(terminal))
