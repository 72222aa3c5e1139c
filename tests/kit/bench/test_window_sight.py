"""What the bench sees of a window."""

from collections.abc import Callable

import pytest

from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.bench.window import Window

Start = Callable[..., Window]


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
