"""What every server must do, whatever it serves: start, stop, and start again. Lessons 1 to 4."""

import contextlib
from collections.abc import Callable, Iterator

from chatkit.bench import Bench, Failure, Symptom
from chatkit.course import check

ANY = "all-programs"
START = "Starting and stopping"


def join(bench: Bench) -> Callable[[str], object]:
    """How somebody comes in who has a name for us: in most lessons by connecting."""
    return bench.connect


@check(
    "ready-line",
    "prints the ready line with the real host and port",
    points=6,
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read=START,
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    """With a host and a port of ours, and with a port of the system's choice."""
    another = bench.another_host()
    for host, port in ((another, bench.free_port(another)), ("127.0.0.1", 0)):
        server = bench.start_server_quietly(host, port)
        said_host, said_port = bench.reads_the_ready_line()
        listening = bench.listeners(server)
        with bench.during("start"):
            bench.must_run()  # one that ends here tells its own story
        real_port = port or (listening[0].port if listening else said_port)
        wanted = f"Server running on {host}:{real_port}"
        got = f"Server running on {said_host}:{said_port}"
        if got != wanted:
            raise Failure(Symptom.WRONG_READY_LINE, "the ready line is not right", wanted, got)
        if bench.sees_sockets and not listening:
            told = "the ready line came before anybody could connect"
            raise Failure(Symptom.TOO_EARLY, told, "a server that listens when it says so", got)
        bench.must_listen_on(server, host, real_port)


@check(
    "restart",
    "starts again on the same port at once",
    points=5,
    hint="Which socket option says that a port may be used again at once?",
    read=START,
    rule=ANY,
)
def test_restart(bench: Bench, join: Callable[[str], object]) -> None:
    """On the same port, although it was stopped with a client connected. `join` makes one."""
    server = bench.start_server()
    with bench.during("connect"):
        join("alice")
        bench.must_run()
    server.kill()
    bench.start_server(port=bench.address[1])


@check(
    "ctrl-c",
    "ends on Ctrl-C, with and without a client, cleanly",
    points=4,
    hint="Ctrl-C raises KeyboardInterrupt where your main thread waits. Who catches it?",
    read=START,
    rule=ANY,
)
def test_ctrl_c(bench: Bench, join: Callable[[str], object]) -> None:
    """Without a client, and with one."""
    for names in ((), ("alice",)):
        server = bench.start_server()
        with bench.during("connect"):
            for name in names:
                join(name)
            bench.must_run()
        server.interrupt()
        bench.exits(0, silence=Symptom.DOES_NOT_STOP)


@check(
    "ctrl-c",
    "ends on Ctrl-C with clients connected, cleanly",
    points=4,
    hint="Which threads still wait when the main thread has ended?",
    read=START,
    rule=ANY,
)
def test_ctrl_c_with_threads(bench: Bench, join: Callable[[str], object]) -> None:
    """The same, where other threads may be at work when the main thread ends."""
    with leaving_races_to_churn():
        test_ctrl_c(bench, join)


@contextlib.contextmanager
def leaving_races_to_churn() -> Iterator[None]:
    """A collection that changes while a thread goes through it is what the check churn is about.

    Where it comes to light by chance in another check, it is the set-up step "turns" that failed.
    """
    try:
        yield
    except Failure as failure:
        if "during iteration" in f"{failure.message} {failure.received}":
            failure.step = "turns"
        raise
