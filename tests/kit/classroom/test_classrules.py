"""The rules of a class: how verdicts become grades, and what `class.toml` may not say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatkit.classroom.gradebook import Adjustment
from chatkit.classroom.rules import Grade, Rules, number
from chatkit.classroom.rulesfile import RulesError, read_rules
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict

COURSE = find_course(Path(__file__).parent)
ALL = [lesson.name for lesson in COURSE.lessons]
NOW = datetime(2025, 3, 1, tzinfo=UTC)
PLUS = Adjustment(5, "showed it", NOW, "Dr. Who")


def verdict(id: str, passed: bool = True, points: int = 10) -> Verdict:
    status = "passed" if passed else "failed"
    return Verdict(id, id, status, points if passed else 0, points, "server.py")


SKIPPED = Verdict("window", "opens a window", "skipped", 0, 0, "client.py")
FOUND = LessonVerdict(
    "02_broadcast", "Broadcast", (verdict("half-line"), verdict("in-order", False, 30)), 1.0
)


def rules(tmp_path: Path, text: str) -> Rules:
    (tmp_path / "class.toml").write_text(text, encoding="utf-8")
    return read_rules(tmp_path, COURSE)


def test_without_a_file_verdicts_count_as_they_are(tmp_path: Path) -> None:
    plain = read_rules(tmp_path, COURSE)

    assert plain.grade(FOUND, late=False) == Grade(10, 40, ())
    assert plain.full["02_broadcast"] == 100


def test_points_a_check_change_the_grade_and_are_said(tmp_path: Path) -> None:
    given = rules(tmp_path, "[points.2]\nhalf-line = 20.5\n")
    grade = given.grade(FOUND, late=False)

    assert (grade.points, grade.max) == (20.5, 50.5)
    assert grade.how == ("points of this class: half-line 20.5 instead of 10",)
    assert given.full["02_broadcast"] != 100


def test_late_work_loses_a_part_before_adjustments_are_added(tmp_path: Path) -> None:
    given = rules(tmp_path, "[late]\npercent_off = 20\n")

    assert given.grade(FOUND, late=False).points == 10
    grade = given.grade(FOUND, late=True, adjustments=[PLUS])
    assert grade.points == 13
    assert grade.how == (
        "late: 20 % off, 2 points",
        "adjusted by +5: showed it (Dr. Who, 2025-03-01)",
    )


def test_late_work_without_a_rule_loses_nothing_and_that_is_said() -> None:
    assert Rules().grade(FOUND, late=True).how == ("late: this class takes nothing off",)


def test_no_grade_falls_below_zero() -> None:
    minus = Adjustment(-50, "copied", NOW, "Dr. Who")

    assert Rules().grade(FOUND, late=False, adjustments=[minus]).points == 0


def test_a_skipped_check_counts_nowhere() -> None:
    some = LessonVerdict("02_broadcast", "B", (verdict("half-line"), SKIPPED), 1.0)
    none = LessonVerdict("02_broadcast", "B", (SKIPPED,), 1.0)

    assert Rules().grade(some, late=False).max == 10
    assert "1 skipped check left out" in Rules().grade(some, late=False).how[0]
    assert Rules().grade(none, late=False).empty


def test_an_adjustment_can_stand_for_a_lesson_that_could_not_be_run(tmp_path: Path) -> None:
    none = LessonVerdict("02_broadcast", "B", (SKIPPED,), 1.0)
    grade = read_rules(tmp_path, COURSE).grade(none, late=False, adjustments=[PLUS])

    assert (grade.points, grade.max) == (5, 100)


def test_the_total_adds_points_and_leaves_out_what_is_empty() -> None:
    total = Rules().total({"01_echo": Grade(80, 100), "05_gui": Grade(0, 0)})

    assert (total.points, total.max) == (80, 100)
    assert "05_gui" in total.how[0]


def test_weights_make_a_total_of_100(tmp_path: Path) -> None:
    rest = "".join(f"{name[3:]} = 0\n" for name in ALL[2:])
    text = f"[weights]\n01_echo = 1\nbroadcast = 3\n{rest}"
    total = rules(tmp_path, text).total({"01_echo": Grade(50, 100), "02_broadcast": Grade(40, 40)})

    assert (total.points, total.max) == (87.5, 100)
    assert total.how == ("weights: 01_echo 1, 02_broadcast 3",)


def test_an_empty_lesson_gives_its_weight_to_the_others() -> None:
    given = Rules(weights={"01_echo": 1, "05_gui": 9})

    assert given.total({"01_echo": Grade(50, 100), "05_gui": Grade(0, 0)}).points == 50
    assert given.total({"05_gui": Grade(0, 0)}).empty


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[weights\n", "Fix this line"),
        ("[wieghts]\n", "no 'wieghts'. Did you mean weights"),
        ("[weights]\necko = 1\n", "[weights] ecko: there is no lesson 'ecko'"),
        ("[weights]\n1 = 1\n", f"give {', '.join(ALL[1:])} a weight"),
        ("[weights]\n1 = 1\necho = 1\n", "01_echo is there twice"),
        ("[weights]\n1 = -1\n", "[weights] 01_echo: write a number of 0 or more, not -1"),
        ("[weights]\n1 = true\n", "not True"),
        ("[weights]\n1 = nan\n", "not nan"),
        (
            "[weights]\n" + "".join(f"{int(name[:2])} = 0\n" for name in ALL),
            "needs a weight above 0",
        ),
        ("weights = 3\n", "write it as [weights]"),
        ("[points]\n2 = 3\n", "write [points.02_broadcast]"),
        ("[points.2]\nhalf-lime = 3\n", "no 'half-lime'. Did you mean half-line"),
        ("[points.2]\nhalf-line = 'many'\n", "[points.02_broadcast] half-line: write a number"),
        ("[late]\npercent_off = 120\n", "[late] percent_off: write a number from 0 to 100"),
        ("[late]\npercent = 10\n", "Did you mean percent_off"),
        ("lessons = 2\n", "lessons: list the lessons that count, such as [1,"),
        ("lessons = []\n", "lessons: list the lessons"),
        ("lessons = [true]\n", "lessons: list the lessons"),
        ("lessons = [1, 'ecko']\n", "lessons: there is no lesson 'ecko'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_cure(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(RulesError) as error:
        rules(tmp_path, text)

    assert told in str(error.value)
    assert str(tmp_path / "class.toml") in str(error.value)
    assert "\n" not in str(error.value)


def test_the_rules_say_themselves_in_sentences(tmp_path: Path) -> None:
    given = rules(tmp_path, "[points.2]\nhalf-line = 20\n[late]\npercent_off = 12.5\n")

    assert given.words() == (
        "The total is the sum of the points of all lessons that count.",
        "Points of this class in 02_broadcast: half-line 20.",
        "Late work loses 12.5 % of its points.",
    )


def test_the_lessons_that_count_can_be_given(tmp_path: Path) -> None:
    given = rules(tmp_path, 'lessons = ["broadcast", 1, "01_echo"]\n')

    assert given.lessons == ("01_echo", "02_broadcast")
    assert given.words()[0] == "These lessons count: 01_echo, 02_broadcast."


def test_numbers_show_no_dust() -> None:
    assert [number(value) for value in (91.0, 72.8, 0.1 + 0.2, 100 / 3, -0.001)] == [
        *("91", "72.8", "0.3", "33.33", "0"),
    ]
