"""Lets the agent begin, see `chatkit_agent.py`, and the scheduler, see `chatkit_turns.py`.

The bench starts the student's program with this folder first on the import path. Python imports a
module called `sitecustomize` before it runs a program (see
https://docs.python.org/3/library/site.html). The program then finds the path as it always is.
"""

import os
import sys

where = os.environ.pop("CHATKIT_AGENT", "")
program = os.environ.pop("CHATKIT_PROGRAM", "")
turns = os.environ.pop("CHATKIT_TURNS", "")
rounds = os.environ.pop("CHATKIT_ROUNDS", "")
os.environ.pop("PYTHONPATH", None)
if where:
    import chatkit_agent  # type: ignore[import-not-found]

    chatkit_agent.begin(where, program)
if turns:
    import chatkit_turns  # type: ignore[import-not-found]

    chatkit_turns.begin(turns, rounds, program)
sys.path[:] = [one for one in sys.path if one != os.path.dirname(os.path.abspath(__file__))]
