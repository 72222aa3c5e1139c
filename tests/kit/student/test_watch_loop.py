"""The loop of the watch, without a terminal: what each event does, and what there is to draw."""

import os
import shutil
from pathlib import Path
from queue import SimpleQueue

import pytest

from chatkit.cli.student.watching import begin_lines, page
from chatkit.course.lessons import Lesson, find_course
from chatkit.grading.verdict import LessonVerdict, Verdict
from chatkit.student import saves
from chatkit.student.grader import Ended, Heard
from chatkit.student.progress import ProgressError, load
from chatkit.student.saves import Saved
from chatkit.student.watch import Event, Pressed, Redraw, Waited, Watch, turns

ROOT = find_course(Path(__file__).parent).root


class Bench:
    """A grader that only notes what it is asked for."""

    def __init__(self) -> None:
        self.run = 0
        self.orders: list[tuple[str, tuple[str, ...]]] = []
        self.cancelled = 0

    def start(self, lesson: Lesson, first: tuple[str, ...]) -> int:
        self.run += 1
        self.orders.append((lesson.name, first))
        return self.run

    def cancel(self) -> None:
        self.cancelled += 1

    def warm_up(self) -> None:
        pass


class Paper:
    """A screen that keeps what was drawn."""

    def __init__(self) -> None:
        self.drawn: list[Event | None] = []
        self.ran: list[str] = []

    def draw(self, watch: Watch, event: Event | None) -> None:
        self.drawn.append(event)

    def run(self, lesson: Lesson, program: str) -> None:
        self.ran.append(f"{lesson.name}/{program}")

    def suspend(self) -> None:
        self.ran.append("suspended")


class Desk:
    """A watch on a copy of the lessons."""

    def __init__(self, root: Path, lesson: str = "1") -> None:
        shutil.copytree(ROOT / "lessons", root / "lessons")
        self.course = find_course(root)
        self.grader = Bench()
        self.paper = Paper()
        self.watch = Watch(
            self.course,
            self.course.lesson(lesson),
            load(self.course),
            self.grader,  # type: ignore[arg-type]
        )
        self.watch.screen = self.paper
        self.watch.open(self.watch.lesson)

    @property
    def orders(self) -> list[tuple[str, tuple[str, ...]]]:
        return self.grader.orders

    def write(self, program: str, text: str) -> None:
        (self.watch.lesson.folder / program).write_text(text, encoding="utf-8")
        self.watch.handle(Saved())

    def press(self, keys: str) -> None:
        for key in keys:
            self.watch.handle(Pressed(key))

    def falls(self, id: str, status: str = "passed", message: str = "") -> None:
        self.watch.handle(Heard(self.grader.run, self.verdict(id, status, message)))

    def verdict(self, id: str, status: str = "passed", message: str = "") -> Verdict:
        check = next(one for one in self.watch.graded.checks() if one.id == id)
        score = check.points if status == "passed" else 0
        most = 0 if status == "skipped" else check.points
        return Verdict(
            id,
            check.title,
            status,  # type: ignore[arg-type]
            score,
            most,
            check.program,
            message=message,
            again=f"chatkit check 1 --only {id} --show",
        )

    def ends(self, status: str = "passed") -> None:
        """All checks that have not fallen get `status`, and the run is over."""
        for id in self.watch.turns:
            if id not in self.watch.heard:
                self.falls(id, status)
        lesson = self.watch.graded
        known = self.watch.verdicts if lesson is self.watch.lesson else {}
        found = [known.get(check.id, self.verdict(check.id, status)) for check in lesson.checks()]
        whole = LessonVerdict(lesson.name, lesson.title, tuple(found), 1.0)
        self.watch.handle(Ended(self.grader.run, whole))

    def screen(self, width: int = 80, height: int = 24) -> str:
        lines = page(self.watch, width, height)
        assert len(lines) <= height
        assert all(line.cell_len <= width for line in lines)
        return "\n".join(line.plain for line in lines)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_it_checks_the_lesson_at_once_and_shows_that_it_does(desk: Desk) -> None:
    assert [name for name, _ in desk.orders] == ["01_echo"]
    assert "checking … 0 of 16" in desk.screen()

    desk.falls("ready-line")

    assert "checking … 1 of 16" in desk.screen()
    assert "▸ echoes-a-line" in desk.screen()


def test_what_failed_last_of_the_changed_program_comes_first(desk: Desk) -> None:
    desk.falls("restart", "failed")
    desk.falls("idle", "not_reached")
    desk.falls("client-ctrl-c", "failed")
    desk.ends()

    desk.write("client.py", "# mine\n")

    _, first = desk.orders[-1]
    assert first[0] == "client-ctrl-c"
    assert all(id.startswith("client-") for id in first[:5])
    assert first[5:8] == ("restart", "idle", "ready-line")


def test_the_order_holds_every_check_once() -> None:
    for lesson in find_course(ROOT).lessons:
        checks = lesson.checks()
        found = turns(checks, {checks[-1].id: "failed"}, lesson.programs)
        assert sorted(found) == sorted(check.id for check in checks)
        assert found[0] == checks[-1].id


def test_a_save_in_the_middle_of_a_run_starts_over_and_late_verdicts_are_not_heard(
    desk: Desk,
) -> None:
    old = desk.verdict("ready-line", "failed")
    desk.write("server.py", "# better\n")
    assert len(desk.orders) == 2
    events: SimpleQueue[Event] = SimpleQueue()
    events.put(Heard(1, old))
    events.put(Pressed("q"))

    desk.watch.open = lambda lesson: None  # type: ignore[method-assign]
    desk.watch.loop(events, desk.paper)

    assert desk.watch.verdicts == {}
    assert desk.paper.drawn == [None]


def test_a_save_that_changes_nothing_in_the_middle_of_a_run_lets_it_go_on(desk: Desk) -> None:
    path = desk.watch.lesson.folder / "server.py"
    os.utime(path, ns=(1, 1))
    desk.watch.handle(Saved())
    assert len(desk.orders) == 1

    desk.ends()
    os.utime(path, ns=(2, 2))
    desk.watch.handle(Saved())

    assert len(desk.orders) == 2, "saved again, without a change, after the run: a wish to see it"


def test_a_save_in_another_lesson_is_none_here(desk: Desk) -> None:
    desk.ends()
    other = desk.course.lesson("2").folder / "server.py"
    other.write_text("# elsewhere\n", encoding="utf-8")

    desk.watch.handle(Saved())

    assert len(desk.orders) == 1


def test_an_editor_that_empties_the_file_first_makes_one_run(desk: Desk) -> None:
    desk.ends()

    desk.write("server.py", "")
    assert len(desk.orders) == 1
    desk.write("server.py", "# the new text\n")

    assert len(desk.orders) == 2


def test_an_editor_that_takes_the_old_file_away_first_makes_one_run(desk: Desk) -> None:
    desk.ends()
    path = desk.watch.lesson.folder / "server.py"

    path.rename(path.with_name("server.py~"))
    desk.watch.handle(Saved())
    assert len(desk.orders) == 1
    path.write_text("# the new text\n", encoding="utf-8")
    desk.watch.handle(Saved())

    assert len(desk.orders) == 2


def test_a_file_that_stays_empty_or_away_is_checked_as_it_is(desk: Desk) -> None:
    desk.ends()
    desk.write("server.py", "")

    events: SimpleQueue[Event] = SimpleQueue()
    assert desk.watch._next(events) == Waited(), "nothing else came"
    desk.watch.handle(Waited())
    assert len(desk.orders) == 2

    desk.write("server.py", "# there\n")
    (desk.watch.lesson.folder / "server.py").unlink()
    desk.watch.handle(Saved())
    assert len(desk.orders) == 3
    desk.watch.handle(Waited())
    assert len(desk.orders) == 4


def test_two_programs_saved_at_once_are_one_run_of_both(desk: Desk) -> None:
    desk.falls("restart", "failed")
    desk.falls("client-ctrl-c", "failed")
    desk.ends()
    folder = desk.watch.lesson.folder
    (folder / "client.py").write_text("# both\n", encoding="utf-8")

    desk.write("server.py", "# both\n")

    assert len(desk.orders) == 2
    assert desk.orders[-1][1][:2] == ("restart", "client-ctrl-c")


def test_the_first_failure_of_the_lesson_is_on_top_whatever_fell_first(desk: Desk) -> None:
    desk.falls("idle", "failed", "it took a whole core")
    assert "it took a whole core" in desk.screen()

    desk.falls("echoes-many", "failed", "only one line came back")

    assert "only one line came back" in desk.screen()
    assert "it took a whole core" not in desk.screen()


def test_old_words_stay_until_the_new_verdict_falls(desk: Desk) -> None:
    desk.falls("idle", "failed", "it took a whole core")
    desk.ends()
    desk.write("server.py", "# better\n")
    assert "it took a whole core" in desk.screen(), "no flicker before there is news"

    desk.falls("idle")

    assert "it took a whole core" not in desk.screen()


def test_when_all_passes_it_says_so_kindly_and_names_what_is_next(desk: Desk) -> None:
    desk.ends()

    shown = desk.screen()
    assert "Every check passes: 100 of 100 points. Well done!" in shown
    assert "Next: lesson 2, Broadcast." in shown and "Press n." in shown
    assert load(desk.course).of(desk.watch.lesson).full


def test_the_last_lesson_names_no_next_one_and_says_what_was_left_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "5")
    desk.falls("handshake", "skipped", "there is no display")
    desk.ends()

    shown = desk.screen()
    assert "This was the last lesson" in shown and "chatkit pack" in shown
    assert "there is no display" in shown


def test_a_run_that_was_cut_short_keeps_nothing(desk: Desk) -> None:
    desk.falls("ready-line")
    desk.write("server.py", "# again\n")

    assert not load(desk.course).of(desk.watch.lesson).statuses


def test_n_and_p_walk_through_the_lessons(desk: Desk) -> None:
    desk.press("n")
    assert desk.orders[-1][0] == "02_broadcast"
    desk.press("p")
    assert desk.orders[-1][0] == "01_echo"

    desk.press("p")

    assert "first lesson" in desk.screen()
    assert len(desk.orders) == 3


@pytest.mark.parametrize("key", ["enter", "c"])
def test_check_now_works_although_nothing_was_saved(desk: Desk, key: str) -> None:
    desk.ends()

    desk.watch.handle(Pressed(key))

    assert len(desk.orders) == 2
    assert desk.orders[0][0] == desk.orders[1][0]


def test_a_checks_every_lesson_and_enter_comes_back(desk: Desk) -> None:
    desk.press("a")
    for lesson in desk.course.lessons:
        assert desk.orders[-1][0] == lesson.name
        desk.ends()

    shown = desk.screen()
    assert not desk.watch.running
    assert shown.count("100 of 100 points") == 6
    desk.watch.handle(Pressed("enter"))
    assert desk.orders[-1][0] == "01_echo"
    assert "All lessons" not in desk.screen()


def test_a_lesson_that_is_away_has_no_verdict_in_the_round(desk: Desk) -> None:
    desk.course.lesson("2").folder.rename(desk.course.root / "away")
    desk.press("a")
    while desk.watch.running:
        desk.ends()

    assert [name for name, _ in desk.orders[1:]] == [
        lesson.name for lesson in desk.course.lessons if lesson.number != 2
    ]
    assert desk.watch.round["02_broadcast"] is None


def test_h_opens_one_hint_more_each_time(desk: Desk) -> None:
    desk.falls("ready-line", "failed")
    desk.ends("not_reached")

    shown = []
    for _ in range(4):
        desk.press("h")
        shown.append(desk.watch.note)

    assert [f"hint {number} of 3" in note for number, note in zip((1, 2, 3, 3), shown, strict=True)]
    assert shown[0] != shown[1] != shown[2] == shown[3]
    todo = desk.watch.lesson.todos[0]
    assert load(desk.course).of(desk.watch.lesson).hints == {todo.number: 3}


def test_a_hint_stays_until_its_todo_is_done(desk: Desk) -> None:
    desk.falls("ready-line", "failed")
    desk.ends("not_reached")
    desk.press("h")
    hint = desk.watch.note

    desk.write("server.py", "# another try\n")
    desk.falls("ready-line", "failed")
    desk.ends("not_reached")
    assert desk.watch.note == hint

    desk.write("server.py", "# this is it\n")
    desk.ends("passed")
    assert not desk.watch.note


def test_r_asks_which_program_and_lends_the_terminal(desk: Desk) -> None:
    desk.press("r")
    assert "s server.py" in desk.screen() and "c client.py" in desk.screen()
    desk.press("c")
    assert desk.paper.ran == ["01_echo/client.py"]

    desk.press("rq")

    assert desk.paper.ran == ["01_echo/client.py"], "another key takes the question back"
    assert desk.watch.question is None


def test_x_asks_and_keeps_what_was_there(desk: Desk) -> None:
    started = (desk.watch.lesson.folder / "server.py").read_bytes()
    desk.write("server.py", "# all my work\n")

    desk.press("xn")
    assert (desk.watch.lesson.folder / "server.py").read_bytes() == b"# all my work\n"
    desk.press("xy")

    assert (desk.watch.lesson.folder / "server.py").read_bytes() == started
    kept = desk.watch.lesson.folder / "backups/001/server.py"
    assert kept.read_bytes() == b"# all my work\n"
    assert "01_echo/backups/001" in desk.screen()


def test_q_and_a_lost_keyboard_end_it_also_while_it_asks(desk: Desk) -> None:
    assert not desk.watch.handle(Pressed("q"))
    desk.press("x")
    assert not desk.watch.handle(Pressed("gone"))
    assert desk.watch.handle(Redraw())


def test_help_shows_every_key_and_any_key_leaves_it(desk: Desk) -> None:
    desk.press("?")
    assert "put the starter back" in desk.screen()
    desk.press("z")
    assert "put the starter back" not in desk.screen()


def test_a_lesson_folder_that_goes_away_is_said_and_its_return_noticed(desk: Desk) -> None:
    folder = desk.watch.lesson.folder
    folder.rename(folder.with_name("elsewhere"))
    desk.watch.handle(Saved())
    desk.watch.handle(Waited())

    assert "is gone" in desk.screen()
    assert desk.grader.cancelled and not desk.watch.running

    folder.with_name("elsewhere").rename(folder)
    desk.watch.handle(Saved())

    assert "is gone" not in desk.screen()
    assert len(desk.orders) == 2


def test_a_state_file_that_cannot_be_kept_is_said_and_does_not_stop_the_watch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ProgressError("your progress is not kept: the disk is full")

    monkeypatch.setattr(desk.watch.progress, "record", full)

    desk.ends()

    assert "not kept" in desk.screen()
    desk.watch.handle(Pressed("c"))
    assert len(desk.orders) == 2


def test_trouble_of_the_kit_itself_is_shown_and_the_watch_goes_on(desk: Desk) -> None:
    desk.watch.handle(Ended(1, None, "the process that graded it has ended"))

    assert "please report" in desk.screen()
    assert "the process that graded it has ended" in desk.screen()
    desk.watch.handle(Pressed("enter"))
    assert "please report" not in desk.screen()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (40, 12), (20, 5), (80, 8)])
def test_every_page_fits_its_screen(desk: Desk, width: int, height: int) -> None:
    desk.screen(width, height)
    desk.falls("echoes-many", "failed", "a long story " * 60)
    desk.ends("not_reached")
    for keys in ("", "?", "?h", "x", "n", "a"):
        desk.press(keys)
        desk.screen(width, height)


def test_long_feedback_is_cut_to_the_screen_and_says_how_to_see_all(desk: Desk) -> None:
    verdict = desk.verdict("idle", "failed", "word " * 200)

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
