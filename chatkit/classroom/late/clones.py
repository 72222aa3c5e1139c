"""When the work in a Git clone was committed.

Nothing of the clone is run: `git cat-file` reads one object, asks nobody, and starts no hook, no
pager and no other program that the clone's own configuration may name (git-cat-file(1), git(1)).
"""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

PATIENCE = 20.0  # seconds for one object
COMMITTED = re.compile(rb"^committer .*> (\d{1,12}) [+-]\d{4}$", re.MULTILINE)


def last_commit(clone: Path) -> datetime | None:
    """The time of the commit that is checked out in `clone`, in UTC; None where nobody can tell.

    It is the committer's time, so it is as honest as the clock of the machine that committed.
    """
    git = shutil.which("git")
    if git is None or not (clone / ".git").is_dir():
        return None
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    command = [git, "--no-pager", f"--git-dir={clone / '.git'}", "cat-file", "commit", "HEAD"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = COMMITTED.search(done.stdout.split(b"\n\n", 1)[0]) if done.returncode == 0 else None
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None
