"""A window that is frozen, and one that is not."""

import importlib
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.window import Window
from chatkit.bench.windows.health import LONGEST_WAIT

REFERENCE = Path(__file__).parents[3] / "chatkit" / "reference" / "gui" / "client.py"

Start = Callable[..., Window]


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


def test_a_window_that_hangs_is_not_at_rest_before_an_order_has_come(
    start: Start, bench: Bench
) -> None:
    window = start("""
        root = tk.Tk()
        tk.Button(root, text="Hang", command=threading.Event().wait).pack()
        root.mainloop()
    """)
    window.appears()
    bench.settle()  # a window may be there a moment before what is in it
    window.presses(window.buttons()[0])
    bench.wait(lambda: False, patient=True)

    window.sent += 1  # as if the network inside a busy machine had not brought a byte yet
    assert bench.wait(lambda: False, seconds=0.5, patient=True) == "late"
    window.sent -= 1
    assert bench.wait(lambda: False, patient=True) == "rest"


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
    for _ in range(60):  # on a busy machine its pacemaker is late, and then it is in doubt
        window.counted(lambda: time.sleep(0.8))()
        if told:
            break
    slept = window.longest
    computes = waits.Waits(told.append)
    computes.counted(lambda: sum(i * i for i in range(6_000_000)))()

    assert slept > 0.5
    assert told == [1]
    assert computes.longest < 0.3
