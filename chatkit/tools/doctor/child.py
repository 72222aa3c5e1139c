"""A look that could hang or crash happens in a child process, which never outlives its time."""

import subprocess
import sys
from collections.abc import Mapping

from chatkit.system.signals import signals_held
from chatkit.system.spawn import AS_A_CHILD


def started(
    code: str, *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start Python with `options` on `code`, with pipes for all three streams."""
    with signals_held():
        return subprocess.Popen(
            [sys.executable, *options, "-c", code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            preexec_fn=AS_A_CHILD,
        )


def ran(
    code: str, *options: str, seconds: float, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run it to its end: its exit status, what it printed, and its errors.

    Raises subprocess.TimeoutExpired when it takes longer than `seconds`; it has been killed then.
    """
    with started(code, *options, environment=environment) as child:
        try:
            printed, errors = child.communicate(timeout=seconds)
        finally:
            child.kill()
        return child.returncode, printed.strip(), errors.strip()


def last_line(text: str) -> str:
    """The last line of a traceback says what was wrong; "" where nothing was printed."""
    return text.splitlines()[-1] if text else ""
