"""The window of lesson 5, connected to the server of lesson 6: it shows who is here."""

from chatkit.bench.bench import Bench
from chatkit.course.lessons import find_course
from chatkit.system.display import Display


def test_the_window_shows_who_is_here(display: Display) -> None:
    course = find_course()
    programs = {
        "server.py": course.root / "solutions/06_asyncio/server.py",
        "client.py": course.root / "solutions/05_gui/client.py",
    }
    with Bench(programs.__getitem__, display=lambda: display) as bench:
        bench.start_server()
        bob = bench.connect("bob")
        bob.hears("NICK")
        bob.says("bob")
        bob.hears("Connected to the server", "Here:")

        window = bench.start_window("--name", "alice")
        window.appears()

        window.shows("Here: bob")
        bob.hears("alice connected to the server!")
