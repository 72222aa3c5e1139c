"""A transcript drawn as lanes: one for the program, one for each peer, time from top to bottom.

      alice                 server.py                 bob
0.000 ├─ connect ──────────▶│
0.004 ├─ b'hel' ───────────▶│
"""

from collections.abc import Sequence
from dataclasses import replace

from chatkit.bench.transcript import Event

WIDTH = 80
MOST_PEERS = 3
MOST_ROWS = 24
CLOCK = 8  # columns for the time


def draw(events: Sequence[Event], program: str, *, whole: bool = False) -> list[str]:
    """The rows of the drawing. `program` is the file under test: "server.py" or "client.py".

    A long story is shortened, unless it is to be drawn `whole`.
    """
    if not events:
        return []
    lane = program.removesuffix(".py")
    peers = list(dict.fromkeys(who for event in events for who in (event.source, event.target)))
    peers = [who for who in peers if who and who != lane]
    shown = _last_talkers(events, lane, peers)
    seen = [e for e in events if {e.source, e.target} & set(shown) or not e.source]
    rows = list(seen) if whole else _shortened(_joined(seen))
    lanes = [shown[0], lane, *shown[1:]] if shown else [lane]
    gap = (WIDTH - CLOCK - 4) // max(2, len(lanes) - 1)
    place = {who: CLOCK + number * gap for number, who in enumerate(lanes)}
    drawn = [_names(place, {lane: program})]
    for row in rows:
        drawn.append(row if isinstance(row, str) else _arrow(row, place, gap))
        if not isinstance(row, str) and row.text and row.kind == "data":
            remark = f"↑ {row.text}"[: WIDTH - 2 - CLOCK]
            drawn.append(" " * min(place[row.target], WIDTH - 2 - len(remark)) + remark)
    if len(shown) < len(peers):
        drawn.append(" " * CLOCK + f"(peers not shown: {len(peers) - len(shown)})")
    return drawn


def _last_talkers(events: Sequence[Event], lane: str, peers: list[str]) -> list[str]:
    recent: list[str] = []
    for event in reversed(events):
        for who in (event.source, event.target):
            if who and who != lane and who not in recent:
                recent.append(who)
    return [who for who in peers if who in recent[:MOST_PEERS]]


def _joined(events: list[Event]) -> list[Event]:
    """Runs of many small pieces in one direction become one row."""
    joined: list[Event] = []
    count = 0
    for event in events:
        last = joined[-1] if joined else None
        same = last and (last.source, last.target, last.kind) == (
            event.source,
            event.target,
            event.kind,
        )
        if last and same and event.kind == "data" and not last.text and not event.text:
            count += 1
            if count >= 3:
                joined[-1] = replace(last, bytes=f"{joined[-1].bytes.split(' … ')[0]} … and more")
                continue
        else:
            count = 0
        joined.append(event)
    return joined


def _shortened(events: list[Event]) -> list[Event | str]:
    if len(events) <= MOST_ROWS:
        return list(events)
    head, tail = MOST_ROWS // 3, MOST_ROWS - MOST_ROWS // 3
    between = f"{'':{CLOCK}}… {len(events) - head - tail} more steps …"
    return [*events[:head], between, *events[-tail:]]


def _names(place: dict[str, int], names: dict[str, str]) -> str:
    row = ""
    for who, at in place.items():
        row = row.ljust(at) + names.get(who, who)
    return row


def _arrow(event: Event, place: dict[str, int], gap: int) -> str:
    clock = f"{event.t:7.3f} "
    if event.source not in place or event.target not in place:
        return clock + event.text
    row = [" "] * (max(place.values()) + 1)
    for at in place.values():
        row[at] = "│"
    start, end = place[event.source], place[event.target]
    left, right = min(start, end), max(start, end)
    if event.kind == "note":
        label = f" {event.text} "
        at = start + 1 if start == max(place.values()) else start + 2
        if at + len(label) > WIDTH:  # then it stands to the left, over the lanes there
            at = max(CLOCK, WIDTH - 1 - len(label))
        row[at:] = list(label.ljust(len(row) - at)) if at < len(row) else list(label)
        return (clock + "".join(row)[CLOCK:]).rstrip()
    missing = event.kind == "missing"
    line = "╌" if missing else "─"
    for at in range(left + 1, right):
        row[at] = line
    if missing:
        row[start], row[end] = "│", "│"
        row[end - 1 if end > start else end + 1] = "✗"
    else:
        row[start] = "├" if end > start else "┤"
        row[end - 1 if end > start else end + 1] = "▶" if end > start else "◀"
    label = f" {wording(event)} "
    room = right - left - 3
    if len(label) > room:
        label = label[: room - 2] + "… "
    at = left + 2 if end > start else right - 1 - len(label)
    row[at : at + len(label)] = list(label)
    return clock + "".join(row)[CLOCK:].rstrip()


def wording(event: Event) -> str:
    """What stands at the arrow of an event: its bytes as Python writes them, or what happened."""
    if event.kind == "missing":
        return f"b'{event.bytes}' never came" if event.bytes else f"{event.text} never came"
    if event.kind == "data":
        quote = '"' if "'" in event.bytes else "'"
        return f"b{quote}{event.bytes}{quote}"
    return {"end": "end of stream", "accept": "accepted"}.get(event.kind, event.kind)
