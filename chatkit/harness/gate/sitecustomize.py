"""The gate: here a spare waits for the program that it will run, see `spares.py`.

Python imports a module called `sitecustomize` at the end of its own start, before it opens the
program (see https://docs.python.org/3/library/site.html). What is told through the gate are the
program's arguments. When nothing is told, nobody needs this Python, and it ends.

Nothing is imported that Python has not imported already, and nothing of the gate is left: the
program finds its own Python as it always is.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def wait(gate: int) -> list[str]:
    told = b""
    while more := os.read(gate, 1 << 16):
        told += more
    os.close(gate)
    begin, *arguments = told.split(b"\0")
    if begin != b"begin":
        os._exit(0)
    return [os.fsdecode(one) for one in arguments]


arguments = wait(int(os.environ.pop("CHATKIT_GATE")))  # first: if the rest fails, it fails then
sys.argv += arguments
sys.orig_argv += arguments
del os.environ["PYTHONPATH"]
sys.path.remove(HERE)
sys.path_importer_cache.pop(HERE, None)
del sys.modules[__name__]
__import__("sitecustomize")  # the machine's own; if it has none, Python learns that from this line
