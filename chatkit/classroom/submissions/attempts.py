"""Several hand-ins of one student: which parts belong to which attempt, the oldest first."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from chatkit._archives.filenames import archive_stem
from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.submissions.items import Item
from chatkit.classroom.submissions.layouts import Mark, lesson_named, without_copy
from chatkit.classroom.submissions.search import Search

MOST = 10  # attempts of one student; of more, the newest

Parts = list[tuple[Mark, Item]]

# "v2", "Version 2" (Microsoft Teams), "attempt-2", "Versuch 2", "essai 2", "intento 2".
VERSION = re.compile(
    r"(v|version|attempt|try|versuch|essai|intento)[\s._-]*(?P<number>\d{1,3})", re.I
)
# The same behind a name, or what a browser adds to a name that is taken: "alice_v2", "alice (1)".
BEHIND = re.compile(
    r"(\s*\((?P<copy>\d{1,3})\)"
    r"|[\s._-]+(v|version|attempt|try|versuch|essai|intento)[\s._-]*(?P<number>\d{1,3}))$",
    re.I,
)


def numbered(stem: str) -> tuple[str, int]:
    """A name without the number of an attempt behind it, and the number: ("alice", 2)."""
    found = BEHIND.search(stem)
    if not found or not stem[: found.start()].strip():
        return stem, 0
    return stem[: found.start()], int(found["copy"] or found["number"])


def attempts_of(parts: Parts, search: Search) -> list[Parts]:
    """The attempts in what a student handed in: at least one, the oldest first."""
    found = (
        _by_time(parts)
        or _by_number(parts)
        or _by_copies(parts, search)
        or _by_folder(parts, search)
        or [parts]
    )
    return found[-MOST:]


def _by_time(parts: Parts) -> list[Parts] | None:
    """Blackboard and Brightspace write the time of the attempt into each name."""
    if not all(mark.came for mark, _ in parts):
        return None
    found: dict[str, Parts] = {}
    for mark, item in parts:
        found.setdefault(mark.came, []).append((mark, item))
    return [found[came] for came in sorted(found, key=lambda came: str(read_moment(came, UTC)))]


def _by_number(parts: Parts) -> list[Parts] | None:
    """Archives such as alice_v1.zip and alice_v2.zip."""
    numbers = {mark.attempt for mark, _ in parts}
    if len(numbers) < 2:
        return None
    return [[part for part in parts if part[0].attempt == number] for number in sorted(numbers)]


def _by_copies(parts: Parts, search: Search) -> list[Parts] | None:
    """Canvas adds -1, -2 to the name of a file that is handed in again.

    All files are numbered in the order in which they came. A file that came once belongs to every
    attempt that is not older than it.
    """
    versions: dict[str, Parts] = {}
    for mark, item in parts:
        if not mark.age:
            return None
        name = mark.file
        if not lesson_named(archive_stem(name), search.course):
            name = without_copy(name)[0]
        versions.setdefault(name.casefold(), []).append((mark, item))
    for same in versions.values():
        same.sort(key=lambda part: (part[0].age, without_copy(part[0].file)[1]))
    count = max(map(len, versions.values()))
    if count < 2:
        return None
    found = []
    for number in range(count):
        later = [same[number + 1][0].age for same in versions.values() if len(same) > number + 1]
        end = min(later, default=None)  # when the next attempt began
        chosen = (
            [part for part in same[: number + 1] if end is None or part[0].age < end]
            for same in versions.values()
        )
        found.append([_plain(those, number + 1) for those in chosen if those])
    return found


def _plain(versions: Parts, attempt: int) -> tuple[Mark, Item]:
    """The newest of these versions of one file, under the name that the student gave it."""
    mark, item = versions[-1]
    if len(versions) == 1:
        return mark, item
    return replace(mark, file=without_copy(versions[0][0].file)[0], attempt=attempt), item


def _by_folder(parts: Parts, search: Search) -> list[Parts] | None:
    """Folders such as v1 and v2 in a student's folder, or in that of each assignment in it."""
    if len(parts) != 1 or parts[0][0].file:
        return None
    mark, item = parts[0]
    for _ in range(3):
        inside = search.open(item)
        versions = _versions(inside)
        if len(versions) > 1:
            return [[(mark, version)] for version in versions]
        tasks = {one: _versions(search.open(one)) for one in inside if one.path.is_dir()}
        if tasks and len(tasks) == len(inside) and all(tasks.values()):
            count = max(map(len, tasks.values()))
            return [  # the newest of each assignment together, then those before them
                [
                    (replace(mark, file=task.name), found[-back])
                    for task, found in tasks.items()
                    if len(found) >= back
                ]
                for back in range(count, 0, -1)
            ]
        if len(tasks) != 1 or len(inside) != 1:
            return None
        item = next(iter(tasks))
    return None


def _versions(inside: Sequence[Item]) -> list[Item]:
    """The folders and archives that are versions of one thing, the oldest first; else none."""
    found = {
        int(match["number"]): one
        for one in inside
        if one.opens and (match := VERSION.fullmatch(archive_stem(one.name)))
    }
    whole = len(found) == len([one for one in inside if one.opens])
    return [found[number] for number in sorted(found)] if whole else []
