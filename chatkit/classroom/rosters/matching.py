"""Who is who: the students of the gradebook among the rows of a learning platform's file.

A wrong grade is worse than none. So a student is matched by one sign at a time, the surest first,
and only where exactly one row and one student have it. A row that has the same number and another
name, or the same name and another number, is nobody's: numbers of Moodle count in one assignment
only, so the file may well be that of another one.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatkit.classroom.gradebook import Student
from chatkit.classroom.people.lists import Lists, Person

NO_LISTS = Lists()

SIGNS = ("number", "id", "email", "login", "name")  # the surest first


@dataclass(frozen=True)
class Matches:
    """What was found. Together, `rows` and `nobody` hold every student once."""

    rows: Mapping[str, int]  # student id -> number of the row
    nobody: Mapping[str, str]  # student id -> why no row is theirs


def matches(
    students: Sequence[Student],
    rows: Mapping[int, Mapping[str, Sequence[str]]],
    lists: Lists = NO_LISTS,
) -> Matches:
    """Match students with `rows`, which give by sign what stands in the file for each person.

    `lists` may know more of a student than the gradebook does.

    A sign that a row lacks, or that is empty, says nothing.
    """
    found: dict[str, int] = {}
    nobody: dict[str, str] = {}
    disputed: set[int] = set()  # rows that fit a student by one sign and not by another
    for sign in SIGNS:
        bearers: dict[str, set[int]] = {}
        for row, signs in rows.items():
            for text in signs.get(sign, ()):
                for key in keys(sign, text):
                    bearers.setdefault(key, set()).add(row)
        claims: dict[int, set[str]] = {}
        for student in students:
            if student.id in found or student.id in nobody:
                continue
            said = (*_said(student, sign), *_listed(lists.person(student.id), sign))
            theirs = {
                row for one in said for key in wanted(sign, one) for row in bearers.get(key, ())
            }
            if len(theirs) > 1:
                nobody[student.id] = f"{len(theirs)} rows have the same {sign}"
                continue
            for row in theirs:
                if why := contradiction(student, rows[row], sign, row):
                    nobody[student.id] = why
                    disputed.add(row)
                else:
                    claims.setdefault(row, set()).add(student.id)
        taken = disputed | set(found.values())
        for row, ids in claims.items():
            if len(ids) == 1 and row not in taken:
                found[ids.pop()] = row
            else:
                nobody.update(dict.fromkeys(ids, f"two students claim row {row + 1} by {sign}"))
    for student in students:
        if student.id not in found:
            nobody.setdefault(student.id, "no row has this id, email, login or name")
    return Matches(found, nobody)


def contradiction(student: Student, signs: Mapping[str, Sequence[str]], sign: str, row: int) -> str:
    """Why the person of `row` is somebody else, though `sign` is the student's; "" if nothing is
    against it."""
    numbers = {key for text in signs.get("number", ()) for key in keys("number", text)}
    if student.number and numbers and not numbers & keys("number", student.number):
        told = f"row {row + 1} has this {sign} and another number"
        return f"{told}: it is another person, or the file is that of another assignment"
    names = [name for name in signs.get("name", ()) if letters(name)]
    known = letters(student.name)  # a folder's name may be an id: that is no name to compare
    if sign == "name" or not names or not known or known == letters(student.id):
        return ""
    if called(student.name) & set(map(letters, names)):
        return ""
    told = f"row {row + 1} has this {sign} and another name, {names[0]!r}"
    return f"{told}: it is another person, or the file is that of another assignment"


def _said(student: Student, sign: str) -> tuple[str, ...]:
    """What the gradebook knows that may be this sign."""
    if sign == "number":
        return (student.number,)
    return (student.id, student.name) if sign == "name" else (student.id,)


def _listed(person: Person | None, sign: str) -> tuple[str, ...]:
    """What people.csv knows that may be this sign."""
    if person is None:
        return ()
    if sign == "number":
        return (person.canvas, *person.moodle)
    return (person.email,) if sign in ("email", "login") else ()


def keys(sign: str, text: str) -> set[str]:
    """The forms of what a row says. Case and extra spaces do not count."""
    plain = _plain(text)
    if not plain:
        return set()
    if sign in ("number", "id"):
        return {plain.removeprefix("participant ")}
    if sign == "login":
        local, at, _ = plain.partition("@")
        return {plain, local} if at else {plain, f"{plain}@"}
    if sign == "name":
        words = _words(plain)
        # "Doe, Jane" is "Jane Doe", and in a name of a file "doejane".
        return {" ".join(sorted(words)), f"={''.join(words)}"} if words else set()
    return {plain}


def wanted(sign: str, text: str) -> set[str]:
    """The forms under which a student may stand in a row, to be looked up among its `keys`.

    "ann@a.org" may have the login "ann", but is not "ann@b.org". "An Nam" is not "Anna M": only a
    name in one word may stand for several.
    """
    plain = _plain(text)
    if sign == "login" and "@" in plain:
        return {plain, f"{plain.partition('@')[0]}@"}
    if sign == "login":
        return {plain} - {""}
    if sign == "name":
        words = _words(plain)
        return keys(sign, text) if len(words) == 1 else {" ".join(sorted(words))} - {""}
    return keys(sign, text)


def called(name: str) -> set[str]:
    """The `letters` of a student's name, also without its first words: a platform may put a group
    or a login there, "Room 5-Ada Lovelace" or "u17 Ada Lovelace"."""
    words = re.split(r"[\s-]+", name)
    return {letters("".join(words[at:])) for at in range(len(words))} - {""}


def letters(name: str) -> str:
    """The letters and digits of a name in alphabetical order, without case and accents.

    Platforms write one name in many ways: "O'Brien, Seán", "Seán OBrien", "obrienseán".
    """
    apart = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sorted(letter for letter in apart if letter.isalnum()))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _words(plain: str) -> list[str]:
    return re.findall(r"[^\W_]+", plain)
