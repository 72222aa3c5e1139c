"""The zygote: here a Python waits, and becomes the program each time it is told to.

Python imports a module called `sitecustomize` at the end of its own start, before it opens the
program (see https://docs.python.org/3/library/site.html). Only a copy, fork(2), comes out of here,
and runs the program as any Python would. The one that was there first stays. See `forkserver.py`.

What is told is the program's arguments and some of its environment, and with it come its three
streams. When nobody can tell anything more, nobody needs this Python, and it ends.

What most programs import first is here already, so each copy has it. Nothing else of the zygote
is left. A student may have a file of their own with the name of one of these modules: then the copy
becomes a new Python, which has imported nothing.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)
MOST = 500  # files and folders beside a program that are looked at


def wait() -> list[str]:
    """Return in a copy that is to be the program, with its arguments."""
    at_first = set(sys.modules)
    imports = os.environ.pop("CHATKIT_IMPORTS").split()
    number = int(os.environ.pop("CHATKIT_ZYGOTE"))
    paths = os.environ.pop("PYTHONPATH").split(os.pathsep)[1:]  # the first one is HERE
    if paths:
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)

    import contextlib
    import ctypes
    import signal
    import socket
    import threading

    for name in imports:
        with contextlib.suppress(ImportError):  # the program may be able to do without
            __import__(name)
    names = {name.partition(".")[0] for name in set(sys.modules) - at_first}
    prctl = ctypes.CDLL(None).prctl
    bench = os.getppid()
    channel = socket.socket(fileno=number)
    with contextlib.suppress(OSError):  # nobody needs this Python any more: see below
        channel.send(b"!")
    while True:
        told, streams, _, _ = socket.recv_fds(channel, 1 << 17, 3)
        if not told:
            os._exit(0)
        alone, with_parent = os.pipe()
        between = os.fork()
        if not between:
            child = os.fork()
            if child:
                channel.send(b"%d" % child)
                os._exit(0)
            break
        os.waitpid(between, 0)  # now the bench is its parent: an orphan comes to the next subreaper
        for end in (alone, with_parent, *streams):
            os.close(end)

    os.close(with_parent)
    os.read(alone, 1)  # it ends when nobody is left who could write
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for end in (alone, *streams):
        os.close(end)
    os.setsid()
    # Python keeps that of the one that was forked.
    threading.main_thread()._set_native_id()  # type: ignore[attr-defined]
    prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != bench:
        os._exit(0)
    channel.send(b".")  # not before: while it waits here, it would seem to be at rest
    channel.close()
    count, *parts = map(os.fsdecode, told.split(b"\0"))
    for part in parts[: int(count)]:
        name, _, value = part.partition("=")
        os.environ[name] = value
    arguments = parts[int(count) :]
    if is_one_of_these_beside_the_program(names):
        os.execv(sys.orig_argv[0], [*sys.orig_argv, *arguments])
    return arguments


def is_one_of_these_beside_the_program(names: set[str]) -> bool:
    """Whether a file or folder has such a name, or there are too many to tell."""
    seen = 0
    for _, folders, files in os.walk(os.path.dirname(sys.orig_argv[1])):
        seen += len(folders) + len(files)
        if seen > MOST or any(name.partition(".")[0] in names for name in folders + files):
            return True
    return False


sys.path.remove(HERE)
sys.path_importer_cache.pop(HERE, None)
del sys.modules[__name__]
try:
    told = wait()
except BaseException:  # else Python would go on here, and run the program unasked
    os._exit(1)
sys.argv += told
sys.orig_argv += told
__import__("sitecustomize")  # the machine's own; if it has none, Python learns that from this line
