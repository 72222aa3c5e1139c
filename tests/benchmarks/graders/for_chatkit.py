"""The same three checks for this kit."""

from chatkit.bench import Bench, Peer
from chatkit.course import check

ECHO = "lesson-1-echo"


def enter(bench: Bench, name: str) -> Peer:
    """Connect, and hear one line come back."""
    peer = bench.connect(name)
    with bench.during("echo"):
        line = f"{bench.word()}\n".encode()
        peer.sends(line)
        peer.gets(line)
    return peer


@check(
    "echoes_a_line",
    "a line comes back",
    points=40,
    hint="What recv() returned goes back with sendall().",
    read="Say it back",
    rule=ECHO,
    owns=("start", "connect", "echo"),
)
def test_echoes_a_line(bench: Bench) -> None:
    bench.start_server()
    enter(bench, "alice")


@check(
    "next_client",
    "after one client leaves, the next is served",
    points=30,
    hint="How often is accept() called?",
    read="The next one",
    rule=ECHO,
)
def test_next_client(bench: Bench) -> None:
    bench.start_server()
    for name in ("alice", "bob", "carol"):
        enter(bench, name).leaves()


@check(
    "half_close",
    "after a half-close the rest comes back, then the end of the stream",
    points=30,
    hint="What does recv() return when the client has said all it will say?",
    read="The end of the stream",
    rule=ECHO,
)
def test_half_close(bench: Bench) -> None:
    bench.start_server()
    alice = bench.connect("alice")
    data = f"{bench.word()}\n".encode() * 1000
    alice.sends(data)
    alice.finishes()
    alice.gets(data)
    alice.hears_end()
