"""Explanations of races: evidence as a race leaves it, with the program that had it.

A race comes seldom by itself, so what was seen is written down here.
"""

from textwrap import dedent

import pytest

from chatkit.bench.evidence import Evidence, Frame, Raised, Stack
from chatkit.bench.transcript import Event
from chatkit.grading.explain.ranking import concluded_from

ROOM = """\
import threading

class Room:
    def __init__(self):
        self.clients = set()
        self.lock = threading.Lock()

    def welcome(self, door):
        while True:
            sock, _ = door.accept()
            with self.lock:
                self.clients.add(sock)
            threading.Thread(target=self.serve, args=(sock,)).start()

    def serve(self, sock):
        while data := sock.recv(4096):
            self.broadcast(data, sock)
        self.leave(sock)

    def leave(self, sock):
        with self.lock:
            self.clients.remove(sock)

    def broadcast(self, data, sender):
        with self.lock:
            for client in self.clients:
                if client is not sender:
                    client.put(data)
"""
BARE_LOOP = dedent(ROOM).replace(
    """        with self.lock:
            for client in self.clients:
                if client is not sender:
                    client.put(data)
""",
    """        for client in self.clients:
            if client is not sender:
                client.put(data)
""",
)
BARE_REMOVE = ROOM.replace(
    "        with self.lock:\n            self.clients.remove(sock)",
    "        self.clients.remove(sock)",
)
BARE_ADD = ROOM.replace(
    "            with self.lock:\n                self.clients.add(sock)",
    "            self.clients.add(sock)",
)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def frame(text: str, part: str, function: str = "f") -> Frame:
    return Frame("/work-folder/server.py", line_of(text, part), function, own=True)


def told(text: str, **seen: object) -> dict[str, str]:
    about: dict[str, object] = {
        "lesson": 3,
        "check": "churn",
        "program": "server.py",
        "symptom": "crashed",
        "step": "",
        "message": "",
        "expected": "",
        "received": "",
        "text": text,
        **seen,
    }
    return {cause.name: cause.sentence for cause in concluded_from(Evidence(**about)).causes}  # type: ignore[arg-type]


def changed(text: str, in_thread: bool = True) -> tuple[Raised, ...]:
    place = frame(text, "for client in self.clients", "broadcast")
    told = "Set changed size during iteration"
    return (Raised("RuntimeError", told, (place,), in_thread=in_thread),)


@pytest.mark.parametrize(
    ("text", "name", "part"),
    [
        (BARE_LOOP, "loop-without-the-lock", "for client in self.clients"),
        (BARE_REMOVE, "changed-without-the-lock", "self.clients.remove"),
        (BARE_ADD, "changed-without-the-lock", "self.clients.add"),
    ],
)
def test_who_does_not_hold_the_lock_is_named(text: str, name: str, part: str) -> None:
    causes = told(text, raised=changed(text))

    assert list(causes) == [name]
    assert causes[name].startswith(f"server.py:{line_of(text, part)} ")


def test_a_lock_is_held_where_every_caller_holds_it() -> None:
    text = ROOM.replace(
        "        self.leave(sock)", "        with self.lock:\n            self.leave(sock)"
    )
    text = text.replace(
        "        with self.lock:\n            self.clients.remove(sock)",
        "        self.clients.remove(sock)",
    )

    assert told(text, raised=changed(text)) == {}


def test_no_lock_is_missed_where_no_thread_is() -> None:
    text = BARE_LOOP.replace("threading.Thread(target=self.serve, args=(sock,)).start()", "pass")

    assert told(text, raised=changed(text)) == {}


def test_the_thread_of_the_loop_does_not_change_under_its_own_hands() -> None:
    """The main thread was in the loop, so it cannot have been the one that accepts."""
    text = BARE_ADD.replace("self.leave(sock)\n", "pass\n", 1)

    assert told(text, raised=changed(text, in_thread=False)) == {}


def test_a_lock_for_each_call_guards_nothing() -> None:
    text = ROOM.replace("with self.lock:", "with threading.Lock():")

    assert list(told(text, raised=changed(text))) == ["a-lock-for-each"]


TWICE = ROOM.replace(
    "with self.lock:\n            self.clients.remove(sock)",
    """with self.lock:
            self.clients.remove(sock)
            self.broadcast(b"gone", sock)""",
)


def test_a_lock_taken_twice_by_one_thread_and_not_by_two() -> None:
    wants = frame(TWICE, "with self.lock:\n".strip(), "broadcast")
    wants = Frame(wants.file, line_of(TWICE, "for client in") - 1, "broadcast", own=True)
    calls = frame(TWICE, 'self.broadcast(b"gone"', "leave")
    waits = {"symptom": "silent", "check": "delivery"}

    itself = told(TWICE, stacks=(Stack((wants, calls), main=False),), **waits)
    another = told(TWICE, stacks=(Stack((wants,), False), Stack((calls,), False)), **waits)
    again = TWICE.replace("threading.Lock()", "threading.RLock()")
    twice_allowed = told(again, stacks=(Stack((wants, calls), main=False),), **waits)

    assert list(itself) == ["lock-taken-twice"]
    assert another == twice_allowed == {}


JOINS = """\
import threading

class Client:
    def __init__(self):
        self.writer = threading.Thread(target=self.write)

def welcome(door):
    while True:
        client = Client(door.accept())
        threading.Thread(target=serve, args=(client,)).start()
        client.writer.start()

def serve(client):
    client.writer.join()
"""


def test_a_join_before_the_start_names_the_line_that_comes_too_late() -> None:
    frames = (frame(JOINS, "writer.join()"), Frame("/lib/threading.py", 9, "join", own=False))
    error = Raised("RuntimeError", "cannot join thread before it is started", frames, True)

    causes = told(JOINS, check="gives-back", symptom="leaked", raised=(error,))

    assert list(causes) == ["joined-before-it-began"]
    assert causes["joined-before-it-began"].startswith("server.py:11 starts client.writer too late")


NAMES = """\
import threading

lock = threading.RLock()
users = {}

def serve(user):
    join(user, user.read())

def join(user, name):
    with lock:
        taken = [other.name for other in users]
    if name in taken:
        return "The name is taken."
    with lock:
        user.put(b"Connected to the server")
        users[name] = user
    return ""

def leave(user):
    with lock:
        del users[user.name]
    tell(f"{user.name} has left the chat.")

def main():
    threading.Thread(target=serve, args=(1,)).start()
"""


@pytest.mark.parametrize(
    ("text", "check", "symptom", "names"),
    [
        (NAMES, "one-name", "accepted", ["looks-and-takes-in-two-steps"]),
        (NAMES, "one-name", "wrong-order", ["leaves-in-two-steps"]),
        (NAMES.replace("    tell(", "        tell("), "one-name", "wrong-order", []),
        (NAMES, "handshake", "lost", []),
    ],
)
def test_steps_that_must_be_one(text: str, check: str, symptom: str, names: list[str]) -> None:
    assert list(told(text, lesson=4, check=check, symptom=symptom)) == names


def test_a_line_printed_without_flush() -> None:
    text = "def receive(sock):\n    for line in sock.makefile():\n        print(line)\n"
    seen = {"program": "client.py", "check": "client-listens", "symptom": "unflushed"}

    assert list(told(text, **seen)) == ["printed-without-flush"]
    assert told(text.replace("(line)", "(line, flush=True)"), **seen) == {}


def test_one_client_alone_never_sees_that_a_variable_is_shared() -> None:
    text = """\
import threading

def serve():
    conn.recv(1)

while True:
    conn, _ = door.accept()
    threading.Thread(target=serve).start()
"""
    came = Event(0.1, "alice", "server", "connect")

    assert told(text, symptom="silent", events=(came,)) == {}
    both = told(text, symptom="silent", events=(came, came))
    assert list(both) == ["one-variable-for-all-threads"]


def test_one_thread_for_all_clients_begins_once_only() -> None:
    place = frame(JOINS, "client.writer.start()", "welcome")
    error = Raised("RuntimeError", "threads can only be started once", (place,))

    causes = told(JOINS, check="delivery", raised=(error,))

    assert list(causes) == ["started-twice"]
