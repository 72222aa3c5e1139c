"""`chatkit demo`: two windows side by side that say a few lines by themselves."""

import pytest

from chatkit.bench.window import Window
from chatkit.bench.windows.conversation import CONVERSATION, converse
from chatkit.course.lessons import kit_course
from chatkit.system.display import Display
from chatkit.tools.demo import bench_of, programs, show


def test_the_windows_stand_side_by_side_and_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    places = []
    move = Window.moves_to

    def moves_to(self: Window, x: int, y: int) -> tuple[int, int, int, int]:
        places.append(move(self, x, y))
        return places[-1]

    monkeypatch.setattr(Window, "moves_to", moves_to)
    windows: dict[str, Window] = {}
    paused = []
    with (
        Display(own=True) as display,
        bench_of(programs(kit_course()), display) as bench,
    ):
        bench.start_server()
        show(bench, windows)
        converse(windows, lambda: paused.append(True))

        (_, top, right, _), (left, other_top, end, _) = places
        assert right < left and top == other_top and end <= 1280
        assert len(paused) == len(CONVERSATION)
        for window in windows.values():
            assert [window.count(f"{name}: {text}") for name, text in CONVERSATION] == [1] * 4
