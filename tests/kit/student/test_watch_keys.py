"""The keys of the watch, without a terminal: what each of them does."""

import pytest
from watched_student import Student

from chatkit.student.events import Pressed, Redraw
from chatkit.student.progress import load


def test_n_and_p_walk_through_the_lessons(student: Student) -> None:
    student.press("n")
    assert student.orders[-1][0] == "02_broadcast"
    student.press("p")
    assert student.orders[-1][0] == "01_echo"

    student.press("p")

    assert "first lesson" in student.screen()
    assert len(student.orders) == 3


@pytest.mark.parametrize("key", ["enter", "c"])
def test_check_now_works_although_nothing_was_saved(student: Student, key: str) -> None:
    student.ends()

    student.watch.handle(Pressed(key))

    assert len(student.orders) == 2
    assert student.orders[0][0] == student.orders[1][0]


def test_a_checks_every_lesson_and_enter_comes_back(student: Student) -> None:
    student.press("a")
    for lesson in student.course.lessons:
        assert student.orders[-1][0] == lesson.name
        student.ends()

    shown = student.screen()
    assert not student.watch.running
    assert shown.count("100 of 100 points") == len(student.course.lessons) + 1  # and on top
    student.watch.handle(Pressed("enter"))
    assert student.orders[-1][0] == "01_echo"
    assert "All lessons" not in student.screen()


def test_a_lesson_that_is_away_has_no_verdict_in_the_round(student: Student) -> None:
    student.course.lesson("2").folder.rename(student.course.root / "away")
    student.press("a")
    while student.watch.running:
        student.ends()

    assert [name for name, _ in student.orders[1:]] == [
        lesson.name for lesson in student.course.lessons if lesson.number != 2
    ]
    assert student.watch.round["02_broadcast"] is None


def test_h_opens_one_hint_more_each_time(student: Student) -> None:
    student.falls("ready-line", "failed")
    student.ends("not_reached")

    shown = []
    for _ in range(4):
        student.press("h")
        shown.append(student.watch.note)

    assert [f"hint {number} of 3" in note for number, note in zip((1, 2, 3, 3), shown, strict=True)]
    assert shown[0] != shown[1] != shown[2] == shown[3]
    todo = student.watch.lesson.todos[0]
    assert load(student.course).of(student.watch.lesson).hints == {todo.number: 3}


def test_a_hint_stays_until_its_todo_is_done(student: Student) -> None:
    student.falls("ready-line", "failed")
    student.ends("not_reached")
    student.press("h")
    hint = student.watch.note

    student.write("server.py", "# another try\n")
    student.falls("ready-line", "failed")
    student.ends("not_reached")
    assert student.watch.note == hint

    student.write("server.py", "# this is it\n")
    student.ends("passed")
    assert not student.watch.note


def test_r_asks_which_program_and_lends_the_terminal(student: Student) -> None:
    student.press("r")
    assert "s server.py" in student.screen() and "c client.py" in student.screen()
    student.press("c")
    assert student.paper.ran == ["01_echo/client.py"]

    student.press("rq")

    assert student.paper.ran == ["01_echo/client.py"], "another key takes the question back"
    assert student.watch.question is None


def test_x_asks_and_keeps_what_was_there(student: Student) -> None:
    started = (student.watch.lesson.folder / "server.py").read_bytes()
    student.write("server.py", "# all my work\n")

    student.press("xn")
    assert (student.watch.lesson.folder / "server.py").read_bytes() == b"# all my work\n"
    student.press("xy")

    assert (student.watch.lesson.folder / "server.py").read_bytes() == started
    kept = student.watch.lesson.folder / "backups/001/server.py"
    assert kept.read_bytes() == b"# all my work\n"
    assert "01_echo/backups/001" in student.screen()


def test_q_and_a_lost_keyboard_end_it_also_while_it_asks(student: Student) -> None:
    assert not student.watch.handle(Pressed("q"))
    student.press("x")
    assert not student.watch.handle(Pressed("gone"))
    assert student.watch.handle(Redraw())


def test_help_shows_every_key_and_any_key_leaves_it(student: Student) -> None:
    student.press("?")
    assert "put the starter back" in student.screen()
    student.press("z")
    assert "put the starter back" not in student.screen()
