"""Who starts the grader as root gets no programs that run as root."""

import sys
from pathlib import Path

import pytest

from chatkit.harness import sandbox
from chatkit.harness.namespaces import NOBODY
from chatkit.harness.sandbox import Refused, Sandbox


def test_a_python_that_another_user_cannot_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    (locked / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(locked / "python"))

    with pytest.raises(Refused, match=r"never run as root.*start chatkit as another user"):
        sandbox._must_start_programs(Sandbox("processes", user=NOBODY))
