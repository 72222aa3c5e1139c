"""Figures in a file, when somebody wants them: a page of the site shows them."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from costs.measure import machine

FILE = "CHATKIT_RECORD"  # the environment variable that names the file


def record(name: str, figures: Any) -> None:
    """Put the figures of one benchmark into the file, beside those of others that are there.

    Each has its machine and its day. Without `CHATKIT_RECORD` nothing is written.
    """
    if not os.environ.get(FILE):
        return
    file = Path(os.environ[FILE])
    told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    told[name] = {"machine": asdict(machine()), **figures}
    file.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
