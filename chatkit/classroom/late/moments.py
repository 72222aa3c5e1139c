"""Times as learning platforms write them, and as people read them.

A platform writes local times without a zone. They are read in the zone of the class.
"""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo

# The first letters of the months, as Moodle and Brightspace write them in English, German, French
# and Spanish. Moodle: userdate() with "strftimedaydatetime" of langconfig.php, which is
# "%A, %d %B %Y, %I:%M %p" in English, "%A, %d. %B %Y, %H:%M" in German, "%A %d %B %Y, %H:%M" in
# French and "%A, %d de %B de %Y, %H:%M" in Spanish (projectestac/moodle-langpacks, 6340d351).
MONTHS = (
    ("jan", "ene"),
    ("feb", "fev"),
    ("mar", "mrz"),
    ("apr", "avr", "abr"),
    ("may", "mai"),
    ("jun", "juin"),
    ("jul", "juil"),
    ("aug", "aou", "ago"),
    ("sep",),
    ("oct", "okt"),
    ("nov",),
    ("dec", "dez", "dic"),
)
CLOCK = re.compile(
    r"(?P<hour>\d{1,2})[:.h]?(?P<minute>\d{2})(:(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m)?", re.I
)
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(Z|[+-]\d{2}:?\d{2})?")


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """The time that `text` says, in UTC; None when it says none that is certain.

    Understood: "2026-03-02T23:05:00Z", "Monday, 2 March 2026, 11:05 PM", "Montag, 2. März 2026,
    23:05", "Mar 2, 2026 1105 PM". A time without a zone is one of `zone`. "03/02/2026" is not
    understood: it is a day in March or in February.
    """
    text = " ".join(text.split())
    if found := ISO.search(text):
        year, month, day, hour, minute, second = (int(one or 0) for one in found.groups()[:6])
        given = found[7]
        try:
            moment = datetime(year, month, day, hour, minute, second)
        except ValueError:
            return None
        if given:
            offset = "+00:00" if given == "Z" else given
            return datetime.fromisoformat(moment.isoformat() + offset).astimezone(UTC)
        return moment.replace(tzinfo=zone).astimezone(UTC)
    return _in_words(text, zone)


def _in_words(text: str, zone: tzinfo) -> datetime | None:
    plain = "".join(
        one
        for one in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(one)
    )
    year = re.search(r"\b(19|20)\d{2}\b", plain)
    if not year:
        return None
    before, after = plain[: year.start()], plain[year.end() :]
    months = [at for word in re.findall(r"[a-z]+", before) if (at := _month(word))]
    if not months:
        return None
    month = months[-1]  # "mar. 5 mai" begins with a Tuesday
    day = re.search(r"\b(\d{1,2})\b", before)
    clock = CLOCK.search(after)
    if not day or not clock:
        return None
    hour = int(clock["hour"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].startswith("p") else 0)
    try:
        moment = datetime(
            int(year[0]), month, int(day[1]), hour, int(clock["minute"]), int(clock["second"] or 0)
        )
    except ValueError:
        return None
    return moment.replace(tzinfo=zone).astimezone(UTC)


def _month(word: str) -> int:
    """The number of the month that `word` names; 0 for any other word.

    "mars" is March; "mardi" and "martes" are Tuesdays.
    """
    if word in ("mardi", "martes", "sabado", "samedi"):
        return 0
    for number, starts in enumerate(MONTHS, 1):
        if any(word.startswith(start) and len(word) >= 3 for start in starts):
            return number
    return 0


def shown(moment: datetime, zone: tzinfo) -> str:
    """`moment` for people: "Mon 2026-03-02 23:05 (Europe/Berlin)"."""
    local = moment.astimezone(zone)
    return f"{local:%a %Y-%m-%d %H:%M} ({zone})"


def span(seconds: float) -> str:
    """A length of time for people: "2 days 3 h", "5 min"."""
    minutes = int(seconds // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{days} day{'s' if days != 1 else ''}" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part) or "less than a minute"
