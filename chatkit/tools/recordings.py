"""Recordings of a tap: one event a line, as JSON in the form of a verdict's transcript."""

import contextlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from chatkit._errors import UserError
from chatkit._text import visible
from chatkit.bench.transcript import Event
from chatkit.grading.verdict import (
    LessonVerdict,
    Verdict,
    event_as_json,
    event_from_json,
    lesson_from_json,
)

MOST = 10_000  # events of one recording
LARGEST = 64 << 20  # bytes of a file that is read
KINDS: dict[type, dict[str, Any]] = {
    form: get_type_hints(form) for form in (Event, Verdict, LessonVerdict)
}


class RecordingError(UserError):
    """A recording cannot be written or read; the message is one line that says what to do."""


class Recording:
    """Writes events to a file. Each is on the disk before the next one comes."""

    def __init__(self, path: Path) -> None:
        """Begin a recording at `path`. An earlier one is replaced, nothing else.

        Raises RecordingError.
        """
        self.path = path
        self.count = 0
        self.trouble = ""  # why the recording stopped before its end
        try:
            if path.exists() and path.stat().st_size and not is_recording(path):
                raise RecordingError(
                    f"{path} is there already and is not a recording: choose another"
                )
            self.file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise RecordingError(f"cannot write {path}: {error.strerror}") from None

    def add(self, event: Event) -> None:
        """Write one event. What cannot be written is said in `trouble`, once and for all."""
        if self.trouble:
            return
        if self.count == MOST:
            self.trouble = f"it is full: {MOST:,} events"
            return
        try:
            self.file.write(json.dumps(event_as_json(event), ensure_ascii=True) + "\n")
            self.file.flush()
            self.count += 1
        except OSError as error:
            self.trouble = str(error.strerror)

    def close(self) -> None:
        """End the recording."""
        try:
            self.file.close()
        except OSError as error:  # a full disk tells here what it has not told before
            self.trouble = str(error.strerror)


def is_recording(path: Path) -> bool:
    """Whether the first line of a file is an event."""
    with path.open("rb") as file:
        first = file.readline(1 << 16)
    try:
        as_event(json.loads(first))
    except (ValueError, KeyError, TypeError):
        return False
    return True


def read(data: bytes, name: str) -> tuple[list[Event], list[LessonVerdict]]:
    """What a file holds: the events of a recording, or else the verdicts of `check --json`.

    A last line that is not whole is left out. `name` is what messages call the file. All texts are
    fit to be shown. Raises RecordingError.
    """
    if not data.strip():
        raise RecordingError(f"{name} is empty")
    try:
        text = data.decode("utf-8")
        try:
            whole = json.loads(text, parse_constant=float)
        except ValueError:
            whole = None
        if isinstance(whole, dict) and "lessons" in whole:
            lessons = [as_lesson(clean(lesson)) for lesson in whole["lessons"]]
            if not any(lesson.checks for lesson in lessons):
                raise ValueError("there is no verdict in it")
            return [], lessons
        if whole is not None:
            return [as_event(clean(whole))], []
        *lines, last = text.rstrip("\n").split("\n")
        events = [as_event(clean(json.loads(line))) for line in lines]
        with contextlib.suppress(ValueError):
            events.append(as_event(clean(json.loads(last))))
        if events:
            return events, []
        raise ValueError("there is no event in it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RecordingError(
            f"{name} is neither a recording of chatkit tap nor output of chatkit check --json"
        ) from None


def as_event(fields: Mapping[str, Any]) -> Event:
    """The event that a line of a recording holds. Raises KeyError, TypeError or ValueError."""
    event = event_from_json(fields)
    well_formed(event)
    return event


def as_lesson(fields: Mapping[str, Any]) -> LessonVerdict:
    """The verdicts of a lesson in the form of `check --json`.

    Raises KeyError, TypeError or ValueError.
    """
    lesson = lesson_from_json(fields)
    well_formed(lesson)
    return lesson


def well_formed(record: Event | Verdict | LessonVerdict) -> None:
    """See that every field of `record` is of the kind that it must be, and what is inside too.

    JSON says so of nothing, and what draws a record counts on it. Raises TypeError, ValueError.
    """
    for name, wanted in KINDS[type(record)].items():
        value = getattr(record, name)
        kind = get_origin(wanted) or wanted
        if kind is Literal:
            if value not in get_args(wanted):
                raise ValueError(f"{name} cannot be {value!r}")
        elif kind is float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{name} is not a number")
            if not math.isfinite(value):
                raise ValueError(f"{name} is not a number")
        elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"{name} is no {kind.__name__}")
        elif kind is tuple:
            for one in value:
                if isinstance(one, Event | Verdict):
                    well_formed(one)
                elif not isinstance(one, get_args(wanted)[0]):
                    raise TypeError(f"{name} holds something else")


def clean(value: Any) -> Any:
    """JSON data with every text made `visible`: a terminal obeys control characters."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value
