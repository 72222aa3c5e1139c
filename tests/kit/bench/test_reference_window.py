"""The window of lesson 5 as its user has it: what the contract leaves free, and we promise.

Each story is a program of its own: it makes the window, plays the server in a thread, and turns
Tk's loop itself until something has come true.
"""

import itertools
import os
import re
import runpy
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.system.display import Display

FOLDER = Path(__file__).parents[3] / "chatkit" / "reference" / "gui"

HEAD = """
import socket, sys, threading, time, tkinter as tk
import client, look

listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
servers = []

def serve():
    while True:
        server = listener.accept()[0]
        servers.append(server)
        server.sendall(b"NICK\\n")
        server.recv(100)
        server.sendall(b"Connected to the server\\n")

def until(condition):
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, what() + w.chat.get("1.0", "end")
        root.update()
        time.sleep(0.005)
    root.update()

def says(*lines):
    servers[-1].sendall("".join(f"{line}\\n" for line in lines).encode())
    until(lambda: lines[-1] in w.chat.get("1.0", "end"))

def what():
    return f"{w.status['text']} {w.button['state']} {root.title()}"

threading.Thread(target=serve, daemon=True).start()
root = look.make_root()
w = client.Window(root, *address, "alice")
until(lambda: w.connected)
"""


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    with Display(own=True) as display:
        yield display


def plays(display: Display, story: str) -> None:
    """Run a story; it must end well and print no traceback."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + textwrap.dedent(story)],
        cwd=FOLDER,
        env={**os.environ, **display.environment, "PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_who_has_scrolled_up_is_left_there_and_can_go_back(display: Display) -> None:
    plays(
        display,
        """
        says(*(f"bob: line {number}" for number in range(99)))
        assert w.chat.at_end and not w.chat.below.winfo_ismapped()
        root.geometry(f"{root.winfo_width()}x{root.winfo_height() - 150}")
        until(lambda: w.chat.winfo_height() < 300)
        assert w.chat.at_end  # it has become smaller, and the newest line is in view
        w.chat.yview_moveto(0.3)
        until(lambda: not w.chat.at_end)
        top = w.chat.index("@0,0")
        says("bob: the newest")
        assert w.chat.index("@0,0") == top and w.chat.below.winfo_ismapped()
        w.chat.below.invoke()
        until(lambda: w.chat.at_end)
        assert not w.chat.below.winfo_ismapped()
        """,
    )


def test_the_title_counts_what_nobody_has_seen(display: Display) -> None:
    plays(
        display,
        """
        root.event_generate("<FocusOut>")
        says("bob: one", "carol connected to the server!", "bob: two")
        assert root.title() == "(2) alice - chat"
        root.event_generate("<FocusIn>")
        says("bob: three")
        assert root.title() == "alice - chat"
        """,
    )


def test_keys_and_clipboard_work_as_elsewhere(display: Display) -> None:
    plays(
        display,
        r"""
        says("bob: one", "bob: two")
        w.chat.focus_force()
        for key in ("<Control-a>", "<Control-c>"):
            w.chat.event_generate(key)
        lines = root.clipboard_get().split("\n")
        assert [line[:8] for line in lines[1:3]] == ["bob: one", "bob: two"], lines
        root.clipboard_clear()
        root.clipboard_append("first\r\nsecond\nthird")
        w.box.insert(0, "to be replaced")
        w.box.focus_force()
        for key in ("<Control-a>", "<Control-v>"):
            w.box.event_generate(key)
        assert w.box.get() == "first second third", w.box.get()
        """,
    )


def test_a_lost_server_is_said_in_words_and_can_be_tried_again(display: Display) -> None:
    plays(
        display,
        """
        says("bob connected to the server!", "carol connected to the server!")
        says("bob: dave connected to the server!", "bob has left the chat.")
        assert w.people.get(0, "end") == ("carol",)
        assert what().startswith("Connected to the server normal"), what()
        assert not w.again.winfo_ismapped()
        threads = threading.active_count()
        for _ in range(3):
            old = w.connection
            servers[-1].shutdown(socket.SHUT_RDWR)
            until(lambda: w.again.winfo_ismapped())
            assert what().startswith("The server has gone. disabled"), what()
            w.box.insert(0, "kept")
            w.send()
            assert w.box.get() == "kept"
            w.box.delete(0, "end")
            w.again.invoke()
            until(lambda: w.connected)
            assert what().startswith("Connected to the server normal"), what()
            assert w.people.get(0, "end") == () and not w.again.winfo_ismapped()
        until(lambda: threading.active_count() <= threads)  # no attempt leaves one behind
        """,
    )


def test_a_refused_name_stays_in_the_dialog(display: Display) -> None:
    plays(
        display,
        """
        def answer():
            for dialog in root.winfo_children():
                if isinstance(dialog, tk.Toplevel) and dialog.winfo_viewable():
                    assert dialog.box.get() == "alice"
                    dialog.box.insert("end", "2")
                    ok, cancel = dialog.winfo_children()[-1].winfo_children()
                    assert ok.winfo_class() == cancel.winfo_class() == "TButton"
                    ok.invoke()
                    return
            root.after(10, answer)
        answer()
        w.reason = "The name alice is taken."
        w.ask_again()
        assert root.title() == f"{w.name} - chat" == "alice2 - chat"
        """,
    )


def test_dark_where_tk_says_so_and_every_size_grows_with_the_screen(display: Display) -> None:
    plays(
        display,
        """
        from tkinter import ttk
        assert look.colours(root) is look.LIGHT
        root["background"] = "#202124"
        assert look.colours(root) is look.DARK
        style = ttk.Style()
        for state in ("focus", "!focus"):
            assert style.lookup("TEntry", "selectbackground", [state]) == look.LIGHT["own"]
        size = style.lookup("TScrollbar", "arrowsize")
        assert int(size) == round(root.winfo_fpixels("10p"))
        pixels = [line for line in open(look.__file__) if "padx=" in line or "pady=" in line]
        assert all("p\\"" in line for line in pixels), pixels
        """,
    )


def test_every_text_can_be_read_on_its_background() -> None:
    look = runpy.run_path(str(FOLDER / "look.py"))
    for colours in (look["LIGHT"], look["DARK"]):
        texts = (colours[name] for name in ("ink", "quiet", "own", "problem"))
        grounds = (colours[name] for name in ("paper", "window"))
        for text, ground in itertools.product(texts, tuple(grounds)):
            assert contrast(text, ground) >= 4.5, (text, ground)
        assert contrast(colours["ink"], colours["line"]) >= 4.5  # a button under the mouse
        assert min(contrast(colours["edge"], colours[name]) for name in ("paper", "window")) >= 3


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
