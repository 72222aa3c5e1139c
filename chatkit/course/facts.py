"""The entries of a TOML file, each of the type that it must have."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chatkit.course.errors import CourseError

KINDS = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


class Facts:
    """One table of a TOML file. Every entry is asked for by its type; the rest is unknown."""

    def __init__(self, file: Path, table: Mapping[str, Any], where: str = "") -> None:
        self.file = file
        self.table = table
        self.where = where  # which table of the file this is, for messages: "todo 2: "
        self.asked: set[str] = set()

    def text(self, name: str, default: str | None = None) -> str:
        found: str = self._entry(name, str, default)
        return found

    def number(self, name: str) -> int:
        found: int = self._entry(name, int, None)
        return found

    def flag(self, name: str, default: bool) -> bool:
        found: bool = self._entry(name, bool, default)
        return found

    def texts(self, name: str, *, may_lack: bool = False) -> tuple[str, ...]:
        """A list of texts; with `may_lack`, none when it is not there. Raises CourseError."""
        found: list[Any] = self._entry(name, list, [] if may_lack else None)
        for one in found:
            if type(one) is not str:
                self._wrong(f"{name} must be a list of texts, and {one!r} is none")
        return tuple(found)

    def words(self, name: str) -> dict[str, str]:
        """A table of texts; empty when it is not there."""
        found: dict[str, Any] = self._entry(name, dict, {})
        for key, one in found.items():
            if type(one) is not str:
                self._wrong(f"{name}.{key} must be text, not {_shown(one)}")
        return dict(found)

    def tables(self, name: str) -> list["Facts"]:
        """The tables of a list such as [[todo]]; none when it is not there."""
        found: list[Any] = self._entry(name, list, [])
        for one in found:
            if type(one) is not dict:
                self._wrong(f"write {name} as tables: [[{name}]]")
        return [
            Facts(self.file, one, f"{self.where}{name} {turn}: ")
            for turn, one in enumerate(found, start=1)
        ]

    def done(self) -> None:
        """Everything has been asked for. Raises CourseError for an entry that nobody knows."""
        for name in self.table:
            if name not in self.asked:
                near = get_close_matches(name, self.asked, n=1)
                guess = f"did you mean {near[0]}?" if near else "take it out"
                self._wrong(f"no entry is called {name!r}: {guess}")

    def _entry(self, name: str, kind: type, default: Any) -> Any:
        self.asked.add(name)
        if name not in self.table and default is not None:
            return default
        if name not in self.table:
            self._wrong(f"the entry {name!r} is missing")
        found = self.table[name]
        if type(found) is not kind:  # True is not a number here
            self._wrong(f"{name} must be {KINDS[kind]}, not {_shown(found)}")
        return found

    def _wrong(self, what: str) -> None:
        raise CourseError(f"{self.file}: {self.where}{what}")


def read_facts(file: Path) -> Facts:
    """The entries of `file`. Raises CourseError when it cannot be read or is no TOML."""
    try:
        return Facts(file, tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{file}: {error}") from None


def _shown(value: Any) -> str:
    return f"{KINDS.get(type(value), 'something else')} ({value!r})"
