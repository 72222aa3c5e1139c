"""The loop of the watch, without a terminal: what each event does, and what there is to draw."""

import os
from pathlib import Path
from queue import SimpleQueue

import pytest
from watched_student import COURSE, ROOT, Student

from chatkit.cli.student.watching import KEYS, begin_lines
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import GradingError, LessonVerdict
from chatkit.student import saves
from chatkit.student.events import Event, Pressed, Waited
from chatkit.student.grader import Ended, Heard, turns
from chatkit.student.progress import ProgressError, load
from chatkit.student.saves import Saved


def test_it_checks_the_lesson_at_once_and_shows_that_it_does(student: Student) -> None:
    assert [name for name, _ in student.orders] == ["01_echo"]
    assert f"checking … 0 of {len(student.watch.checks)}" in student.screen()

    student.falls("ready-line")

    assert f"checking … 1 of {len(student.watch.checks)}" in student.screen()
    assert "▸ echoes-a-line" in student.screen()


def test_what_failed_last_of_the_changed_program_comes_first(student: Student) -> None:
    student.falls("restart", "failed")
    student.falls("idle", "not_reached")
    student.falls("client-ctrl-c", "failed")
    student.ends()

    student.write("client.py", "# mine\n")

    _, first = student.orders[-1]
    assert first[0] == "client-ctrl-c"
    mine = sum(check.program == "client.py" for check in student.watch.checks)
    assert all(id.startswith("client-") for id in first[:mine])
    assert first[mine : mine + 3] == ("restart", "idle", "ready-line")


def test_the_order_holds_every_check_once() -> None:
    for lesson in find_course(ROOT).lessons:
        checks = lesson.checks()
        found = turns(checks, {checks[-1].id: "failed"}, lesson.programs)
        assert sorted(found) == sorted(check.id for check in checks)
        assert found[0] == checks[-1].id


def test_a_save_in_the_middle_of_a_run_starts_over_and_late_verdicts_are_not_heard(
    student: Student,
) -> None:
    old = student.verdict("ready-line", "failed")
    student.write("server.py", "# better\n")
    assert len(student.orders) == 2
    events: SimpleQueue[Event] = SimpleQueue()
    events.put(Heard(1, old))
    events.put(Pressed("q"))

    student.watch.open = lambda lesson: None  # type: ignore[method-assign]
    student.watch.loop(events, student.paper)

    assert student.watch.verdicts == {}
    assert student.paper.drawn == [None]


def test_a_save_that_changes_nothing_in_the_middle_of_a_run_lets_it_go_on(student: Student) -> None:
    path = student.watch.lesson.folder / "server.py"
    os.utime(path, ns=(1, 1))
    student.watch.handle(Saved())
    assert len(student.orders) == 1

    student.ends()
    os.utime(path, ns=(2, 2))
    student.watch.handle(Saved())

    assert len(student.orders) == 2, "saved again after the run, without a change: to see it again"


def test_a_save_in_another_lesson_is_none_here(student: Student) -> None:
    student.ends()
    other = student.course.lesson("2").folder / "server.py"
    other.write_text("# elsewhere\n", encoding="utf-8")

    student.watch.handle(Saved())

    assert len(student.orders) == 1


def test_an_editor_that_empties_the_file_first_makes_one_run(student: Student) -> None:
    student.ends()

    student.write("server.py", "")
    assert len(student.orders) == 1
    student.write("server.py", "# the new text\n")

    assert len(student.orders) == 2


def test_an_editor_that_takes_the_old_file_away_first_makes_one_run(student: Student) -> None:
    student.ends()
    path = student.watch.lesson.folder / "server.py"

    path.rename(path.with_name("server.py~"))
    student.watch.handle(Saved())
    assert len(student.orders) == 1
    path.write_text("# the new text\n", encoding="utf-8")
    student.watch.handle(Saved())

    assert len(student.orders) == 2


@pytest.mark.parametrize("parts", [2, 10])
def test_a_save_in_several_steps_is_one_run_of_the_whole_file(student: Student, parts: int) -> None:
    """As from a slow drive: each step is seen, and the next one comes before half a second."""
    whole = (ROOT / "solutions" / "01_echo" / "server.py").read_text("utf-8")
    size = -(-len(whole) // parts)
    for end in range(size, len(whole) + size, size):
        assert len(student.orders) == 1, whole[:end]
        student.write("server.py", "")  # emptied first, as by many editors
        student.write("server.py", whole[:end])
    assert len(student.orders) == 2
    assert student.watch.files["server.py"].content == whole.encode()


def test_a_step_whose_event_is_late_is_seen_when_the_time_is_over(student: Student) -> None:
    program = student.watch.lesson.folder / "server.py"
    student.write("server.py", "def main():\n    x = (\n")
    program.write_text("def main():\n    x = (1,\n", "utf-8")
    student.watch.handle(Waited())
    assert len(student.orders) == 1, "it has changed meanwhile, and half a second begins anew"
    program.write_text("def main():\n    x = (1,)\n", "utf-8")
    student.watch.handle(Waited())
    assert len(student.orders) == 2


def test_an_unfinished_program_is_checked_when_nothing_more_comes(student: Student) -> None:
    student.write("server.py", "def main(:\n")
    assert len(student.orders) == 1 and student.grader.cancelled == 1
    student.write("server.py", "def main():\n    x = (\n")
    student.watch.handle(Waited())
    assert len(student.orders) == 2


def test_a_file_that_stays_empty_or_away_is_checked_as_it_is(student: Student) -> None:
    student.ends()
    student.write("server.py", "")

    events: SimpleQueue[Event] = SimpleQueue()
    assert student.watch._next(events) == Waited(), "nothing else came"
    student.watch.handle(Waited())
    assert len(student.orders) == 2

    student.write("server.py", "# there\n")
    (student.watch.lesson.folder / "server.py").unlink()
    student.watch.handle(Saved())
    assert len(student.orders) == 3
    student.watch.handle(Waited())
    assert len(student.orders) == 4


def test_two_programs_saved_at_once_are_one_run_of_both(student: Student) -> None:
    student.falls("restart", "failed")
    student.falls("client-ctrl-c", "failed")
    student.ends()
    folder = student.watch.lesson.folder
    (folder / "client.py").write_text("# both\n", encoding="utf-8")

    student.write("server.py", "# both\n")

    assert len(student.orders) == 2
    assert student.orders[-1][1][:2] == ("restart", "client-ctrl-c")


def test_the_first_failure_of_the_lesson_is_on_top_whatever_fell_first(student: Student) -> None:
    student.falls("idle", "failed", "it took a whole core")
    assert "it took a whole core" in student.screen()

    student.falls("echoes-many", "failed", "only one line came back")

    assert "only one line came back" in student.screen()
    assert "it took a whole core" not in student.screen()


def test_old_words_stay_until_the_new_verdict_falls(student: Student) -> None:
    student.falls("idle", "failed", "it took a whole core")
    student.ends()
    student.write("server.py", "# better\n")
    assert "it took a whole core" in student.screen(), "no flicker before there is news"

    student.falls("idle")

    assert "it took a whole core" not in student.screen()


def test_when_all_passes_it_says_so_kindly_and_names_what_is_next(student: Student) -> None:
    student.ends()

    shown = student.screen()
    assert "Every check passes: 100 of 100 points. Well done!" in shown
    assert "Next: lesson 2, Broadcast." in shown and "Press n." in shown
    assert load(student.course).of(student.watch.lesson).full


def test_the_last_lesson_names_no_next_one_and_says_what_was_left_out(tmp_path: Path) -> None:
    student = Student(tmp_path, str(COURSE.lessons[-1].number))
    student.falls("handshake", "skipped", "there is no display")
    student.ends()

    shown = student.screen()
    assert "This was the last lesson" in shown and "chatkit pack" in shown
    assert "there is no display" in shown


def test_a_run_that_was_cut_short_keeps_nothing(student: Student) -> None:
    student.falls("ready-line")
    student.write("server.py", "# again\n")

    assert not load(student.course).of(student.watch.lesson).statuses


def test_a_lesson_folder_that_goes_away_is_said_and_its_return_noticed(student: Student) -> None:
    folder = student.watch.lesson.folder
    folder.rename(folder.with_name("elsewhere"))
    student.watch.handle(Saved())
    student.watch.handle(Waited())

    assert "is gone" in student.screen()
    assert student.grader.cancelled and not student.watch.running

    folder.with_name("elsewhere").rename(folder)
    student.watch.handle(Saved())

    assert "is gone" not in student.screen()
    assert len(student.orders) == 2


def test_a_state_file_that_cannot_be_kept_is_said_and_does_not_stop_the_watch(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ProgressError("your progress is not kept: the disk is full")

    monkeypatch.setattr(student.watch.progress, "record", full)

    student.ends()

    assert "not kept" in student.screen()
    student.watch.handle(Pressed("c"))
    assert len(student.orders) == 2


def test_trouble_of_the_kit_itself_is_shown_and_the_watch_goes_on(student: Student) -> None:
    lost = GradingError("the process that graded it has ended")
    student.watch.handle(Ended(1, None, lost.words))

    assert "please report" in student.screen()
    assert "the process that graded it has ended" in student.screen()
    student.watch.handle(Pressed("enter"))
    assert "please report" not in student.screen()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (40, 12), (20, 5), (80, 8)])
def test_every_page_fits_its_screen(student: Student, width: int, height: int) -> None:
    student.screen(width, height)
    student.falls("echoes-many", "failed", "a long story " * 60)
    student.ends("not_reached")
    for keys in ("", "?", "?h", "x", "n", "a"):
        student.press(keys)
        student.screen(width, height)


def test_long_feedback_is_cut_to_the_screen_and_says_how_to_see_all(student: Student) -> None:
    verdict = student.verdict("idle", "failed", "word " * 200)

    lesson = LessonVerdict("01_echo", "Echo", (verdict,), 1.0)
    lines = begin_lines(lesson, 6)

    assert len(lines) == 6
    assert lines[0].startswith("Begin here: idle.")
    assert "chatkit check 1 --only idle --show" in lines[-1]
    assert len(begin_lines(lesson, 60)) == 12


def test_files_that_cannot_be_read_are_there_but_empty(tmp_path: Path) -> None:
    (tmp_path / "server.py").mkdir()

    assert saves.files_in(tmp_path)["server.py"].content == b""
    assert saves.files_in(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("width", [30, 40, 50, 60])
def test_a_narrow_screen_folds_and_keeps_the_points_and_all_keys(
    student: Student, width: int
) -> None:
    student.falls("ready-line", "failed", "the ready line names another port than the real one")
    for _ in range(2):  # while it runs, and afterwards
        screen = student.screen(width, 30)
        assert "0/100" in screen.split("\n")[0] or "0 of 100 points" in screen.split("\n")[0]
        for key in KEYS:
            assert key in screen
        for word in [
            "the",
            "ready",
            "line",
            "names",
            "another",
            "port",
            "than",
            "the",
            "real",
            "one",
        ]:
            assert word in screen
        assert "…" not in screen.split("\n")[0].replace("checking …", "")
        student.ends("failed")
        student.falls("ready-line", "failed", "the ready line names another port than the real one")
