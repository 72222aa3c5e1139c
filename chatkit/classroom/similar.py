"""Which programs of a class look alike: found here, judged by nobody but the instructor.

Each program becomes a row of tokens in which every name, text and number is the same, and layout,
comments and docstrings are gone: renaming and rewording change nothing. The library copydetect
compares the rows. What the lesson's starters and given programs hold does not count.
"""

import builtins
import codecs
import io
import itertools
import keyword
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatkit._errors import UserError
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import Lesson

# Measured on the kit's own programs; `docs/instructors/honesty.md` has the figures.
IN_A_ROW = 12  # fewer tokens in a row that are the same say nothing
LEAST = 100  # tokens alike: less is a TODO or two, and most students solve those the same way
THRESHOLD = (
    70  # per cent; independent designs stay below, copies with a new line here and there above
)
LONGEST = 100_000  # characters of a program; the longest of the course has 13,000

SOLUTION = "the published solution"
MISSING = (
    "this needs the library copydetect. In the clone of the kit: pip install --editable "
    '".[similarity]"'
)
NO_TEXT = "it is not text"
TOO_LONG = f"it has more than {LONGEST:,} characters"
TOO_LITTLE = f"beside the starter it has fewer than {LEAST} tokens of its own"

TOKEN = re.compile(
    r"""
    (?P<skip> \s+ | \#[^\n]* )
  | (?P<text> [rbfu]{0,2} (?: \"{3} (?:\\.?|[^\\])*? (?:\"{3}|\Z)
                            | '{3} (?:\\.?|[^\\])*? (?:'{3}|\Z)
                            | "(?:\\.|[^"\\\n])*"?
                            | '(?:\\.|[^'\\\n])*'? ) )
  | (?P<number> \d[\w.]* )
  | (?P<name> \w+ )
  | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# Words that cannot be renamed keep a letter of their own, from the range that no text uses.
WORDS = {
    word: chr(0xE000 + number)
    for number, word in enumerate(dict.fromkeys([*keyword.kwlist, *dir(builtins)]))
}
NAME, TEXT, NUMBER = "n", "s", "0"


class SimilarityError(UserError):
    """Programs cannot be compared; the message is one line that says what to do."""


@dataclass(frozen=True)
class Side:
    """One of two programs that look alike."""

    student: str  # the student's id; empty for the published solution
    name: str  # as people read it; may hold anything
    text: str
    share: float  # how much of what is its own stands in the other as well: 0 to 1
    alike: tuple[tuple[int, int], ...]  # where in the text: first character, and the one behind

    @property
    def label(self) -> str:
        """The name, with the id where that is another: two students may have one name."""
        return self.name if self.student in ("", self.name) else f"{self.name} ({self.student})"


@dataclass(frozen=True)
class Pair:
    """Two programs that look alike. `second` may be the published solution, `first` never is."""

    lesson: str
    program: str
    tokens: int  # how many are alike
    first: Side
    second: Side
    near_solution: bool = False  # both students' programs look like the published solution too

    @property
    def share(self) -> float:
        """The larger share: code that was put around a copy must not hide it."""
        return max(self.first.share, self.second.share)


@dataclass(frozen=True)
class LeftOut:
    """A program that was not compared."""

    lesson: str
    program: str
    name: str
    why: str


@dataclass(frozen=True)
class Findings:
    """What was found in a class."""

    pairs: tuple[Pair, ...]  # the most alike first
    left_out: tuple[LeftOut, ...]
    programs: int  # how many were compared, the published solutions among them
    threshold: int  # per cent


@dataclass(frozen=True)
class _Work:
    """One program, ready to be compared."""

    student: str
    name: str
    text: str
    places: list[tuple[int, int]]  # of each token in the text
    prints: Any  # copydetect's CodeFingerprint


def find_similar(
    submissions: Sequence[Submission],
    lessons: Sequence[Lesson],
    threshold: int = THRESHOLD,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Findings:
    """Compare what the lessons ask for, each program with the same program of everybody else.

    A pair is found when one of the two shares `threshold` per cent of its own tokens with the
    other, and at least LEAST of them. `advance` is told how many comparisons are done, and how many
    there are. Raises SimilarityError when copydetect is missing, or a starter cannot be read.
    """
    library = load_library()
    left_out: list[LeftOut] = []
    tasks = []
    for lesson in lessons:
        starter = _starter(lesson, library)
        for program in lesson.asked:
            works = []
            for student, name, path in _files(submissions, lesson, program):
                found = _work(student, name, path, starter, library)
                if isinstance(found, _Work):
                    works.append(found)
                else:
                    left_out.append(LeftOut(lesson.name, program, name, found))
            tasks.append((lesson, program, works))
    total = sum(len(works) * (len(works) - 1) // 2 for _, _, works in tasks)
    done = itertools.count(1)
    pairs: list[Pair] = []
    for lesson, program, works in tasks:
        here = []
        for first, second in itertools.combinations(works, 2):
            pair = _pair(lesson, program, first, second, library)
            if pair.tokens >= LEAST and round(100 * pair.share, 6) >= threshold:
                here.append(pair)
            advance(next(done), total)
        near = {pair.first.student for pair in here if not pair.second.student}
        pairs += [
            replace(pair, near_solution={pair.first.student, pair.second.student} <= near)
            for pair in here
        ]
    # Where many copied the solution, the pairs that say so stand before those that follow from it.
    pairs.sort(key=lambda pair: (-pair.share, pair.second.student != "", -pair.tokens))
    compared = sum(len(works) for _, _, works in tasks)
    return Findings(tuple(pairs), tuple(left_out), compared, threshold)


def load_library() -> Any:
    """The module copydetect, which says nothing while it is loaded. Raises SimilarityError."""
    try:
        # It loads a library for drawings that may talk of fonts. Nothing is drawn here.
        silence = io.StringIO()
        with redirect_stdout(silence), redirect_stderr(silence), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import copydetect
    except ImportError:
        raise SimilarityError(MISSING) from None
    except Exception as error:  # whatever else is wrong in there is no traceback of ours
        line = " ".join(str(error).split())
        raise SimilarityError(f"the library copydetect does not start: {line}") from None
    return copydetect


def _files(
    submissions: Sequence[Submission], lesson: Lesson, program: str
) -> Iterator[tuple[str, str, Path]]:
    """Id, name and file of all students who have the program; then the published solution's."""
    found = False
    for one in submissions:
        folder = one.lessons.get(lesson.name)
        if folder and _is_plain(folder / program):
            found = True
            yield one.student, one.name, folder / program
    if found and _is_plain(lesson.solutions / program):  # a hand-out has none
        yield "", SOLUTION, lesson.solutions / program


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _starter(lesson: Lesson, library: Any) -> list[int]:
    """The fingerprints of what the lesson gives: its starters, and programs to keep as they are."""
    found: set[int] = set()
    for program in lesson.programs:
        path = lesson.folder / program
        if _is_plain(path):
            text = read_program(path)
            if text is None:
                raise SimilarityError(f"the starter {path} cannot be read")
            found |= _prints(tokens(text)[0], [], library).hashes
    return sorted(found)  # each once: copydetect relies on it


def _work(student: str, name: str, path: Path, starter: list[int], library: Any) -> _Work | str:
    """One program, or why it is not compared."""
    if path.stat().st_size > 4 * LONGEST:  # no character takes more bytes
        return TOO_LONG
    text = read_program(path)
    if text is None:
        return NO_TEXT
    if len(text) > LONGEST:
        return TOO_LONG
    letters, places = tokens(text)
    prints = _prints(letters, starter, library)
    if prints.token_coverage < LEAST:
        return TOO_LITTLE
    return _Work(student, name, text, places, prints)


def _prints(letters: str, starter: list[int], library: Any) -> Any:
    # A window of 1 keeps every fingerprint: the programs are short, and none may be missed. What a
    # program repeats counts once: with a starter to leave out, copydetect drops the repetitions.
    return library.CodeFingerprint(
        "program", IN_A_ROW, 1, boilerplate=starter, filter=False, fp=io.StringIO(letters)
    )


def _pair(lesson: Lesson, program: str, first: _Work, second: _Work, library: Any) -> Pair:
    _, shares, slices = library.compare_files(first.prints, second.prints)
    sides = []
    counts = []
    for work, share, found in zip((first, second), shares, slices, strict=True):
        runs = [(int(start), int(end)) for start, end in zip(*found, strict=True)] if share else []
        counts.append(sum(end - start for start, end in runs))
        places = tuple((work.places[start][0], work.places[end - 1][1]) for start, end in runs)
        sides.append(Side(work.student, work.name, work.text, float(share), places))
    return Pair(lesson.name, program, min(counts), sides[0], sides[1])


def read_program(path: Path) -> str | None:
    """The text of a program in UTF-8, UTF-16 with its mark, or an old encoding; None for no text.

    Line ends are plain. In an old encoding a letter in a comment may come out as another; what is
    compared stays the same.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")  # takes every byte
    return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")


def tokens(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The program as a row of tokens, one letter each, and where in the text each stands.

    Any text will do: what is not Python gives tokens as well.
    """
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    fresh = True  # nothing but spaces on this line so far
    for found in TOKEN.finditer(text):
        kind, written = found.lastgroup, found.group()
        if kind == "skip":
            fresh = fresh or "\n" in written
            continue
        if kind == "text" and fresh and written.endswith(('"""', "'''")):
            continue  # a docstring is a comment
        fresh = False
        if kind == "name":
            letters.append(WORDS.get(written, NAME))
        else:
            letters.append({"text": TEXT, "number": NUMBER}.get(kind or "", written))
        places.append(found.span())
    return "".join(letters), places
