"""Which row of a roster is whose: a wrong grade is worse than none."""

import pytest

from chatkit.classroom.gradebook import Student
from chatkit.classroom.rosters.matching import matches


def test_the_number_that_the_platform_gave_is_the_surest_sign() -> None:
    rows = {1: {"number": ["Participant 71"]}, 2: {"number": ["Participant 72"], "name": ["Anna"]}}

    assert matches([Student("anna", "Anna", number="71")], rows).rows == {"anna": 1}


@pytest.mark.parametrize(
    "name",
    ["Seán OBrien", "obrienseán", "O\u2019Brien, Sea\u0301n", "SEÁN O'BRIEN", "Sean O Brien"],
)
def test_one_name_in_the_spellings_of_the_platforms_is_one_name(name: str) -> None:
    rows = {1: {"number": ["71"], "name": ["Seán O'Brien"]}}

    assert matches([Student("x_71", name, number="71")], rows).rows == {"x_71": 1}


@pytest.mark.parametrize(
    "name", ["Ann-Marie O'Neil", "Room 5-Ann-Marie ONeil", "u17 Ann-Marie ONeil"]
)
def test_a_group_or_a_login_before_a_name_makes_no_other_name(name: str) -> None:
    rows = {1: {"number": ["Participant 71"], "name": ["Ann-Marie O'Neil"]}}

    assert matches([Student("x_71", name, number="71")], rows).rows == {"x_71": 1}


def test_a_team_whose_number_is_that_of_a_student_is_nobody() -> None:
    rows = {1: {"number": ["Participant 71"], "name": ["Ann-Marie O'Neil"]}}

    assert matches([Student("Team-1_71", "Team 1", number="71")], rows).rows == {}


def test_a_row_with_the_same_number_and_another_name_is_nobodys() -> None:
    """As in the worksheet of another assignment: Moodle numbers the students anew in each."""
    rows = {
        1: {"number": ["Participant 71"], "name": ["Bob Meyer"]},
        2: {"number": ["Participant 72"], "name": ["Ada Lovelace"]},
        3: {"number": ["Participant 74"], "name": ["Cy Young"]},
    }
    found = matches(
        [
            Student("Ada-Lovelace_71", "Ada Lovelace", number="71"),
            Student("Bob-Meyer_75", "Bob Meyer", number="75"),
            Student("Cy-Young_73", "Cy Young", number="73"),
        ],
        rows,
    )

    assert found.rows == {}
    assert found.nobody == {
        "Ada-Lovelace_71": "row 2 has this number and another name, 'Bob Meyer': it is another "
        "person, or the file is that of another assignment",
        "Bob-Meyer_75": "row 2 has this name and another number: it is another person, or the file "
        "is that of another assignment",
        "Cy-Young_73": "row 4 has this name and another number: it is another person, or the file "
        "is that of another assignment",
    }


def test_only_the_platforms_own_number_counts_as_its_number() -> None:
    rows = {1: {"number": ["901"], "id": ["901", "2001"], "name": ["Li, Bo"]}}

    assert matches([Student("libo_2001", "libo", number="2001")], rows).rows == {}


def test_an_address_at_another_place_is_another_person() -> None:
    rows = {1: {"login": ["j.smith@staff.example.org"]}, 2: {"login": ["ann"]}}
    found = matches([Student("j.smith@example.org", "x"), Student("ann@example.org", "y")], rows)

    assert found.rows == {"ann@example.org": 2}


def test_letters_that_happen_to_be_the_same_are_no_name() -> None:
    rows = {1: {"name": ["Anna M"]}, 2: {"name": ["Doe, Jane"]}}

    assert matches([Student("x", "An Nam"), Student("y", "doejane")], rows).rows == {"y": 2}


def test_two_students_never_share_a_row() -> None:
    found = matches(
        [Student("x", "Anna Müller"), Student("y", "anna müller"), Student("71", "Z")],
        {1: {"id": ["Participant 71"], "name": ["Z"]}, 2: {"name": ["Müller, Anna"]}},
    )

    assert found.rows == {"71": 1}
    assert set(found.nobody) == {"x", "y"}


def test_a_surer_sign_wins_over_a_name() -> None:
    rows = {1: {"id": ["1"]}, 2: {"id": ["2"], "name": ["Anna"]}, 3: {"name": ["Bo"]}}
    found = matches([Student("1", "Anna"), Student("x", "Bo")], rows)

    assert found.rows == {"1": 1, "x": 3}


def test_a_row_that_fits_one_by_number_and_another_by_name_is_nobodys() -> None:
    rows = {1: {"id": ["1"], "name": ["Bo"]}, 2: {"id": ["2"], "name": ["Anna"]}}
    found = matches([Student("1", "Anna"), Student("x", "Bo")], rows)

    assert found.rows == {}
    assert "row 2 has this id and another name, 'Bo'" in found.nobody["1"]
    assert found.nobody["x"] == "two students claim row 2 by name"
