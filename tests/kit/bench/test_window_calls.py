"""Who calls Tk, and from where."""

from collections.abc import Callable

import pytest

from chatkit.bench.window import Window

Start = Callable[..., Window]


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
