"""How the checks of a lesson are run: what was asked for, from the command line to the check."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class RunOptions:
    """The wishes of whoever orders a grade. The defaults grade everything once, one by one."""

    only: tuple[str, ...] = ()  # the ids of the checks to run; none: all
    first: tuple[str, ...] = ()  # ids of checks to run before the others, in this order
    until_failure: bool = False  # the first check that does not pass is the last one that is run
    at_once: int = 1  # how many checks run at the same time, see `parallel`
    seed: str | None = None  # fixes the random words, to repeat a run; None: chosen anew
    seconds: float = math.inf  # of wall clock: after that no further check is begun
    delays: bool = False  # the bench stands still at random moments, as on a busy machine
    turns: str = ""  # a seed for the scheduler of the checks that have one, in place of their own
    whole: bool = False  # keep every event of a transcript; else a long one loses its middle


ALL = RunOptions()
