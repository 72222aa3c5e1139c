"""The zygote: here a warm Python waits. Each copy of it walls itself in and becomes one program.

Python imports a module called `sitecustomize` at the end of its own start, before it opens the
program (see https://docs.python.org/3/library/site.html). A copy, fork(2), puts up its walls in
here; then it leaves, and Python opens and runs the program as ever. The first Python stays.

It holds nothing that a program should not find in its copy of this memory: no word of a check, no
path of the kit, no open file. `zygote.py` tells it what all programs need, and then one message for
each: arguments, environment, streams, and the mounts that only this one has.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MOST = 500  # files and folders beside a program that are looked at


def wait() -> list[str]:
    """Return in a copy that is to be the program, with its arguments."""
    at_first = set(sys.modules)
    number = int(os.environ.pop("CHATKIT_ZYGOTE"))
    paths = [path for path in os.environ.pop("PYTHONPATH").split(os.pathsep) if path != HERE]

    import contextlib
    import gc
    import marshal
    import select
    import socket
    import threading

    import chatkit_walls as walls  # type: ignore[import-not-found]

    channel = socket.socket(fileno=number)
    given = marshal.loads(channel.recv(1 << 17))
    if paths:
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    for name in given["imports"]:
        with contextlib.suppress(ImportError):  # the program may be able to do without
            __import__(name)
    del sys.modules["chatkit_walls"]
    names = {name.partition(".")[0] for name in set(sys.modules) - at_first}
    walls.leave(HERE, given["user"])
    walls.forget_environment()
    gc.collect()
    gc.freeze()  # so that a collection in a copy does not touch, and copy, all of these
    news = select.poll()
    news.register(channel, select.POLLIN)
    channel.send(b".")
    while True:
        news.poll()
        alone, with_parent = os.pipe()
        if not (between := os.fork()):
            break
        _, status = os.waitpid(between, 0)  # the grader is the parent of whom that one has begun
        os.close(alone)
        os.close(with_parent)
        if status:
            os._exit(0)

    # What is told is read here: else it would stay in the memory of all copies that come later.
    try:
        os.close(with_parent)
        told, files, _, _ = socket.recv_fds(channel, 1 << 17, 16)
        if not told:
            os._exit(1)  # nobody will tell anything more
        order = marshal.loads(told)
        walls.put_up(channel, given, order, files, alone)
    except BaseException as error:
        walls.give_up(channel, error)
    threading.main_thread()._set_native_id()  # type: ignore[attr-defined]
    channel.close()
    os.environ.update(order["environment"])
    if is_one_of_these_beside_the_program(names):
        os.execv(sys.orig_argv[0], [*sys.orig_argv, *order["arguments"]])
    arguments: list[str] = order["arguments"]
    return arguments


def is_one_of_these_beside_the_program(names: set[str]) -> bool:
    """Whether a file or folder has such a name, or there are too many to tell."""
    seen = 0
    for _, folders, files in os.walk(os.path.dirname(sys.orig_argv[1])):
        seen += len(folders) + len(files)
        if seen > MOST or any(name.partition(".")[0] in names for name in folders + files):
            return True
    return False


try:
    told = wait()
except BaseException as error:  # else Python would go on here, and run the program unasked
    os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(1)
sys.path.remove(HERE)
sys.path_importer_cache.pop(HERE, None)
del sys.modules[__name__]
sys.argv += told
sys.orig_argv += told
__import__("sitecustomize")  # the machine's own; if it has none, Python learns that from this line
