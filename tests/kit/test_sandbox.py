"""What contains a program: its bounds; and root gets no programs that run as root."""

import sys
import threading
import time
from pathlib import Path

import pytest

from chatkit.harness import kernel, program, sandbox
from chatkit.harness.bench import Bench
from chatkit.harness.namespaces import NOBODY, is_root
from chatkit.harness.sandbox import FILE, FILES, PROCESSOR, Refused, Sandbox, what_is_missing


def test_a_python_that_another_user_cannot_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    (locked / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(locked / "python"))

    with pytest.raises(Refused, match=r"never run as root.*start chatkit as another user"):
        sandbox._must_start_programs(Sandbox("processes", user=NOBODY))


@pytest.mark.skipif(not kernel.LINUX or bool(what_is_missing()), reason="needs bubblewrap")
def test_a_program_begins_with_its_bounds_however_late_the_bench_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox has its second process already, which inherits nothing any more."""
    (tmp_path / "server.py").write_text(
        "import resource as r\n"
        "bounds = (r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE)\n"
        "print(*(r.getrlimit(one) for one in bounds))\n",
        encoding="utf-8",
    )

    def late(pid: int) -> None:
        deadline = time.monotonic() + 10
        while not late_for and not kernel.children(pid) and time.monotonic() < deadline:
            threading.Event().wait(0.001)
        late_for.append(pid)
        sandbox.limit(pid)

    late_for: list[int] = []
    monkeypatch.setattr(program, "limit", late)
    walls = Sandbox("namespaces", user=NOBODY if is_root() else None)
    with Bench(lambda name: tmp_path / name, sandbox=walls) as bench:
        bench.start_server_quietly("127.0.0.1", 0)
        bench.prints(" ".join(str((most, most)) for most in (PROCESSOR, FILE, FILES, 0)))
    assert len(late_for) == 2
