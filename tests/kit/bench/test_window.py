"""The window probe: what it sees of a window, what it does to it, and that nothing is left."""

import importlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatkit._errors import Unavailable
from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.window import Window
from chatkit.bench.windows.health import LONGEST_WAIT
from chatkit.system import display as displays
from chatkit.system.display import Display

REFERENCE = Path(__file__).parents[3] / "chatkit" / "reference" / "gui" / "client.py"

HEAD = """
import argparse, queue, socket, threading, time, tkinter as tk
parser = argparse.ArgumentParser()
for name in ("--host", "--port", "--name"):
    parser.add_argument(name)
args = parser.parse_args()
"""

Start = Callable[..., Window]


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    with Display(own=True) as display:
        yield display


@pytest.fixture
def bench(tmp_path: Path, display: Display) -> Iterator[Bench]:
    with Bench(lambda name: tmp_path / name, display=lambda: display) as bench:
        bench.listen()
        yield bench


@pytest.fixture
def start(bench: Bench, tmp_path: Path) -> Start:
    def start(code: str, *arguments: str) -> Window:
        program = HEAD + textwrap.dedent(code)
        (tmp_path / "client.py").write_text(program, encoding="utf-8")
        return bench.start_window(*arguments)

    return start


# ------------------------------------------------------------------------------- the display


def test_a_display_of_its_own_is_gone_afterwards() -> None:
    with Display(own=True) as display:
        pid = display.pid
        number = display.environment["DISPLAY"].removeprefix(":")
        cookie = Path(display.environment["XAUTHORITY"])
        assert pid and psutil.pid_exists(pid)
        assert cookie.stat().st_mode & 0o777 == 0o600

    assert not psutil.pid_exists(pid)
    assert not cookie.parent.exists()
    assert not Path(f"/tmp/.X11-unix/X{number}").exists()
    assert not Path(f"/tmp/.X{number}-lock").exists()


def test_only_who_has_the_cookie_gets_in(display: Display) -> None:
    open_window = [sys.executable, "-c", "import tkinter; tkinter.Tk()"]
    environment = {**os.environ, **display.environment}

    assert subprocess.run(open_window, env=environment).returncode == 0
    environment["XAUTHORITY"] = os.devnull
    refused = subprocess.run(open_window, env=environment, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "couldn't connect to display" in refused.stderr


def test_a_desktop_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")

    with Display() as display:
        assert display.pid is None
        assert display.environment == {}


def test_without_xvfb_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(displays.shutil, "which", lambda name: None)

    with pytest.raises(Unavailable, match="sudo apt install xvfb"):
        Display()


def test_without_tk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displays.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(
        Unavailable, match=r"(?s)sudo apt install python3-tk.*Homebrew.*python\.org"
    ):
        Display()


def test_where_there_is_no_display_the_lesson_is_skipped(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    check = [sys.executable, "-m", "chatkit", "check", "5", "--solutions"]

    done = subprocess.run(
        check, env=environment | {"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert "sudo apt install xvfb" in done.stdout
    assert "0 of 0 points, 20 SKIPPED" in done.stdout


# --------------------------------------------------------------------------- what it sees


def test_it_waits_for_a_window_that_comes_late(start: Start) -> None:
    window = start("time.sleep(0.8); root = tk.Tk(); root.title('late'); root.mainloop()")

    window.appears()

    assert [widget.title for widget in window.view().widgets] == ["late"]


def test_it_waits_for_a_line_that_is_shown_late(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        label = tk.Label(root); label.pack()
        root.after(700, lambda: label.configure(text="better late than never"))
        root.mainloop()
    """)
    window.appears()

    window.shows("better late")


@pytest.mark.parametrize(
    "code",
    [
        "w = tk.Text(root); w.insert('1.0', 'word')",
        "w = tk.Listbox(root); w.insert('end', 'other', 'a word')",
        "w = tk.Label(root, text='word')",
        "w = tk.Canvas(root); w.create_text(50, 50, text='word')",
        "w = ttk.Treeview(root); w.insert('', 'end', text='x', values=('word', 1))",
        "w = ttk.Label(root, text='a word')",
        "w = tk.Message(root, text='word')",
    ],
)
def test_it_reads_every_kind_of_widget(start: Start, code: str) -> None:
    window = start(f"""
        from tkinter import ttk
        root = tk.Tk()
        {code}
        w.pack()
        root.mainloop()
    """)
    window.appears()

    window.shows("word")
    assert window.count("word") == 1


def test_what_one_cannot_see_is_not_shown(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        tk.Label(root, text="hidden")  # never packed
        tk.Label(root, text="seen").pack()
        root.mainloop()
    """)
    window.appears()
    window.shows("seen")

    with pytest.raises(Failure) as caught:
        window.shows("hidden")

    assert caught.value.symptom == "not-shown"


@pytest.mark.parametrize("line", ["junk", "{}", '{"number": 1, "widgets": 3}'])
def test_a_program_that_forges_what_is_no_answer_is_ended(start: Start, line: str) -> None:
    window = start(f"""
        import chatkit_agent
        root = tk.Tk()
        chatkit_agent.connection.sendall({line!r}.encode() + b"\\n")
        root.mainloop()
    """)

    with pytest.raises(Failure) as caught:
        window.appears()

    assert caught.value.symptom == "over-the-bounds"
    assert "no answer" in caught.value.message


def test_a_window_that_works_for_long_is_not_taken_for_quiet(start: Start, bench: Bench) -> None:
    window = start("""
        root = tk.Tk()
        label = tk.Label(root)
        label.pack()
        sock = socket.create_connection((args.host, int(args.port)))
        lines = queue.Queue()
        def receive():
            for line in sock.makefile():
                lines.put(line)
        def work(line):
            until = time.thread_time() + 2  # of computing, while the other thread waits
            while time.thread_time() < until:
                pass
            root.after(200, show, line)  # it answers in between, and shows nothing yet
        def show(line):
            label["text"] = line
        def look():
            if lines.empty():
                root.after(20, look)
            else:
                root.after(300, work, lines.get())  # so that the bench waits already
        threading.Thread(target=receive, daemon=True).start()
        look()
        root.mainloop()
    """)
    window.appears()
    bench.accept().says("heron")

    window.waits_until(lambda: window.count("heron") > 0, "heron", silence="not-shown", promise=6.0)


def test_what_another_thread_hands_over_late_is_waited_for(start: Start, bench: Bench) -> None:
    """It has taken the bytes at once, and the window looks into the inbox only now and then."""
    window = start("""
        inbox = queue.SimpleQueue()
        def receive():
            sock = socket.create_connection((args.host, args.port))
            while data := sock.recv(4096):
                time.sleep(1.0)  # on a busy machine a thread gets no processor for a while
                inbox.put(data.decode())
        root = tk.Tk(); label = tk.Label(root); label.pack()
        def look():
            while not inbox.empty():
                label["text"] += inbox.get()
            root.after(150, look)
        look()
        threading.Thread(target=receive, daemon=True).start()
        root.mainloop()
    """)
    window.appears()
    server = bench.accept()
    for word in ("one", "two", "three"):
        server.says(word)
        bench.settle()
        assert window.count(word) == 1, word


def test_a_loop_that_has_not_come_back_from_update_is_not_taken_for_quiet(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        label = tk.Label(root)
        label.pack()
        news = []
        def work():
            for _ in range(40):
                root.update()  # it answers in between, and has no timer
                time.sleep(0.02)
            news.append("heron")
        root.after(300, work)
        while True:
            root.update()  # `work` runs in here
            if news:
                label["text"] = news.pop()
            time.sleep(0.01)
    """)
    window.appears()

    window.shows("heron")


def test_a_frozen_window_is_seen_to_be_frozen(start: Start, bench: Bench) -> None:
    window = start("""
        root = tk.Tk()
        lock = threading.Lock(); lock.acquire()
        def wait():
            lock.acquire()
        tk.Button(root, text="Wait", command=wait).pack()
        root.mainloop()
    """)
    window.appears()
    bench.settle()  # a window may be there a moment before what is in it
    window.presses(window.buttons()[0])

    with pytest.raises(Failure) as caught:
        for _ in range(20):
            window.stays_alive("while it waits for a lock")

    assert caught.value.symptom == "frozen"
    assert "lock" in caught.value.received


def test_a_window_is_alive_while_another_thread_waits(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        root.mainloop()
    """)
    window.appears()

    window.stays_alive("while a thread waits")


# --------------------------------------------------------------------- who calls Tk, from where


def wrong_calls(window: Window) -> list[tuple[str, str]]:
    return [(call["kind"], call["place"]) for call in window.vitals()["wrong"]]


def test_a_call_from_another_thread_is_noted_with_its_line(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        label = tk.Label(root); label.pack()
        def work():
            label.configure(text="from the thread")
        root.after(50, lambda: threading.Thread(target=work).start())
        root.mainloop()
    """)
    window.appears()
    window.shows("from the thread")

    assert wrong_calls(window) == [("wrong-thread", "client.py, line 11")]


def test_event_generate_and_the_garbage_collector_are_not_noted(start: Start) -> None:
    window = start("""
        import gc
        root = tk.Tk()
        label = tk.Label(root); label.pack()
        root.bind("<<Arrived>>", lambda event: label.configure(text="arrived"))
        def work():
            global variable
            del variable
            gc.collect()
            root.event_generate("<<Arrived>>")
        variable = tk.StringVar(root)
        root.after(50, lambda: threading.Thread(target=work).start())
        root.mainloop()
    """)
    window.appears()
    window.shows("arrived")

    assert wrong_calls(window) == []


def test_two_roots_at_once_are_noted_but_not_one_after_the_other(start: Start) -> None:
    window = start("""
        first = tk.Tk(); first.destroy()
        second = tk.Tk()
        third = tk.Tk(); third.title("third")
        third.mainloop()
    """)
    window.appears()

    assert wrong_calls(window) == [("two-roots", "client.py, line 10")]


def test_a_program_that_a_button_ends_has_answered_before(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start("""
        root = tk.Tk()
        tk.Button(root, text="Cancel", command=root.destroy).pack()
        root.mainloop()
    """)
    window.appears()
    (button,) = window.buttons()
    order = window._order

    def order_late(do: str, **how: object) -> int:
        number = order(do, **how)
        window.program.process.wait(30)  # the bench gets no processor for so long
        return number

    monkeypatch.setattr(window, "_order", order_late)
    window.presses(button)

    assert window.program.status == 0


# ------------------------------------------------------------------------- nothing is left


def test_after_ctrl_c_no_window_and_no_display_is_left(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment["TMPDIR"] = str(tmp_path)
    check = subprocess.Popen(
        [sys.executable, "-m", "chatkit", "check", "5", "--solutions"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert check.stdout
    for line in check.stdout:
        if "asks, before connecting" in line:
            break
    started = psutil.Process(check.pid).children(recursive=True)

    os.killpg(check.pid, signal.SIGINT)

    assert check.wait(20) == 130
    check.stdout.close()
    assert any(process.name() == "Xvfb" for process in started if process.is_running()) is False
    assert not psutil.wait_procs(started, timeout=5)[1]
    assert list(tmp_path.iterdir()) == []


def test_the_demo_opens_two_windows_and_ends_on_ctrl_c(display: Display) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "chatkit", "demo"],
        env={**os.environ, **display.environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout
    assert "A server runs on 127.0.0.1:" in demo.stdout.readline()
    demo.stdout.readline()
    started = psutil.Process(demo.pid).children()

    demo.send_signal(signal.SIGINT)

    assert "have ended" in demo.communicate(timeout=20)[0]
    assert demo.returncode == 0
    assert not psutil.wait_procs(started, timeout=5)[1]


def test_the_demo_says_that_there_is_no_desktop() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}

    done = subprocess.run(
        [sys.executable, "-m", "chatkit", "demo"],
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert "no desktop" in done.stderr


# --------------------------------------------------------------------------- the reference


def test_the_window_takes_a_long_day_and_keeps_its_memory(display: Display) -> None:
    """30,000 lines at full speed: it stays alive, keeps the newest, and grows no more."""
    with Bench(lambda _: REFERENCE, display=lambda: display) as bench:
        bench.listen()
        window = bench.start_window("--name", "alice")
        window.appears()
        server = bench.accept()
        server.says("NICK")
        server.hears("alice")
        server.says("Connected to the server")
        held = []
        for part in range(3):
            server.says(*(f"bob: {part} line {number} of a long day" for number in range(10_000)))
            last = f"bob: {part} line 9999 of"
            window.waits_until(
                lambda last=last: window.count(last) == 1, last, silence="not-shown", promise=6.0
            )
            held.append(psutil.Process(bench.program.pid).memory_info().rss)

        assert window.count("bob: ") == 5000
        assert window.vitals()["gap"] < 0.5  # seconds of processor time
        assert held[2] < held[0] * 1.1


def test_closing_the_window_while_the_dialog_asks_again_leaves_no_traceback(
    display: Display,
) -> None:
    with Bench(lambda _: REFERENCE, display=lambda: display) as bench:
        bench.listen()
        window = bench.start_window("--name", "alice")
        window.appears()
        server = bench.accept()
        server.says("NICK")
        server.hears("alice")
        before = window.view()
        server.says("taken", "NICK")
        window.tells(before, "the name was refused")
        bench.settle()

        window.closes(".")
        bench.wait(lambda: bench.program.status is not None)

        assert bench.program.status == 0
        assert bench.program.errors.text == ""


# --------------------------------------------------------------- alive: who waits, and who does not


def waited(start: Start, code: str) -> float:
    """How long a callback of this program has waited, beside another one that computes."""
    window = start(f"""
        root = tk.Tk()
        label = tk.Label(root, text="before"); label.pack()
        def done():
            label["text"] = "after"
        {code}
        root.after(10, work)
        root.mainloop()
    """)
    window.appears()
    window.shows("after")
    return float(window.vitals()["waited"])


@pytest.mark.parametrize("sleep", ["time.sleep(3600)", "root.after(3_600_000)"])
def test_what_a_callback_sleeps_it_has_waited(start: Start, bench: Bench, sleep: str) -> None:
    """It sleeps until the bench has seen it, and no longer than there is a program."""
    began = time.monotonic()
    window = start(f"""
        root = tk.Tk()
        tk.Button(root, text="Sleep", command=lambda: {sleep}).pack()
        root.mainloop()
    """)
    window.appears()
    bench.settle()  # a window may be there a moment before what is in it
    window.presses(window.buttons()[0])

    seen = bench.wait(lambda: window.vitals()["waited"] > LONGEST_WAIT, seconds=60, patient=True)

    assert seen == "met"
    assert window.vitals()["waited"] < time.monotonic() - began


def test_many_short_sleeps_in_one_callback_are_a_long_one(start: Start) -> None:
    code = "work = lambda: [(time.sleep(0.1), label.winfo_id()) for _ in range(8)] + [done()]"
    assert waited(start, code) > 0.5


def test_what_ends_in_an_update_is_no_long_wait(start: Start) -> None:
    code = """
        def work():
            for number in range(8):
                time.sleep(0.1)
                label["text"] = number
                root.update()
            done()
    """
    assert waited(start, textwrap.dedent(code).strip().replace("\n", "\n        ")) < 0.2


def test_a_callback_that_computes_does_not_wait(start: Start) -> None:
    code = "work = lambda: (sum(i * i for i in range(8_000_000)), done())"
    assert waited(start, code) < 0.2


def test_a_callback_does_not_wait_while_another_thread_has_the_interpreter(start: Start) -> None:
    code = """
        def burn():
            while True:
                sum(range(1000))
        threading.Thread(target=burn, daemon=True).start()
        work = lambda: (sum(i * i for i in range(3_000_000)), done())
    """
    assert waited(start, textwrap.dedent(code).strip().replace("\n", "\n        ")) < 0.3


def test_a_callback_that_has_not_come_back_is_told_with_what_it_waits(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        def waits():
            threading.Event().wait()
        root.after(300, waits)
        root.mainloop()
    """)
    window.appears()
    with pytest.raises(Failure) as caught:
        for _ in range(200):
            window.stays_alive("while it waits")

    assert caught.value.symptom == "frozen"
    assert "client.py:10" in caught.value.received


def test_a_loop_around_update_that_sleeps_waits(start: Start) -> None:
    window = start("""
        root = tk.Tk()
        label = tk.Label(root); label.pack()
        while True:
            root.update()
            time.sleep(0.6)
            label["text"] = "after"
    """)
    window.appears()
    window.shows("after")

    with pytest.raises(Failure) as caught:
        window.stays_alive("while nothing happens")

    assert caught.value.symptom == "frozen"


def test_a_dialog_that_waits_for_its_user_freezes_nothing(start: Start, bench: Bench) -> None:
    window = start("""
        from tkinter import simpledialog
        root = tk.Tk()
        root.after(10, lambda: simpledialog.askstring("Name", "Your name", parent=root))
        root.mainloop()
    """)
    window.appears()
    bench.settle()
    bench.wait(lambda: False, seconds=0.8, patient=True)  # somebody thinks about it

    window.stays_alive("while a dialog asks")


def test_where_the_system_tells_nothing_a_sleep_is_seen_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(REFERENCE.parents[2] / "bench" / "agent"))
    waits = importlib.import_module("chatkit_waits")

    def nobody_tells() -> None:
        raise OSError

    monkeypatch.setattr(waits, "Kernel", nobody_tells)
    told: list[int] = []
    window = waits.Waits(told.append)
    window.counted(lambda: time.sleep(0.8))()
    slept = window.longest
    computes = waits.Waits(told.append)
    computes.counted(lambda: sum(i * i for i in range(6_000_000)))()

    assert slept > 0.5
    assert told == [1]
    assert computes.longest < 0.3


# ------------------------------------------------------------------------- two parts of one line


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("row('bob', side='left'); row('birch', side='left')", 1),  # beside each other
        ("row('bob:', anchor='w'); row('birch', anchor='w')", 1),  # one under the other
        ("row('bob', side='left'); row('other', side='left'); row('birch')", 1),
        ("row('birch')", 0),  # no name
        ("row('bob', side='left'); row('heron', side='left')", 0),  # another text
        ("row('bob'); [row(str(i)) for i in range(9)]; row('birch')", 0),  # far away
        ("both('bob\\nann', 'birch\\nheron')", 1),
        ("both('ann\\nbob', 'birch\\nheron')", 0),  # it is ann who says it
        ("one('[12:03] <bob> birch')", 1),
        ("one('bob (12:03)\\n  birch')", 1),
        ("one('birch, says bob')", 0),
        ("one('bobbirch')", 0),
    ],
)
def test_name_and_text_may_stand_in_two_widgets(start: Start, code: str, seen: int) -> None:
    window = start(f"""
        root = tk.Tk()
        def row(text, **where):
            tk.Label(root, text=text).pack(**where)
        def one(text):
            chat = tk.Text(root, width=20, height=3); chat.insert("end", text); chat.pack()
            return chat
        def both(names, lines):
            for text in (names, lines):
                one(text).pack(side="left")
        {code}
        root.mainloop()
    """)
    window.appears()
    window.waits_until(lambda: bool(window.view().widgets), "a window", silence="no-window")

    assert window.count("bob: birch") == seen
