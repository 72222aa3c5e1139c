"""The loop of the watch, without a terminal: what each event does, and what there is to draw."""

import os
import shutil
from pathlib import Path
from queue import SimpleQueue

import pytest

from chatkit.cli.student.watching import KEYS, begin_lines, page
from chatkit.course.lessons import Lesson, find_course
from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
from chatkit.student import saves
from chatkit.student.events import Event, Pressed, Redraw, Waited
from chatkit.student.grader import Ended, Heard, turns
from chatkit.student.progress import ProgressError, load
from chatkit.student.saves import Saved
from chatkit.student.watch import Watch

COURSE = find_course(Path(__file__).parent)
ROOT = COURSE.root


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


class Student:
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
def student(tmp_path: Path) -> Student:
    return Student(tmp_path)


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
