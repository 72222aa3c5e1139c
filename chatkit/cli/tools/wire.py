"""Commands that look at the wire: tap, show, raw."""

import socket
import sys
from pathlib import Path
from typing import Literal

import click

from chatkit.cli.groups import Misuse
from chatkit.cli.stopping import call_on_signals

Address = tuple[str, int]
HERE = "127.0.0.1"
TURN = 0.1  # seconds at the most between two looks at the keyboard


def address(text: str, least: int = 1) -> Address:
    """The host and port in "5501", "localhost:5501" or "[fe80::1%eth0]:5501". Raises Misuse.

    `least` is the lowest port that will do.
    """
    host, _, port = text.rpartition(":")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise Misuse(
            f"{text!r} may be read in two ways: write an address of IPv6 in brackets, [::1]:5501"
        )
    return host.strip("[]") or HERE, port_of(port, text, least)


def port_of(port: str, text: str, least: int = 1) -> int:
    """The number of a port that was typed as a part of `text`. Raises Misuse."""
    if not (port.isascii() and port.isdigit() and least <= int(port) < 65_536):
        raise Misuse(f"{text!r} is not an address: write 5501 or localhost:5501")
    return int(port)


@click.command()
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    default="5502",
    help="Where clients connect. Default: 5502 on this machine. 0: any free port.",
)
@click.option(
    "--to",
    metavar="[HOST:]PORT",
    default="5501",
    help="Where the server is. Default: 5501 on this machine.",
)
@click.option("--bytes", is_flag=True, help="Pass bytes on one by one.  Key: b")
@click.option("--join", is_flag=True, help="Hold what comes within 0.5 s, and join it.  Key: j")
@click.option(
    "--delay",
    metavar="SECONDS",
    type=click.FloatRange(0, 60),
    help="Pass everything on so much later.  Key: d, for 1 s",
)
@click.option("--stall", is_flag=True, help="Pass nothing on until key s is pressed.")
@click.option("--cut", is_flag=True, help="Close in the middle of a line, once.  Key: c")
@click.option("--reset", is_flag=True, help="The same with a reset.  Key: r")
@click.option("--split-character", is_flag=True, help="Cut inside UTF-8 characters.  Key: u")
@click.option(
    "--from",
    "source",
    type=click.Choice(["client", "server", "both"]),
    default="both",
    help="Whose bytes all this touches. Default: both.  Key: f",
)
@click.option(
    "--record",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what passes to FILE. `chatkit show FILE` draws it.",
)
def tap(
    listen: str,
    to: str,
    delay: float | None,
    source: Literal["client", "server", "both"],
    target: Path | None,
    **faults: bool,
) -> None:
    """Stand between client and server, and show each packet as it passes.

    Start your server, then the tap, then clients that connect to the tap. Each row is what one
    recv() of the tap has returned, as Python writes bytes. Ctrl-C ends the tap.

    \b
    python server.py                     terminal 1: listens on 5501
    chatkit tap                          terminal 2: listens on 5502, goes to 5501
    python client.py --port 5502         terminal 3

    The tap can do what a bad network does, from the start or with a key while it runs. TCP promises
    the bytes
    and their order, but no pieces and no times: a right program works with all of it.

    \b
    chatkit tap --bytes                  every byte alone, but not in a flood
    chatkit tap --reset --from client    a client's first line ends in a reset
    chatkit tap --record monday.jsonl    then: chatkit show monday.jsonl
    chatkit tap --to [fe80::1%eth0]:5501    a server elsewhere, by IPv6
    """
    from chatkit.cli.tools.tapview import Keys, TapView
    from chatkit.system.ports import joined, place
    from chatkit.tools.faults import MEANS, Faults
    from chatkit.tools.recordings import Recording
    from chatkit.tools.tap import Tap

    server, here = address(to), address(listen, least=0)
    on = {name for name in MEANS if faults.get(name.replace("-", "_"))}
    setting = Faults(on | ({"delay"} if delay is not None else set()), source)
    if delay is not None:
        setting.delay = delay
    for option, (host, port) in (("--to", server), ("--listen", here)):
        try:
            place(host, port)
        except socket.gaierror:
            raise Misuse(f"there is no host {host!r}: see {option}") from None
    recording = Recording(target) if target else None
    view = TapView(recording)
    try:
        tapped = Tap(here, server, view.hear, setting)
    except OSError as error:
        raise Misuse(
            f"cannot listen on {joined(*here)}: {error.strerror}. End the program that has this "
            "port, or let the system choose another one: chatkit tap --listen 0"
        ) from None
    keys = Keys()
    # Between two turns: an exception in the middle of one could close only one end of a connection.
    # And before the terminal is taken: whatever ends the tap must give it back.
    call_on_signals(lambda _: keys.typed.put("q"))
    with keys, tapped:
        if place(*tapped.address)[1] == tapped.to:
            raise Misuse(f"the tap cannot be its own server: {listen} is --listen and --to")
        view.begin(tapped, keys.there)
        while view.obey(tapped, keys.pressed()):
            tapped.turn(TURN)
    view.end()


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="Only this check, such as half-line, or this client: 2.",
)
def show(file: Path, only: tuple[str, ...]) -> None:
    """Draw what is in FILE: a recording of `chatkit tap`, or what `chatkit check --json` said.

    \b
    chatkit tap --record monday.jsonl        record, Ctrl-C, and then
    chatkit show monday.jsonl                draw all of it
    chatkit show monday.jsonl --only 2       only client 2

    \b
    chatkit check 2 --json > verdict.json    keep a verdict, and later
    chatkit show verdict.json --only half-line
    chatkit check 2 --only half-line --json | chatkit show -
    """
    from chatkit.cli.tools.tapview import show_recording, show_verdicts
    from chatkit.tools import recordings

    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as opened:
            data = opened.read(recordings.LARGEST)
        events, lessons = recordings.read(data, str(file))
        if events:
            show_recording(events, only)
        else:
            show_verdicts(lessons, only)
    except OSError as error:
        raise Misuse(f"cannot read {file}: {error.strerror}") from None


@click.command()
@click.argument("where", metavar="[HOST] PORT", nargs=-1, required=True)
@click.option("--crlf", is_flag=True, help=r"End lines with \r\n, as telnet does.")
@click.option("--escapes", is_flag=True, help=r"Let \n, \xc3 and the like stand for bytes.")
def raw(where: tuple[str, ...], crlf: bool, escapes: bool) -> None:
    """Connect to a server and talk to it by hand: a client that adds nothing.

    Each line that you type goes out as UTF-8 bytes with \\n at its end. What each recv() returns is
    shown as Python writes bytes. The end of input (Ctrl-D; on Windows Ctrl-Z, then Enter)
    half-closes, and what still comes is shown.

    \b
    chatkit raw 5501                     a server on this machine
    chatkit raw 192.168.1.20 5501        on another one
    chatkit raw fe80::1%eth0 5501        by IPv6: eth0 is your network
    chatkit raw --escapes 5501           with these you send any bytes:
      hel\\c                              b'hel': \\c at the end means no line end
      lo                                 b'lo\\n'
      caf\\xc3\\c                          half of an é
      one\\ntwo                           two lines at once

    Exit status 0: the server ended it, or you did. 1: no server, or a reset. 2: wrong use.
    """
    from chatkit.system.ports import joined
    from chatkit.tools.raw import talk, typed

    if len(where) > 2:
        raise Misuse("too many words: chatkit raw HOST PORT")
    if len(where) == 2:
        host, port = where[0].strip("[]"), port_of(where[1], " ".join(where))
    else:
        host, port = address(where[0])

    def remark(text: str) -> None:
        click.echo(text, err=True)

    try:
        try:
            server = socket.create_connection((host, port), timeout=5)
        except OSError as error:
            raise click.ClickException(f"no server at {joined(host, port)}: {error}") from None
        with server:
            end = b"\r\n" if crlf else b"\n"
            ended = talk(server, typed(end, escapes, remark), lambda data: click.echo(repr(data)))
    except KeyboardInterrupt:
        sys.exit(130)
    if ended == "reset":
        raise click.ClickException("the connection was reset")
    remark("The server has ended the connection: recv() returned b''.")
