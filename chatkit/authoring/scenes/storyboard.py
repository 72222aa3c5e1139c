"""The steps of a scene, right and wrong beside each other, and each of them in words.

Both sides play the same script, so their turns stand beside each other. A turn is one step for what
somebody does, and a second one for what comes of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chatkit.authoring.scenes.scenes import SceneRecording, Take
from chatkit.bench.sequence import wording
from chatkit.bench.transcript import Event

DOES = {
    "connect": "connects",
    "half-close": "half-closes the connection",
    "end": "closes the connection",
    "reset": "resets the connection",
}
ENDS = {"end": "closes", "reset": "resets", "refused": "refuses"}


@dataclass(frozen=True)
class Moment:
    """What one side shows in one step."""

    events: tuple[Event, ...]  # empty: nothing arrives
    goes_on: bool = False  # the turn came again and again
    ends: str = ""  # here the check ends, because of this

    @property
    def waited_in_vain(self) -> bool:
        """Whether the check has waited for something, and nothing more was to come."""
        return bool(self.ends) and any(event.kind == "missing" for event in self.events)


@dataclass(frozen=True)
class SceneStep:
    """One step of a scene. A side whose check has ended before has no moment."""

    right: Moment | None
    wrong: Moment | None


def steps(recording: SceneRecording) -> list[SceneStep]:
    """All steps of a scene, in order."""
    right, wrong = (moments(recording.takes[side]) for side in ("right", "wrong"))
    if wrong:
        last = max(number for number, moment in wrong.items() if moment.events)
        wrong = {number: moment for number, moment in wrong.items() if number <= last}
        wrong[last] = replace(wrong[last], ends=recording.takes["wrong"].message)
    found = [
        SceneStep(right.get((turn, part)), wrong.get((turn, part)))
        for turn in range(len(right) + len(wrong))
        for part in (0, 1)
    ]
    return [step for step in found if shows_anything(step)]


def moments(take: Take) -> dict[tuple[int, int], Moment]:
    """The moments of a side: (number of the turn, 0) is the act, (number, 1) what comes of it."""
    found: dict[tuple[int, int], Moment] = {}
    for number, turn in enumerate(take.turns):
        found[number, 0] = Moment(turn.acts, turn.goes_on and not turn.then)
        found[number, 1] = Moment(turn.then, turn.goes_on and bool(turn.then))
    return found


def shows_anything(step: SceneStep) -> bool:
    """Whether anything happens in this step, on one side at least."""
    return any(moment and moment.events for moment in (step.right, step.wrong))


def in_words(moment: Moment, program: str) -> str:
    """What happens, as sentences; code stands between backquotes. `program` is its file name."""
    sentences = list(_sentences(moment.events, program)) or ["Nothing arrives."]
    if moment.goes_on:
        sentences.append("And so on, line after line.")
    if moment.waited_in_vain:
        sentences.append("Nothing else arrives.")
    if moment.ends:
        sentences.append(f"Here the check ends: {moment.ends}.")
    return " ".join(sentences)


def _sentences(events: Sequence[Event], program: str) -> Iterable[str]:
    lane = program.removesuffix(".py")
    seen: list[Event] = []
    for event in events:
        same = [e for e in events if (e.source, e.kind, e.bytes) == key(event)]
        if event in seen:
            continue
        if event.source != lane and event.kind == "data":
            same = [e for e in events if e.source == event.source and e.kind == "data"]
            yield capital(f"{event.source} sends {listed(code(e) for e in same)}{in_turn(same)}")
        elif event.source != lane:
            yield capital(f"{event.source} {event.text or DOES[event.kind]}.")
        else:
            yield program_does(same, program)
        seen += same
    for event in events:
        if event.text and event.kind == "data":
            yield capital(f"{event.text}.")


def key(event: Event) -> tuple[str, str, str]:
    """What two events share that one sentence can tell."""
    return event.source, event.kind, event.bytes


def program_does(events: Sequence[Event], program: str) -> str:
    """One sentence about the same thing that the program does to several peers."""
    event, to = events[0], listed(e.target for e in events)
    if event.kind == "missing":
        what = code(event) if event.bytes else f"the {event.text}"
        return f"{what} never comes to {to}."
    if event.kind == "data":
        return f"{program} sends {code(event)} to {to}."
    return f"{program} {ENDS[event.kind]} the connection of {to}."


def in_turn(events: Sequence[Event]) -> str:
    return ", one after the other." if len(events) > 1 else "."


def code(event: Event) -> str:
    """The bytes of an event as Python writes them, between backquotes."""
    return f"`{wording(replace(event, kind='data'))}`"


def capital(sentence: str) -> str:
    """The sentence with a capital letter in front."""
    return sentence[:1].upper() + sentence[1:]


def listed(words: Iterable[str]) -> str:
    """Words as a list: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def at_first(take: Take) -> str:
    """Who is there before the first step."""
    if not take.there:
        return "Nobody is connected."
    are = "is" if len(take.there) == 1 else "are"
    return capital(f"{listed(take.there)} {are} connected.")
