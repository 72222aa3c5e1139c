"""The command that opens the chat to a classroom."""

import errno
import io
import signal
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import click

from chatkit.cli.groups import Misuse
from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatkit.course.lessons import Course
    from chatkit.tools.play import Room

PORT = 5501
ANYWHERE, ALSO_IPV6, HERE = "0.0.0.0", "::", "127.0.0.1"
WIDTH = 80
PATIENCE = 10  # seconds that a server may take to say that it is ready

# For each kind of peer: who it is, and what to type there. Those of the lessons come before.
CLIENT = "python client.py --host {host} --port {port} --name YOU"
PEERS = (
    ("without the kit: answer NICK with your name", "nc {host} {port}"),
    ("the same with the kit, for Windows too", "chatkit raw {host} {port}"),
)

ZONES = (
    "What follows a % is the name of the network, and each machine gives it a name of its "
    "own. In place of it type the name of yours: ip link shows it, in macOS ifconfig, "
    "and in Windows it is a number that ipconfig shows after the %."
)
EVERYBODY = (
    "Everybody who can reach this machine can join and read everything: "
    "write nothing here that is a secret."
)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, help="Default: 5501.")
@click.option("--host", metavar="ADDRESS", default=ANYWHERE, help="Default: all of this machine.")
@click.option("--mine", is_flag=True, help="Run your own server of lesson 4, not the finished one.")
def play(port: int, host: str, mine: bool) -> None:
    """Open a chat for everybody in the room: this machine runs the server of lesson 4.

    It prints what to type on the other machines, and then who comes and goes. Ctrl-C ends it.
    Nothing is encrypted: everybody in your network can join, and can read everything.

    \b
    chatkit play                     everybody in this network can join
    chatkit play --mine              with your own server
    chatkit play --host 127.0.0.1    only programs on this machine can join
    chatkit play --port 6000         when 5501 is taken
    chatkit play --host ::           by IPv6 as well, or at one address of it

    Exit status 0: ended with Ctrl-C. 1: the server ended by itself. 2: wrong use, or no free port.
    """
    from chatkit._errors import Unavailable
    from chatkit.classroom.exports.handin import look_at
    from chatkit.tools.play import Room, finished_server, own_server

    host = HERE if host == "localhost" else host.strip("[]")
    try:
        course = find_course()
        server = own_server(course) if mine else finished_server(course)
        remarks = look_at(server.read_bytes()) if mine else []
    except (CourseError, Unavailable, OSError) as error:
        raise Misuse(str(error)) from None
    must_be_free(host, port)
    for remark in remarks:
        click.echo(f"note: your server: {remark}", err=True)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup does
            signal.signal(number, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name that the terminal lacks ends nothing
    room = None
    try:
        with Room(server, host, port) as room:
            show(room, host, course)
            status = room.status()
    except KeyboardInterrupt:
        forced = " It did not hear Ctrl-C, so it was killed." if room and room.forced else ""
        click.echo(f"\nThe server has ended, and with it every connection.{forced}")
        return
    raise click.ClickException(f"the server has ended by itself, with status {status}")


def must_be_free(host: str, port: int) -> None:
    """Raise Misuse unless a server could listen there."""
    from chatkit.system.ports import holder, why_taken
    from chatkit.tools import lan

    try:
        address = lan.ip(host)
    except ValueError:
        raise Misuse(f"{host!r} is not an address, such as 192.168.1.20 or fe80::1%eth0") from None
    error = why_taken(host, port)
    if error is None:
        return
    ours = ", ".join([HERE, *(one.host for one in lan.addresses(address.version == 6))])
    if address.is_link_local and address.version == 6 and error.errno != errno.EADDRINUSE:
        raise Misuse(
            f"{host} is not an address of this machine. After one that begins with fe80 comes the "
            f"name of its network, as in fe80::1%eth0. It has: {ours}"
        )
    if error.errno == errno.EADDRINUSE:
        _, who = holder(port)
        other = f"chatkit play --port {port + 1 if port < 65535 else 0}"
        raise Misuse(f"port {port} is taken by {who}. Stop it, or take another port: {other}")
    if error.errno == errno.EADDRNOTAVAIL:
        raise Misuse(f"{host} is not an address of this machine. It has: {ours}")
    raise Misuse(f"port {port} cannot be used: {error.strerror}. Try chatkit play --port 6000")


def show(room: "Room", host: str, course: "Course") -> None:
    """Print what the server prints until it ends; once it is ready, how to join."""
    from chatkit.bench.bench import READY

    began, told = time.monotonic(), False
    while (line := room.line(0.5)) is not None:  # in turns: Windows must hear Ctrl-C
        ready = READY.search(line)
        if line and not (ready and ":" in host):  # the door has another port than the server
            click.echo(line)
        if not told and ready:
            try:
                port = room.opens(int(ready["port"]))
            except OSError as error:  # taken in the meantime
                raise Misuse(f"no door can be opened at {host}: {error.strerror}") from None
            click.echo(invitation(host, port, course))
            told = True
        elif not told and time.monotonic() - began > PATIENCE:
            hint = "chatkit check 4 --only ready-line"
            click.echo(f"The server has not said that it is ready. See why: {hint}", err=True)
            told = True


def own_clients(course: "Course") -> "Iterator[tuple[str, str]]":
    """The clients that students write for this server: those with a window first."""
    from chatkit.tools.play import STEP

    for lesson in course.lessons:
        if lesson.window and "client.py" in lesson.asked:
            yield f"your window, in lessons/{lesson.name}", CLIENT
    for lesson in course.lessons:
        if lesson.step == STEP:
            yield f"your client, in lessons/{lesson.name}", CLIENT


def invitation(host: str, port: int, course: "Course") -> str:
    """What everybody must know: how to join, and that there are no secrets."""
    from chatkit.tools import lan

    alone = lan.ip(host).is_loopback
    ways = lan.addresses(host == ALSO_IPV6) if host in (ANYWHERE, ALSO_IPV6) else []
    address = ways[0].host if ways else HERE if host in (ANYWHERE, ALSO_IPV6) else host
    lines = ["", "The room is open. Ctrl-C ends it for everybody.", ""]
    lines += [f"  address   {address}" + (f"  ({ways[0].interface})" if ways else "")]
    lines += [f"  or else   {way.host}  ({way.interface})" for way in ways[1:]]
    lines += [f"  port      {port}", ""]
    if alone:
        lines += folded("Only programs on this machine can join.")
    elif host in (ANYWHERE, ALSO_IPV6) and not ways:
        lines += folded(
            "No network was found, so only programs on this machine can join. Is Wi-Fi off? "
            "You find the address in the network settings, too, or try: ip addr, ipconfig, ifconfig"
        )
    if any("%" in way for way in (address, *(way.host for way in ways))):
        lines += [*folded(ZONES), ""]
    lines += ["To join, type one of these, with your own name for YOU:", ""]
    for who, command in [*own_clients(course), *PEERS]:
        lines += [f"  {who}", "    " + command.format(host=address, port=port)]
    lines += ["", *folded("Nothing is encrypted, and nobody is asked for a password. " + EVERYBODY)]
    if not alone:
        told, cure = lan.firewall(port)
        if version := lan.wsl():
            more, instead = lan.about_wsl(version)
            told, cure = f"{more}. {told}", instead or cure
        lines += folded(f"Firewall: {told}" + (f": {cure}." if cure else "."))
        lines += folded('Nobody gets in? Read "Play in the classroom" in lesson 4.')
    return "\n".join([*lines, ""])


def folded(text: str) -> list[str]:
    """`text` in lines for a terminal; commands and addresses are not broken inside a word."""
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
