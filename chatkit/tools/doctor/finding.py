"""What one look at the machine has found."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "remark", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One line of `chatkit doctor`.

    `ok`: as it should be. `remark`: worth knowing, and a student can work all the same.
    `wrong`: something that a student needs does not work; `cure` says what to do.
    """

    name: str
    status: Status
    told: str
    cure: str = ""
    failed: bool = False  # the look itself failed, so nothing is known
