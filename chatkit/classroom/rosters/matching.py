"""Who is who: the students of the gradebook among the rows of a learning platform's file.

A wrong grade is worse than none. So a student is matched by one sign at a time, the surest first,
and only where exactly one row and one student bear it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatkit.classroom.gradebook import Student

SIGNS = ("number", "id", "email", "login", "name")  # the surest first


@dataclass(frozen=True)
class Matches:
    """What was found. Together, `rows` and `nobody` hold every student once."""

    rows: Mapping[str, int]  # student id -> number of the row
    nobody: Mapping[str, str]  # student id -> why no row is theirs


def matches(
    students: Sequence[Student], rows: Mapping[int, Mapping[str, Sequence[str]]]
) -> Matches:
    """Match students with `rows`, which give by sign what stands in the file for each person."""
    found: dict[str, int] = {}
    nobody: dict[str, str] = {}
    for sign in SIGNS:
        bearers: dict[str, set[int]] = {}
        for row, signs in rows.items():
            for text in signs.get("id" if sign == "number" else sign, ()):
                for key in keys(sign, text):
                    bearers.setdefault(key, set()).add(row)
        claims: dict[int, set[str]] = {}
        for student in students:
            if student.id in found or student.id in nobody:
                continue
            said = _said(student, sign)
            theirs = {
                row for one in said for key in keys(sign, one) for row in bearers.get(key, ())
            }
            if len(theirs) > 1:
                nobody[student.id] = f"{len(theirs)} rows have the same {sign}"
            for row in theirs if len(theirs) == 1 else ():
                claims.setdefault(row, set()).add(student.id)
        taken = set(found.values())
        for row, ids in claims.items():
            if len(ids) == 1 and row not in taken:
                found[ids.pop()] = row
            else:
                nobody.update(dict.fromkeys(ids, f"two students claim row {row + 1} by {sign}"))
    for student in students:
        if student.id not in found:
            nobody.setdefault(student.id, "no row has this id, email, login or name")
    return Matches(found, nobody)


def _said(student: Student, sign: str) -> tuple[str, ...]:
    """What the gradebook knows that may be this sign."""
    if sign == "number":
        return (student.number,)
    return (student.id, student.name) if sign == "name" else (student.id,)


def keys(sign: str, text: str) -> set[str]:
    """The forms under which `text` may turn up elsewhere. Case and extra spaces do not count."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not plain:
        return set()
    if sign in ("number", "id"):
        return {plain.removeprefix("participant ")}
    if sign == "login":
        return {plain, plain.split("@")[0]}
    if sign == "name":
        words = re.findall(r"[^\W_]+", plain)
        # "Doe, Jane" is "Jane Doe", and in a name of a file "doejane".
        return {" ".join(sorted(words)), "".join(words)} if words else set()
    return {plain}
