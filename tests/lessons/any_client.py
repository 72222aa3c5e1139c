"""What every console client owes: it says why it ends, and ends when it is told to."""

from chatkit.system import linux
from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.peer import Peer


def says_that_nobody_is_there(bench: Bench, *arguments: str) -> None:
    """No server: one line with host and port on standard error, and a status that is not 0."""
    bench.nobody_listens()
    bench.start_client(*arguments)
    bench.exits(None, promise=6.0)
    host, port = bench.address
    says_why(bench, host, str(port))


def says_why(bench: Bench, *words: str) -> None:
    """The client has written one line to standard error, with these words in it."""
    lines = [line for line in bench.program.errors.text.split("\n") if line.strip()]
    wanted = "one line on standard error" + (f" with {' and '.join(words)} in it" if words else "")
    if not lines:
        raise Failure("no-message", "the client does not say why it ends", wanted, "nothing")
    if len(lines) > 1 or not all(word in lines[0] for word in words):
        told = "the client does not say clearly why it ends"
        raise Failure("different-text", told, wanted, "\n".join(lines[-3:]))


def stops_on_ctrl_c(bench: Bench) -> None:
    """Ctrl-C ends the client cleanly."""
    bench.settle()
    bench.program.interrupt()
    bench.exits(0, silence="does-not-stop")


def stops_while_it_connects(bench: Bench, *arguments: str) -> None:
    """Ctrl-C ends the client cleanly, also when the server does not answer."""
    if not linux.LINUX:
        return  # only there the bench can let a client wait for its connection
    bench.clear()
    bench.listen(hung=True)
    bench.start_client(*arguments)
    bench.waits_for_an_attempt()
    bench.program.interrupt()
    bench.exits(0, silence="does-not-stop")


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
    server.hears(word)
    server.hears_end()
    bench.settle(quietly=True)  # one that ends at once has ended by now
    server.says(rest)
    server.leaves()
    bench.prints(rest)
    bench.exits(0)


def welcomes(server: Peer, name: str) -> None:
    """The server's side of the handshake with a client that is called `name`."""
    with server.bench.during("handshake"):
        server.says("NICK")
        server.hears(name)
        server.says("Connected to the server")
        server.bench.prints("Connected to the server")
