"""What every console client must do: it says why it ends, and ends when it is told to."""

import builtins
import socket

from chatkit.bench import Bench, Failure, Peer, Program, Symptom
from chatkit.course import check

from .plain import COMMANDS

ANY = "all-programs"


@check(
    "client-no-server",
    "without a server the client says so in one line",
    points=3,
    hint="Which exception does connect() raise? What does a user want to read?",
    read="When a connection breaks",
    rule=ANY,
    program="client.py",
)
def test_client_no_server(bench: Bench) -> None:
    says_that_nobody_is_there(bench)


def says_that_nobody_is_there(bench: Bench, *arguments: str) -> None:
    """No server: one line with host and port on standard error, and a status that is not 0.

    A client that does not connect when there is a server has nothing to show here: that is the set-
    up step "connect". One that cannot bear the error of connecting has shown what is asked here.
    """
    bench.nobody_listens()
    try:
        bench.start_client(*arguments)
        bench.exits(None, promise=6.0)
        host, port = bench.address
        says_why(bench, host, str(port))
    except Failure as failure:
        if failure.symptom == Symptom.TRACEBACK and is_of_the_network(failure.received):
            raise
        bench.remembers(failure)
        bench.clear()
        bench.listen()
        bench.start_client(*arguments)
        bench.accept()
        raise failure from None


def is_of_the_network(error: str) -> bool:
    """Whether "ConnectionRefusedError: [Errno 111] …" is what connecting may raise."""
    name = error.partition(":")[0].rpartition(".")[2]
    kind = getattr(builtins, name, getattr(socket, name, None))
    return isinstance(kind, type) and issubclass(kind, OSError)


def says_why(bench: Bench, *words: str) -> None:
    """The client has written one line to standard error, with these words in it."""
    lines = [line for line in bench.program.errors.text.split("\n") if line.strip()]
    wanted = "one line on standard error" + (f" with {' and '.join(words)} in it" if words else "")
    if not lines:
        raise Failure(Symptom.NO_MESSAGE, "the client does not say why it ends", wanted, "nothing")
    if len(lines) > 1 or not all(word in lines[0] for word in words):
        told = "the client does not say clearly why it ends"
        raise Failure(Symptom.DIFFERENT_TEXT, told, wanted, "\n".join(lines[-3:]))


def stops_on_ctrl_c(bench: Bench) -> None:
    """Ctrl-C ends the client cleanly."""
    bench.settle()
    bench.program.interrupt()
    bench.exits(0, silence=Symptom.DOES_NOT_STOP)


def stops_while_it_connects(bench: Bench, *arguments: str) -> None:
    """Ctrl-C ends the client cleanly, even when the server does not answer."""
    if not bench.can_hang:
        return  # only there the bench can let a client wait for its connection
    bench.clear()
    bench.listen(hung=True)
    bench.start_client(*arguments)
    bench.waits_for_an_attempt()
    bench.program.interrupt()
    bench.exits(0, silence=Symptom.DOES_NOT_STOP)


@check(
    "client-end-of-input",
    "at the end of input the client half-closes, prints the rest and exits 0",
    points=3,
    hint="close() ends both directions at once. What does shutdown(SHUT_WR) do?",
    read="The client",
    rule=ANY,
    program="client.py",
)
def test_client_end_of_input(bench: Bench) -> None:
    drains_at_the_end_of_input(bench)


def drains_at_the_end_of_input(bench: Bench, name: str = "") -> None:
    """End of input: half-close, print what still arrives, exit with status 0."""
    bench.listen()
    client = bench.start_client(*(["--name", name] if name else []))
    server = bench.accept()
    if name:
        welcomes(server, name)
    word, rest = bench.word(), bench.word()
    client.types(f"{word}\n".encode())
    client.ends_input()
    with bench.during("sending"):
        server.hears(word)
    server.hears_end()
    bench.settle(quietly=True)  # one that ends at once has ended by now
    last = bench.word()
    server.sends(rest[:3], rest[3:] + "\n" + last[:3], last[3:] + "\n")
    server.leaves()
    try:
        bench.prints(rest)
        bench.prints(last)
    except Failure as failure:
        # Something has come, and looks otherwise: how lines are printed is another check's.
        printed = "".join(client.output.text.split("\n")[client.heard :]).strip()
        if printed and failure.symptom in (Symptom.OTHER_OUTPUT, Symptom.EXITED):
            failure.step = "listening"
        raise
    bench.exits(0)


def hears_anything_at_any_time(bench: Bench, server: Peer) -> None:
    """Bad bytes and a long silence end nothing: the client prints what comes after."""
    word = bench.word()
    server.sends(b"caf\xff\xfe\xc3\n" + word.encode() + b"\n")
    bench.prints(word)
    bench.sits_out()
    word = bench.word()
    server.says(word)
    bench.prints(word)


def prints_into_a_pipe(bench: Bench, name: str = "") -> None:
    """What arrives is printed at once, even when the output is not a terminal."""
    bench.clear()
    bench.listen()
    bench.start_client(*(["--name", name] if name else []), buffered=True)
    server = bench.accept()
    if name:
        server.says("NICK")
        server.hears(name)
        server.says("Connected to the server")
    word = bench.word()
    server.says(word)
    try:
        bench.prints(word)
    except Failure as failure:
        if failure.symptom in (Symptom.NO_OUTPUT, Symptom.OTHER_OUTPUT):
            failure.symptom = Symptom.UNFLUSHED
        raise


def sends_what_looks_like_a_command(client: Program, server: Peer) -> None:
    """Every line that is typed is chat."""
    for word in COMMANDS:
        client.types(f"{word}\n".encode())
        server.hears(word, because="every line is text")


def welcomes(server: Peer, name: str) -> None:
    """The server's side of the handshake with a client that is called `name`."""
    with server.bench.during("handshake"):
        server.says("NICK")
        server.hears(name)
        server.says("Connected to the server")
        server.bench.prints("Connected to the server")
