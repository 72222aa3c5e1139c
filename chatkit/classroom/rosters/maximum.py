"""How many points a learning platform allows at most, as its file writes it."""

import re
from dataclasses import dataclass

WHOLE = re.compile(r"\d{1,9}")
PARTED = re.compile(r"(?P<whole>\d{1,9})(?P<sign>[.,])(?P<part>\d+)")
THOUSANDS = re.compile(
    r"(?P<whole>\d{1,3}(,\d{3}){1,2})(?P<sign>\.)(?P<part>\d+)"
    r"|(?P<whole2>\d{1,3}(\.\d{3}){1,2})(?P<sign2>,)(?P<part2>\d+)"
)


@dataclass(frozen=True)
class Most:
    """The points that a platform allows at most in a cell."""

    points: float
    sign: str  # what parts the decimals: "." or ","; empty in a whole number


def read_most(text: str) -> Most | None:
    """What a cell such as "100.00", "10" or "1.000,00" says.

    None when it is not a number above 0, or "1,000", which is one or a thousand.
    """
    plain = re.sub(r"\s", "", text)
    if WHOLE.fullmatch(plain):
        found = Most(float(plain), "")
    elif parted := PARTED.fullmatch(plain):
        whole, sign, part = parted["whole"], parted["sign"], parted["part"]
        if len(part) == 3 and len(whole) <= 3 and int(whole):
            return None
        found = Most(float(f"{whole}.{part}"), sign)
    elif parted := THOUSANDS.fullmatch(plain):
        whole = re.sub(r"\D", "", parted["whole"] or parted["whole2"])
        sign, part = parted["sign"] or parted["sign2"], parted["part"] or parted["part2"]
        found = Most(float(f"{whole}.{part}"), sign)
    else:
        return None
    return found if found.points > 0 else None
