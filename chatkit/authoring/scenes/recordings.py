"""Record a scene: grade one check with both programs, and bring the transcripts into turns."""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from chatkit.authoring.clone import Clone
from chatkit.authoring.samples import sample_in
from chatkit.authoring.scenes.scenes import (
    PROGRAMS,
    SIDES,
    NumberedEvent,
    Scene,
    SceneRecording,
    Take,
    Turn,
    fingerprints,
)
from chatkit.bench.transcript import LONGEST, Event
from chatkit.course.errors import CourseError
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import Verdict

SEED = "scenes"  # fixes the random words
NUMBER = re.compile(r"(?<![-\w])\d+\b")  # a number of its own, not the end of a random word
RUN = re.compile(r"((.)\2{3})\2+(?: … [\d,]+ bytes … )?\2*")  # a filling, such as xxxxxxxx
FRONT = 40  # characters that are kept of bytes whose end is chance


def record(clone: Clone, scene: Scene, *, delays: bool = False) -> SceneRecording:
    """Play the scene with both programs. It takes seconds.

    With `delays` the bench stands still at random moments: the recording must be the same.
    Raises CourseError when the verdicts are not what they must be, or a place is not there.
    """
    takes = {side: _take(clone, scene, side, delays) for side in SIDES}
    return SceneRecording(scene.recipe(), takes)


def _take(clone: Clone, scene: Scene, side: str, delays: bool) -> Take:
    verdict = _verdict(clone, scene, side, delays)
    transcript = [brief(event) for event in verdict.transcript]
    shown = cut_out(transcript, scene, ends=side == "wrong")
    before = transcript[: _find(transcript, scene.begin)]
    connecting = {event.source for event in shown if event.kind == "connect"}
    there = {event.source for event in before if event.kind == "connect"} - connecting
    programs = fingerprints(scene, clone, side)
    folder = scene.folder(clone, side).relative_to(clone.root).as_posix()
    return Take(
        program=f"{folder}/{verdict.program}",
        fingerprints=programs,
        symptom=verdict.symptom,
        message=verdict.message,
        likely=verdict.likely,
        there=tuple(who for who in scene.cast if who in there),
        turns=tuple(shortened(turns(shown, scene.cast))),
    )


def _verdict(clone: Clone, scene: Scene, side: str, delays: bool) -> Verdict:
    folder = scene.folder(clone, side)
    if not folder.is_dir():
        raise CourseError(f"{scene.id}: there is no folder {folder.name!r} with programs")
    sample = sample_in(folder, scene.lesson)
    with tempfile.TemporaryDirectory() as room:
        [verdict] = grade_lesson(
            scene.lesson,
            sample.laid_out(Path(room)),
            RunOptions(only=(scene.check,), seed=SEED, delays=delays, whole=True),
        ).checks
    wanted = sample.outcome()[scene.check] if side == "wrong" else "passed"
    got = verdict.symptom if verdict.status == "failed" else verdict.status
    if got != wanted:
        raise CourseError(
            f"{scene.id}: {scene.check} says {got!r} of the {side} program, not {wanted!r}"
        )
    return verdict


def brief(event: Event) -> Event:
    """The event without its time, which differs each time, and with … in place of a filling."""
    return replace(event, t=0.0, bytes=RUN.sub(r"\1 … ", event.bytes))


def cut_out(events: Sequence[Event], scene: Scene, *, ends: bool) -> list[Event]:
    """The events that the scene shows. `ends`: the story may end before the scene's end.

    Raises CourseError when the scene's begin or end is not there.
    """
    first = _find(events, scene.begin)
    last = _find(events, scene.end) if scene.end else len(events)
    if first is None or (last is None and not ends):
        raise CourseError(f"{scene.id}: its begin or its end is not in what happened")
    shown = [event for event in events[first:last] if {event.source, event.target} <= {*scene.cast}]
    if not shown:
        raise CourseError(f"{scene.id}: nobody of its cast does anything")
    return shown


def _find(events: Sequence[Event], place: NumberedEvent) -> int | None:
    found = [n for n, e in enumerate(events) if (e.source, e.kind) == (place.who, place.kind)]
    return found[place.number - 1] if len(found) >= place.number else None


def turns(events: Iterable[Event], cast: Sequence[str]) -> list[Turn]:
    """The events as turns. An act is what a peer does; what the program does comes of it."""
    found: list[Turn] = []
    for event in events:
        if event.source in PROGRAMS:
            if not found:
                found.append(Turn((), ()))
            found[-1] = replace(found[-1], then=(*found[-1].then, event))
        elif found and found[-1].acts and is_a_piece(found[-1].acts[-1], event):
            found[-1] = replace(found[-1], acts=(*found[-1].acts, event))
        else:
            found.append(Turn((event,), ()))
    return [replace(turn, then=arrived(turn.then, cast)) for turn in found]


def is_a_piece(before: Event, event: Event) -> bool:
    """Whether the event goes on with the line of which `before` was a piece."""
    same = (before.source, before.kind) == (event.source, event.kind) == (event.source, "data")
    return same and not before.bytes.endswith("\\n")


def arrived(events: Iterable[Event], cast: Sequence[str]) -> tuple[Event, ...]:
    """What arrived, in the order of the lanes; the bytes for one peer joined."""
    found: list[Event] = []
    for event in sorted(events, key=lambda one: cast.index(one.target)):
        last = found[-1] if found else None
        if last and (last.target, last.kind) == (event.target, event.kind) == (last.target, "data"):
            found[-1] = replace(
                last, bytes=joined(last.bytes, event.bytes), text=last.text or event.text
            )
        else:
            found.append(event)
    return tuple(found)


def joined(first: str, second: str) -> str:
    """The bytes of two pieces; of many only the front, because where pieces end is chance."""
    if " … " not in first + second and len(first + second) <= LONGEST:
        return first + second
    return f"{first[:FRONT].split(' … ')[0]} … and more"


def shortened(story: Sequence[Turn]) -> list[Turn]:
    """The turns, each one once that comes again and again and differs only in a number.

    How often it comes can be chance: a program that gets stuck does so when buffers are full.
    """
    found: list[Turn] = []
    for turn in story:
        last = found[-1] if found else None
        if last and shape(last) == shape(turn):
            found[-1] = replace(last, goes_on=True)
            continue
        if last and last.goes_on and shape(replace(last, then=())) == shape(replace(turn, then=())):
            turn = Turn(tuple(map(numberless, turn.acts)), tuple(map(numberless, turn.then)))
        found.append(turn)
    return found


def shape(turn: Turn) -> tuple[object, ...]:
    """What two turns have in common that differ only in numbers."""
    return tuple(map(numberless, turn.acts)), tuple(map(numberless, turn.then))


def numberless(event: Event) -> Event:
    """The event with … for each number in its bytes."""
    return replace(event, bytes=NUMBER.sub("…", event.bytes))
