"""The room: what lessons 2, 3 and 4 have in common.

A `Room` is a server with clients in it. It knows how one enters (with a name from lesson 4 on) and
how a line looks to the others. Checks that several lessons share are told in every kind of room.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from chatkit.bench import (
    Bench,
    Failure,
    NotMet,
    Peer,
    Symptom,
    Text,
    as_bytes,
    as_line,
    bare,
    quoted,
)

GREETING = "Connected to the server"
BEGINNING = 50  # bytes that tell most lines from each other
PORTION = 200_000  # bytes that wait for a reader at most: a server may drop above 1 MB


class Room:
    """A running server.py and the clients in it. `names`: clients have names (lesson 4).

    `turns`: the seed by which the server's threads are scheduled, see `Bench.start_server`.
    """

    def __init__(self, bench: Bench, *, names: bool = False, turns: str = "") -> None:
        self.bench = bench
        self.names = names
        self.members: list[Peer] = []
        self.proved = False  # that a line reaches everybody else
        self.server = bench.start_server(turns=turns)

    def anew(self, *, turns: str = "") -> "Room":
        """A room of the same kind, with a server of its own. `turns`: as in a new `Room`."""
        return Room(self.bench, names=self.names, turns=turns)

    def plays(self, *stories: Callable[["Room"], None]) -> None:
        """Stories of one check, one after the other: the first in this room, each in its own."""
        for number, story in enumerate(stories):
            story(self.anew() if number else self)
            self.bench.clear()

    def join(
        self, *names: str, slow: bool = False, proof: bool = True, old: bool = False
    ) -> list[Peer]:
        """Clients that are in the room, one after the other.

        As soon as there are two, the room must prove that it delivers (unless `proof` is false): a
        server that cannot do that has nothing to show in any other check. What anybody gets at
        once is dropped (unless `old`): one check asks for it, the others should not suffer.
        """
        new = []
        for name in names:
            peer = self.bench.connect(name, slow=slow)
            if self.names:
                self.introduce(peer, name)
            else:
                self.members.append(peer)
            new.append(peer)
        if not self.names:
            self.bench.settle()  # in the room: at rest after the connect, says the contract
            if not old:
                for peer in self.members:
                    peer.inbox.clear()
        if len(self.members) > 1 and proof and not self.proved:
            self.prove_delivery()
        return new

    def prove_delivery(self) -> None:
        """The set-up step "delivery": a line reaches everybody else, once."""
        self.proved = True
        with self.bench.during("delivery"):
            for speaker in (self.members[0], self.members[-1]):
                self.talk(speaker, self.bench.word())
                self.nobody_hears("one line goes to everybody once", but=speaker)

    def introduce(self, peer: Peer, name: str) -> None:
        """The handshake of lesson 4. Everybody else hears of it."""
        with self.bench.during("handshake"):
            peer.hears("NICK")
            peer.says(name)
            self.welcome(peer, name)

    def welcome(self, peer: Peer, name: str) -> None:
        """What follows a good name."""
        notice = f"{name} connected to the server!"
        peer.own.add(notice.encode())
        peer.hears(GREETING)
        if self.members:
            with self.bench.during("join"):
                for member in self.members:
                    member.hears(notice)
        self.members.append(peer)

    def line(self, speaker: Peer, text: str) -> str:
        """What everybody else gets when `speaker` says `text`."""
        return f"{speaker.name}: {text}" if self.names else text

    def others(self, *peers: Peer) -> list[Peer]:
        return [member for member in self.members if member not in peers]

    def talk(self, speaker: Peer, *texts: str, to: list[Peer] | None = None) -> None:
        """`speaker` says lines and everybody else (or `to`) hears them, in order."""
        hearers = self.others(speaker) if to is None else to
        portion = max(1, PORTION // max(map(len, texts)))
        for start in range(0, len(texts), portion):
            part = texts[start : start + portion]
            speaker.says(*part)
            for hearer in hearers:
                hearer.hears(*(self.line(speaker, text) for text in part))

    def nobody_hears(self, because: str, *, but: Peer | None = None, own: bool = False) -> None:
        """The server is at rest and nobody (but `but`) has anything more to hear.

        What comes back to the one it is about does not count, unless `own`.
        """
        self.bench.settle(proof=True)
        for member in self.members:
            if member is not but:
                member.has_nothing(because, own=own)

    def leaves(self, *peers: Peer) -> None:
        """Peers close cleanly; everybody else hears of it in lesson 4."""
        self._gone(peers, Peer.leaves)

    def resets(self, *peers: Peer) -> None:
        """Peers reset; everybody else hears of it in lesson 4."""
        self._gone(peers, Peer.resets)

    def half_closes(self, peer: Peer) -> None:
        """A peer half-closes, and hears the end; everybody else hears of it in lesson 4."""
        self.bench.settle(proof=True)
        peer.inbox.clear()  # what it has got until now is not asked here
        self._gone((peer,), Peer.finishes)
        with busy_is_told_elsewhere():
            peer.hears_end()

    def _gone(self, peers: tuple[Peer, ...], how) -> None:
        for peer in peers:
            how(peer)
            self.members.remove(peer)
            if self.names:
                for member in self.members:
                    if member not in peers:
                        member.hears(f"{peer.name} has left the chat.")


@contextlib.contextmanager
def busy_is_told_elsewhere() -> Iterator[None]:
    """A program that spins since somebody has left fails another check: the step is "rest"."""
    try:
        yield
    except Failure as failure:
        if failure.symptom == "spinning":
            failure.step = "rest"
        raise


def collect(bench: Bench, hearer: Peer, expected: Mapping[str, Sequence[Text]]) -> None:
    """`hearer` gets exactly these lines, each source's in its order, the sources in any order."""
    ahead = {who: deque(map(as_bytes, lines)) for who, lines in expected.items() if lines}
    # Whose turn a line may be is guessed by how it begins: to compare it with all takes its time.
    guesses = {lines[0][:BEGINNING]: who for who, lines in ahead.items()}
    missing = total = sum(map(len, ahead.values()))
    name = hearer.name

    def accepts(line: bytes) -> bool:
        """Whether it is some source's turn to send this line. Then it is the next one's turn."""
        nonlocal missing
        who = guesses.get(line[:BEGINNING])
        if who not in ahead or ahead[who][0] != line:
            who = next((who for who, lines in ahead.items() if lines[0] == line), None)
        if who is None:
            return False
        hearer.heard[-1] = ahead[who].popleft()  # the same bytes, once for all who hear them
        missing -= 1
        if ahead[who]:
            guesses[ahead[who][0][:BEGINNING]] = who
        else:
            del ahead[who]
        return True

    while left := missing:
        stop, line = hearer.waits_for_line(accepts)
        if missing < left:
            continue
        if line is None:
            lost = next(iter(ahead.values()))[0]
            bench.transcript.add("server", name, "missing", lost + b"\n")
            wanted = f"{name} to get {total} lines, each once"
            first = "the first that is missing: " + quoted(as_line(lost), 60)
            told = f"{missing} of {total} lines never reached {name}"
            missed = NotMet(stop, wanted, b"", hearer, Symptom.LOST, told, first)
            raise bench.explained(missed)
        line = bare(line)
        got = quoted(line + b"\n", 90)
        said = {who: [as_bytes(text) for text in texts] for who, texts in expected.items()}
        source = next((who for who, lines in said.items() if line in lines), None)
        if source is None:
            told = f"{name} got a line that nobody sent like this"
            raise Failure(Symptom.DIFFERENT_TEXT, told, f"{name} to get whole lines, unmixed", got)
        if line not in ahead.get(source, ()):
            told = f"{name} got the same line twice"
            raise Failure(Symptom.DUPLICATE, told, f"{name} to get each line once", got)
        told = f"{name} got a line of {source} too early"
        wanted = f"{name} to get {quoted(as_line(ahead[source][0]), 90)} first"
        raise Failure(Symptom.WRONG_ORDER, told, wanted, got)
