"""Each hand-in goes to the person whose it is, and that of a group to each of its members."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.people.lists import Lists, Person
from chatkit.classroom.rosters.matching import called, letters
from chatkit.classroom.submissions.layouts import safe_id
from chatkit.classroom.submissions.submissions import SHARED, Submission


@dataclass(frozen=True)
class Joined:
    """The hand-ins by person, and what an instructor should know about it."""

    submissions: tuple[Submission, ...]  # by id
    notes: tuple[str, ...] = ()


def join(found: Sequence[Submission], lists: Lists, kind: str) -> Joined:
    """Give the hand-ins the ids and names of people.csv, and share those of groups.

    `kind` is the layout of the download, for people. Nobody is guessed: a hand-in that fits two
    people or none keeps its own name, and a note says so.
    """
    if not lists.people and not lists.groups:
        return Joined(tuple(found))
    notes: list[str] = []
    mine: dict[str, list[Submission]] = {}
    shared: list[tuple[str, Submission]] = []
    for one in found:
        if group := _group(one, lists):
            shared.append((group, one))
            continue
        person = _person(one, lists.people, kind)
        if person is None and lists.people:
            notes.append(
                f"{one.source}: nobody in people.csv is {one.name}; it stays {one.student}"
            )
        mine.setdefault(person.id if person else one.student, []).append(_renamed(one, person))
    for id, several in mine.items():
        if len(several) > 1:
            places = ", ".join(one.source for one in several)
            notes.append(f"{id}: {places} are attempts of one person")
    joined = {id: _attempts(several) for id, several in mine.items()}
    for group, members in lists.groups.items():
        theirs = [one for name, one in shared if name == group]
        _share(group, members, theirs, joined, lists, notes)
    return Joined(
        tuple(sorted(joined.values(), key=lambda one: one.student.casefold())), tuple(notes)
    )


def _share(
    group: str,
    members: Sequence[str],
    theirs: Sequence[Submission],
    joined: dict[str, Submission],
    lists: Lists,
    notes: list[str],
) -> None:
    """Give every member of a group without a hand-in the one of the group, or of another member."""
    own = [joined[id] for id in members if id in joined]
    # Two members with the same programs, as Moodle gives them: they are graded once.
    joined |= {one.student: replace(one, group=group) for one in own}
    sources = list(theirs) or own
    if not sources:
        return
    if not theirs and len(own) > 1:
        without = [id for id in members if id not in joined]
        names = " and ".join(one.student for one in own)
        if without:
            notes.append(
                f"{group}: {names} both handed in, so nobody knows which is for "
                f"{', '.join(without)}: put one of them into a folder called {group}"
            )
        return
    from_group = _attempts(sources)
    for id in members:
        if id in joined and not theirs:
            continue
        person = lists.person(id)
        name = person.name if person and person.name else id
        shares = [
            replace(
                one,
                student=id,
                name=name,
                number="",
                reply=one.reply if one.student == id else "",  # the platform knows who handed in
                group=group,
                earlier=(),
                remarks_on={
                    lesson: (*remarks, f"{SHARED} {group}.")
                    for lesson, remarks in one.remarks_on.items()
                },
            )
            for one in (
                *(joined[id].attempts if id in joined and theirs else ()),
                *from_group.attempts,
            )
        ]
        joined[id] = _attempts(shares)


def _group(one: Submission, lists: Lists) -> str:
    """The group whose hand-in it is; empty where it is a person's.

    Moodle puts the number of the group behind its name, and Canvas takes blanks and marks out of
    it, so the letters count. A group may be called as people are: then it is the person's.
    """
    if lists.person(one.student) or _called(one, lists.people):
        return ""
    named = [group for group in lists.groups if _bare(group) == _bare(one.name)]
    same = [group for group in lists.groups if safe_id(group) == one.student]
    return next(iter(same or (named if len(named) == 1 else ())), "")


def _bare(name: str) -> str:
    """The letters and digits of a name, in their order, in any case."""
    return "".join(one for one in _plain(name) if one.isalnum())


def _renamed(one: Submission, person: Person | None) -> Submission:
    if person is None:
        return one
    name = person.name or one.name

    # The platform's number is one of many that this person has: people.csv keeps them.
    def named(of: Submission) -> Submission:
        return replace(of, student=person.id, name=name, number="", was=of.student)

    return replace(named(one), earlier=tuple(map(named, one.earlier)))


def _attempts(several: Sequence[Submission]) -> Submission:
    """Several hand-ins of one person as attempts, by time where every one of them has one."""
    every = [replace(one, earlier=()) for whole in several for one in whole.attempts]
    if all(one.came for one in every):
        every.sort(key=lambda one: str(read_moment(one.came, UTC)))
    return replace(every[-1], earlier=tuple(every[:-1]))


def _person(one: Submission, people: Sequence[Person], kind: str) -> Person | None:
    """The person whose hand-in it is: by the surest sign that fits exactly one."""
    if "Moodle" in kind:
        named = _called(one, people)
        numbered = [who for who in people if one.number and one.number in who.moodle]
        # The number is one of this assignment or of another: a name that differs is stronger.
        if len(numbered) == 1 and (not named or numbered[0] in named):
            return numbered[0]
        return named[0] if len(named) == 1 else None
    for fitting in (
        [who for who in people if who.id == one.student],
        [who for who in people if one.number and one.number in (who.canvas, who.id)],
        _cloned(one, people) if "GitHub" in kind else [],
        [who for who in people if who.email and one.name.casefold() in _logins(who)],
        _called(one, people),
    ):
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            return None
    folded = [who for who in people if who.id.casefold() == one.student.casefold()]
    return folded[0] if len(folded) == 1 else None


def _logins(who: Person) -> set[str]:
    mail = who.email.casefold()
    return {mail, mail.partition("@")[0]}


def _cloned(one: Submission, people: Sequence[Person]) -> list[Person]:
    """Whose login ends the name of a clone: "chat1-adalove"."""
    name = one.name.casefold()
    fitting = [
        who
        for who in people
        if who.github
        and (name == who.github.casefold() or name.endswith(f"-{who.github.casefold()}"))
    ]
    longest = max((len(who.github) for who in fitting), default=0)
    return [who for who in fitting if len(who.github) == longest]


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _called(one: Submission, people: Sequence[Person]) -> list[Person]:
    same = [who for who in people if who.name and _plain(who.name) == _plain(one.name)]
    if same:
        return same
    names = called(one.name)
    return [who for who in people if who.name and letters(who.name) in names]
