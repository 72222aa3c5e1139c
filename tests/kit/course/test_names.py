"""What is wrong with a name is said to whoever asked for it, so that they know what to change."""

import socket

from test_reference import DEADLINE, running_server

REFUSED = {
    "": "A name has 1 to 20 characters, and this one has 0.",
    "x" * 21: "A name has 1 to 20 characters, and this one has 21.",
    "two words": "A name has no space and no colon.",
    "a:b": "A name has no space and no colon.",
    "ring\a": "One of its characters cannot be printed.",
    "علی\u200cرضا": "One of its characters cannot be printed.",
    "👨\u200d👩\u200d👧": "One of its characters cannot be printed.",
}
GOOD = ["Zoë", "علی-رضا", "नमस्ते", "李小龍", "👩", "x" * 20]


def test_a_refusal_says_what_is_wrong_and_every_script_is_welcome() -> None:
    with (
        running_server("nicknames") as (_, port),
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as asks,
        asks.makefile("rw", encoding="utf-8", newline="\n") as wire,
    ):
        for name, why in REFUSED.items():
            assert wire.readline() == "NICK\n"
            wire.write(f"{name}\n")
            wire.flush()
            assert wire.readline() == f"{why}\n"
        for name in GOOD:
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as guest:
                guest.sendall(f"{name}\n".encode())
                with guest.makefile("r", encoding="utf-8") as lines:
                    assert lines.readline() == "NICK\n"
                    assert lines.readline() == "Connected to the server\n"
