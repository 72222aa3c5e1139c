"""What the kit has put somewhere: a fingerprint of each file, to tell later what was edited.

Whoever replaces files of the kit asks a manifest first: `chatkit update` in a folder that `init`
made and in an unpacked hand-out, and `chatkit author sync`. A clone needs none: git knows.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


def same(one: bytes, other: bytes) -> bool:
    """Whether two texts are the same but for how their lines end, which editors change."""
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def fingerprint(data: bytes) -> str:
    """What `same` texts share, and no others: 64 hexadecimal digits."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


@dataclass(frozen=True)
class Fingerprints:
    """The files that were put somewhere, by name: "lessons/01_echo/server.py" -> fingerprint."""

    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Mapping[str, bytes]) -> "Fingerprints":
        """The manifest of these files, name -> content."""
        return cls({name: fingerprint(data) for name, data in sorted(entries.items())})

    def has(self, name: str, data: bytes) -> bool:
        """Whether the file of that name was put there with this content."""
        return self.files.get(name) == fingerprint(data)
