"""Scenes: what happened on the wire, recorded once with a right and once with a wrong program.

In `docs/assets/scenes`, `scenes.toml` says which check is played with which programs, and what of
it is shown. `<id>.json` is the recording. It is data; all pictures and words are made from it.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.authoring.clone import Clone, read
from chatkit.bench.transcript import Event
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import Lesson
from chatkit.grading.verdict import event_as_json, event_from_json

SIDES = ("right", "wrong")
PROGRAMS = ("server", "client")  # lanes of the program under test
COMMAND = "chatkit author scenes"
PLACE = re.compile(r"(\S+) (\S+) ([1-9]\d*)")


@dataclass(frozen=True)
class NumberedEvent:
    """An event of a transcript: the `number`-th time that `who` did `kind`, counted from 1."""

    who: str
    kind: str
    number: int


@dataclass(frozen=True)
class Scene:
    """One scene, as its author has described it."""

    id: str
    title: str
    lesson: Lesson
    check: str
    mistake: str  # a folder in tests/mistakes/<lesson>
    begin: NumberedEvent
    end: NumberedEvent | None
    cast: tuple[str, ...]  # the lanes, from left to right
    look: str  # what to look at

    def folder(self, clone: Clone, side: str) -> Path:
        """Where the programs of a side lie."""
        if side == "right":
            return self.lesson.solutions
        return clone.root / "tests" / "mistakes" / self.lesson.name / self.mistake

    def recipe(self) -> dict[str, Any]:
        """What the recording depends on, besides the programs. It is kept in the recording."""
        places = {"begin": self.begin, "end": self.end}
        return {
            "lesson": self.lesson.name,
            "check": self.check,
            "mistake": self.mistake,
            **{name: f"{at.who} {at.kind} {at.number}" for name, at in places.items() if at},
            "cast": list(self.cast),
        }


@dataclass(frozen=True)
class Turn:
    """What somebody did, and what came of it before anybody did something else.

    In which order things arrive at different peers is chance, and in how many pieces, too. So a
    turn has them in the order of the lanes, what arrives at one peer joined.
    """

    acts: tuple[Event, ...]  # several, when somebody sends one line in pieces
    then: tuple[Event, ...]
    goes_on: bool = False  # the same came again and again, with other numbers in the text


@dataclass(frozen=True)
class Take:
    """One side of a recording."""

    program: str  # the program under test, as seen from the root of the project
    fingerprints: Mapping[str, str]  # of all programs that ran: file name -> SHA-256
    symptom: str  # "" for a right program
    message: str  # what the verdict says has happened
    likely: str  # the likely cause, as the verdict says it
    there: tuple[str, ...]  # of the cast, who was connected when the scene begins
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class SceneRecording:
    """What `docs/assets/scenes/<id>.json` holds."""

    recipe: Mapping[str, Any]
    takes: Mapping[str, Take]  # by side


def folder(clone: Clone) -> Path:
    """Where scenes and recordings lie."""
    return clone.docs / "assets" / "scenes"


def recording_file(clone: Clone, scene: Scene) -> Path:
    """The file of the scene's recording."""
    return folder(clone) / f"{scene.id}.json"


def scenes(clone: Clone) -> list[Scene]:
    """All scenes, in the order of the file; none where there is no file. Raises AuthoringError."""
    file = folder(clone) / "scenes.toml"
    if not file.is_file():
        return []
    try:
        rows = tomllib.loads(read(file)).get("scene", [])
        return [_scene(row, clone) for row in rows]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        cure = "give each [[scene]] what the others have, written in the same way"
        raise AuthoringError(Problem(file, f"not a list of scenes: {error!r}", cure)) from None


def _scene(row: Mapping[str, Any], clone: Clone) -> Scene:
    texts = {name: str(row[name]) for name in ("id", "title", "check", "mistake")}
    return Scene(
        **texts,
        lesson=clone.course.lesson(row["lesson"]),
        begin=_place(row["begin"]),
        end=_place(row["end"]) if "end" in row else None,
        cast=tuple(row["cast"]),
        look=" ".join(str(row["look"]).split()),
    )


def _place(text: str) -> NumberedEvent:
    parts = PLACE.fullmatch(text)
    if not parts:
        raise ValueError(f'{text!r} is not like "alice data 2"')
    return NumberedEvent(parts[1], parts[2], int(parts[3]))


def fingerprints(scene: Scene, clone: Clone, side: str) -> dict[str, str]:
    """The SHA-256 of each program that the lesson asks for, as this side runs it."""
    found = {}
    for program in scene.lesson.asked:
        own = scene.folder(clone, side) / program
        text = read(own if own.is_file() else scene.lesson.solutions / program)
        found[program] = hashlib.sha256(text.encode()).hexdigest()
    return found


def load(clone: Clone, scene: Scene) -> SceneRecording:
    """The recording of a scene. Raises AuthoringError when there is none that can be read."""
    file = recording_file(clone, scene)
    cure = f"{COMMAND} {scene.id}"
    if not file.is_file():
        raise AuthoringError(Problem(file, "the scene is not recorded yet", cure))
    try:
        fields = json.loads(read(file))
        takes = {side: _take_from_json(fields[side]) for side in SIDES}
        return SceneRecording(fields["recipe"], takes)
    except (ValueError, KeyError, TypeError) as error:
        raise AuthoringError(Problem(file, f"not a recording: {error!r}", cure)) from None


def as_json(recording: SceneRecording) -> str:
    """The text of a recording's file: an event a line. It has no times: they differ each time."""
    fields = {"recipe": recording.recipe}
    fields |= {side: _take_as_json(recording.takes[side]) for side in SIDES}
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"


def _take_as_json(take: Take) -> dict[str, Any]:
    return {
        "program": take.program,
        "sha256": dict(take.fingerprints),
        "symptom": take.symptom,
        "message": take.message,
        "likely": take.likely,
        "there": list(take.there),
        "turns": [
            {
                "acts": [_event_as_json(event) for event in turn.acts],
                "then": [_event_as_json(event) for event in turn.then],
                **({"goes_on": True} if turn.goes_on else {}),
            }
            for turn in take.turns
        ],
    }


def _take_from_json(fields: Mapping[str, Any]) -> Take:
    return Take(
        program=fields["program"],
        fingerprints=fields["sha256"],
        symptom=fields["symptom"],
        message=fields["message"],
        likely=fields["likely"],
        there=tuple(fields["there"]),
        turns=tuple(
            Turn(
                tuple(event_from_json({"t": 0.0, **event}) for event in turn["acts"]),
                tuple(event_from_json({"t": 0.0, **event}) for event in turn["then"]),
                turn.get("goes_on", False),
            )
            for turn in fields["turns"]
        ),
    )


def _event_as_json(event: Event) -> dict[str, Any]:
    fields = event_as_json(event)
    del fields["t"]
    return fields
