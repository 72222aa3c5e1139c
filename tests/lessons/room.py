"""The room: what lessons 2, 3 and 4 have in common, told once for all three.

A `Room` is a server with clients in it. It knows how one enters (with a name from lesson 4 on) and
how a line looks to the others. The stories below it are told in every kind of room.
"""

import contextlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

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

from .plain import COMMANDS

GREETING = "Connected to the server"
NAMES = ("alice", "sloth", "bob", "sloth2", "carol")
BEGINNING = 50  # bytes that tell most lines from each other
OVERFULL = 2_600_000  # bytes that a server keeps for somebody: no room has to keep so much
FLOOD = 10_000_000  # bytes after which we stop, whatever the server does
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

    def anew(self) -> "Room":
        """A room of the same kind, with a server of its own."""
        return Room(self.bench, names=self.names)

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


# -------------------------------------------------------------------------------- the stories


def keeps_half_a_line(room: Room) -> None:
    """Half a line waits for its end, and meanwhile others talk."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    word = room.bench.word()
    alice.sends(word[:3])
    bob.hears_nothing("alice has not ended her line: no b'\\n' yet", Symptom.EARLY_DATA)
    room.talk(carol, room.bench.word())
    alice.sends(word[3:] + "\n")
    for hearer in (bob, carol):
        hearer.hears(room.line(alice, word), because="once, after alice ended her line")


def cuts_two_lines_apart(room: Room) -> None:
    """Two lines in one packet are two lines to everybody."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    one, two, three = (room.bench.word() for _ in range(3))
    alice.says(one, two)
    for hearer in (bob, carol):
        hearer.hears(room.line(alice, one), room.line(alice, two), because="as two lines")
    alice.says(three)
    bob.hears(room.line(alice, three))


def mixes_nobody(room: Room) -> None:
    """Two half lines of two clients, both finished later, never mix."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    hers, his = room.bench.word(), room.bench.word()
    alice.sends(hers[:4])
    room.bench.settle()
    bob.sends(his[:4])
    room.bench.settle()
    alice.sends(hers[4:] + "\n")
    carol.hears(room.line(alice, hers))
    bob.hears(room.line(alice, hers))
    bob.sends(his[4:] + "\n")
    carol.hears(room.line(bob, his))
    alice.hears(room.line(bob, his))


def keeps_characters_whole(room: Room) -> None:
    """A character whose bytes come in two packets arrives whole."""
    alice, bob, _ = room.join("alice", "bob", "carol")
    text = f"café {room.bench.word()} 😀"
    data = text.encode() + b"\n"
    coffee = data.index(b"\xc3") + 1
    alice.sends(data[:coffee], data[coffee:-4], data[-4:-2], data[-2:])
    bob.hears(room.line(alice, text))


def knows_what_a_line_is(room: Room) -> None:
    """Long lines, blank lines, other line ends, bytes that are no UTF-8."""
    alice, bob, _ = room.join("alice", "bob", "carol")
    word = room.bench.word()
    long = word + "x" * (4096 - len(word))
    room.talk(alice, long, to=[bob])
    alice.sends("\n", "   \n", "\t\n", f"{word}\n")
    bob.hears(room.line(alice, word), because="and no blank line before it")
    room.talk(alice, f"{word} one\x0btwo\x0cthree\x85four\u2028five", to=[bob])
    room.talk(alice, f"{word}  two blanks,\ta tab,  two blanks", to=[bob])
    for line in COMMANDS:  # one by one: several in a packet are another check's
        room.talk(alice, line, to=[bob])
    alice.sends(f"{word} telnet\r\n")
    bob.hears(room.line(alice, f"{word} telnet"))
    alice.sends(b"before \xff\xfe\xc3 after\n")
    room.bench.wait(lambda: b"\n" in bob.inbox)
    line = bare(bob.next_line() or b"")
    before, after = room.line(alice, "before").encode(), b"after"
    if not (line.startswith(before) and line.endswith(after)):
        told = "a line with bytes that are no UTF-8 did not come through"
        wanted = f"bob to get {quoted(before + b' ')} and what comes of the rest"
        stop = "met" if line else room.bench.wait(lambda: False)
        found = room.bench.explained(NotMet(stop, wanted, line, bob)) if not line else None
        raise found or Failure(Symptom.DIFFERENT_TEXT, told, wanted, quoted(line))
    room.talk(alice, f"{word} goes on", to=[bob])
    room.talk(bob, f"{word} here too", to=[alice])


def keeps_order(room: Room) -> None:
    """1,000 lines of one sender arrive complete and in order."""
    alice, *_ = room.join("alice", "bob", "carol")
    word = room.bench.word()
    room.talk(alice, *(f"{word} {number}" for number in range(1000)))
    room.talk(alice, word, word, "yes", "yes", room.bench.word())  # said twice is heard twice
    room.nobody_hears("alice has said 1,005 lines and all have got them")


def goes_on_after_a_leave(room: Room) -> None:
    """Members leave cleanly, the first, the last and one in the middle: the others go on."""
    alice, bob, carol, dave, eve = room.join("alice", "bob", "carol", "dave", "eve")
    room.leaves(carol)
    room.talk(alice, room.bench.word())
    room.leaves(alice)
    room.talk(bob, room.bench.word())
    with room.bench.frozen():
        bob.says(word := room.bench.word())
        eve.leaves()
    room.members.remove(eve)
    dave.hears(room.line(bob, word))
    if room.names:
        bob.hears("eve has left the chat.")
        dave.hears("eve has left the chat.")
    (frank,) = room.join("frank")
    room.talk(dave, room.bench.word())
    room.talk(frank, room.bench.word())
    room.leaves(*room.members)
    room.bench.settle(quietly=True)
    grace, _ = room.join("grace", "heidi")  # a room that was empty is a room like any other
    room.talk(grace, room.bench.word())


def ends_its_own_side(room: Room) -> None:
    """Who half-closes hears the end of the connection, and is no longer in the room."""
    alice, bob, carol, dave = room.join("alice", "bob", "carol", "dave")
    with room.bench.during("leaving"):  # a clean close alone is another check's
        room.leaves(dave)
        for _ in range(2):  # a socket that is still listed refuses only the second
            room.talk(alice, room.bench.word())
    room.half_closes(carol)
    room.talk(alice, room.bench.word())
    room.talk(bob, room.bench.word())


def forgets_half_a_line(room: Room) -> None:
    """Somebody leaves in the middle of a line. Who comes next often gets the same file number.

    Linux takes the number before accept() begins to wait: there the second who comes may get it.
    """
    alice, _, leaver = room.join("alice", "bob", "carol")
    half = room.bench.word()
    leaver.sends(half)
    room.bench.settle()
    with room.bench.during("mixing"):  # that one buffer is not enough is another check's
        room.talk(alice, room.bench.word())
    for member in room.others(leaver):  # what becomes of the half line is not graded
        member.own.add(room.line(leaver, half).encode())
    with room.bench.during("leaving"):
        room.leaves(leaver)
        for _ in range(2):  # a socket that is still listed refuses only the second
            room.talk(alice, room.bench.word())
    for newcomer in room.join("dave", "eve"):
        newcomer.says(word := room.bench.word())
        for member in room.others(newcomer):
            wanted = room.line(newcomer, word)
            member.hears(wanted, because="and nothing of the one who left before")


def goes_on_after_a_reset(room: Room) -> None:
    """Members reset, also in the middle of a broadcast: the others go on."""
    alice, bob, carol, dave = room.join("alice", "bob", "carol", "dave")
    room.resets(carol)
    room.talk(alice, room.bench.word())
    hers, last, his = (room.bench.word() for _ in range(3))
    with room.bench.frozen():  # so that the server finds all this at once
        alice.says(hers)
        bob.says(last)  # many read this, then send him her line, and only then see the reset
        bob.resets()
        dave.says(his)
    room.members.remove(bob)
    for member in room.members:  # a reset may destroy his last line: it may come, and need not
        member.own.add(room.line(bob, last).encode())
    notice = {"the server": ["bob has left the chat."]} if room.names else {}
    collect(room.bench, dave, {"alice": [room.line(alice, hers)], **notice})
    collect(room.bench, alice, {"dave": [room.line(dave, his)], **notice})
    (eve,) = room.join("eve")
    room.talk(dave, room.bench.word())
    room.talk(eve, room.bench.word())


def lets_silent_clients_be(room: Room) -> None:
    """Clients that never say a word block neither newcomers nor talk."""
    for number in range(3):
        room.join(f"silent{number}", proof=False)
    alice, bob = room.join("alice", "bob", proof=False)
    room.talk(alice, room.bench.word())
    room.join("silent3", proof=False)
    room.talk(bob, room.bench.word())
    room.bench.sits_out()
    for speaker in (alice, room.members[0]):
        room.talk(speaker, room.bench.word())


def delivers_to_talkers(room: Room) -> None:
    """The proof of delivery for a check about silence: here everybody has said something first."""
    with room.bench.during("delivery"):
        talkers = room.join("alice", "bob", "carol", proof=False)
        for peer in talkers:
            peer.says(room.bench.word())
            room.bench.settle(proof=True)
        for peer in talkers:
            peer.inbox.clear()
        room.talk(talkers[0], room.bench.word())
        room.nobody_hears("one line goes to everybody once", but=talkers[0])


def survives_a_stuck_reader(room: Room) -> None:
    """One stops reading. The room goes on, and as less than 1 MB waits, nothing is lost for it.

    What that one says meanwhile reaches the others, at the latest when it reads again.
    """
    alice, bob = room.join("alice", "bob", proof=False)
    (sloth,) = room.join("sloth", slow=True)
    word = room.bench.word()
    texts = [f"{word} long {number} ".ljust(4000, "x") for number in range(200)]
    short = [f"{word} short {number}" for number in range(1000)]
    sloth.stops_reading()
    for text in texts:
        room.talk(alice, text, to=[bob])
    for start in range(0, len(short), 25):
        room.talk(alice, *short[start : start + 25], to=[bob])
    texts += short
    # Whoever sends to it as soon as it speaks may find a little room at first, and then none.
    own = [room.bench.word() for _ in range(3)]
    for said in own:
        sloth.says(said)
        room.bench.settle()
    speaks_up(room, bob)
    room.bench.sits_out(at_least=1.0, at_most=2.5)  # a send may have a time-out
    speaks_up(room, bob)
    sloth.reads_again()
    lines = [room.line(alice, text) for text in texts]
    try:
        collect(room.bench, sloth, {line: [line] for line in lines})  # in any order: not asked here
    except Failure as failure:
        if failure.symptom in (Symptom.DIFFERENT_TEXT, Symptom.UNFINISHED_LINE):
            failure.symptom = (
                Symptom.LOST
            )  # where the gap falls, between lines or in one, is chance
        raise
    for hearer in (alice, bob):
        hearer.hears(*(room.line(sloth, said) for said in own))
    outlives_those_who_never_read(room)


def speaks_up(room: Room, speaker: Peer) -> None:
    """Somebody who has listened for long says a word. Whether it reaches anybody is not asked."""
    word = room.bench.word()
    for member in room.members:
        member.own.add(room.line(speaker, word).encode())
    speaker.says(word)


def outlives_those_who_never_read(room: Room) -> None:
    """Some never read, until the server drops them or a lot waits for them. The room goes on.

    A server that takes them out of what it loops over leaves out those behind them, or ends.
    """
    for _ in range(3):  # which ones come last in a set is chance
        room.bench.clear()
        room = room.anew()
        alice, sloth, bob, other, carol = room.join(*NAMES)
        readers, sloths = [bob, carol], [sloth, other]
        for reader in (alice, *readers):
            reader.own |= {f"{sloth.name} has left the chat.".encode() for sloth in sloths}
        for sloth in sloths:
            sloth.stops_reading()
        there = _overfills(room, alice, readers, sloths)
        for speaker, hearers in ((bob, [alice, carol]), (alice, readers)):
            room.talk(speaker, room.bench.word(), to=hearers)
        if there:
            break  # a room may keep a lot


def _overfills(room: Room, speaker: Peer, readers: list[Peer], sloths: list[Peer]) -> bool:
    """Talk until the server has dropped the sloths, or has to keep a lot. Is one still there?"""
    for number in range(50, FLOOD // 4001, 50):
        texts = [f"{number + one} ".ljust(4000, "x") for one in range(50)]
        room.talk(speaker, *texts, to=readers)
        for reader in readers:
            speaks_up(room, reader)
        if room.bench.sees_sockets:  # what lies in the system's buffers is not the server's
            said = number * 4001
            here = [sloth for sloth in sloths if sloth.is_connected()]
            if not here:
                return False
            if all(said - sloth.waiting_for_it() > OVERFULL for sloth in here):
                break
    return True


def carries_a_crowd(room: Room, clients: int = 30, lines: int = 20) -> None:
    """Everybody sends long lines at once: nothing lost, torn or out of a sender's order."""
    crowd = room.join(*(f"client{number:02d}" for number in range(clients)))
    texts = {
        peer: [f"{room.bench.word()} {peer.name} {n:02d} ".ljust(4000, "x") for n in range(lines)]
        for peer in crowd
    }
    at_once = max(1, 800_000 // (clients * 4000))  # under 1 MB waits for anybody at any time
    for start in range(0, lines, at_once):
        for number in range(start, min(start + at_once, lines)):
            for peer in crowd:
                peer.says(texts[peer][number])
        said = {  # in bytes, once for all hearers
            peer: [as_bytes(room.line(peer, text)) for text in texts[peer][start : start + at_once]]
            for peer in crowd
        }
        for hearer in crowd:
            part = {peer.name: lines for peer, lines in said.items() if peer is not hearer}
            collect(room.bench, hearer, part)
    room.nobody_hears("every line has been heard once")


def survives_churn(room: Room) -> None:
    """Twenty resets while ten others talk: no survivor harmed, none cut off."""
    stay = room.join(*(f"stays{number}" for number in range(10)))
    if room.names:
        with room.bench.during("goodbye"):  # one reset alone is told as it should be
            (visitor,) = room.join("visitor")
            room.resets(visitor)
            room.nobody_hears("the visitor has left once")
    go = room.join(*(f"goes{number:02d}" for number in range(20)))
    said: dict[Peer, list[str]] = {peer: [] for peer in stay}
    for number, visitor in enumerate(go):
        for peer in (stay[number % 10], stay[(number + 3) % 10]):
            text = f"{room.bench.word()} {number}"
            peer.says(text)
            said[peer].append(text)
        visitor.resets()
        room.members.remove(visitor)
    for hearer in stay:
        expected = {
            peer.name: [room.line(peer, text) for text in texts]
            for peer, texts in said.items()
            if peer is not hearer
        }
        if room.names:
            expected |= {visitor.name: [f"{visitor.name} has left the chat."] for visitor in go}
        collect(room.bench, hearer, expected)
    for peer in stay:
        room.talk(peer, room.bench.word())
    room.nobody_hears("every line has been heard once")


def gives_everything_back(room: Room, clients: int = 12) -> None:
    """A second crowd, come and gone, leaves no more threads and open files than the first."""
    held = []
    with room.bench.during("leaving"):  # what is asked here is only what they leave behind
        for round in (1, 2):
            crowd = room.join(*(f"round{round}client{number}" for number in range(clients)))
            room.talk(crowd[0], room.bench.word())
            for number, peer in enumerate(crowd):
                (room.resets if number % 2 else room.leaves)(peer)
            room.bench.settle()
            held.append(room.bench.holds())
    must_hold_no_more(*held)


def must_hold_no_more(before: tuple[int, int], after: tuple[int, int]) -> None:
    """Raise Failure if there are more threads, or more open files, than there were."""
    (threads, files), (threads_now, files_now) = before, after
    if threads_now > threads or files_now > files:
        raise Failure(
            Symptom.LEAKED,
            "clients that have left leave something behind",
            f"no more than after the first crowd: {threads} threads, {files} open files",
            f"after the second crowd: {threads_now} threads, {files_now} open files",
        )


def rests(room: Room) -> None:
    """An idle room costs no CPU, also after somebody has left and somebody was reset."""
    _, _, carol, dave = room.join("alice", "bob", "carol", "dave")
    room.bench.costs_no_cpu("four clients are silent")
    room.leaves(carol)
    room.resets(dave)
    room.bench.costs_no_cpu("two of four have left")
