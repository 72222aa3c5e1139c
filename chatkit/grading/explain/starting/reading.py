"""Files that Python cannot read as a program, and files that are not there."""

import re
import sys

from chatkit.bench.evidence import Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.starting.starting import FIRST

UNREADABLE = ("SyntaxError", "IndentationError", "TabError")
CURLY = "“”„‘’‚«»´"
NOT_CODE = {
    "<<<<<<<": "a mark that git left where two versions did not fit together",
    "=======": "a mark that git left where two versions did not fit together",
    ">>>>>>>": "a mark that git left where two versions did not fit together",
    "```": "a mark from a web page or a chat, around a piece of code",
    ">>> ": "the prompt of Python's own shell, copied with the code",
    "$ ": "the prompt of a terminal, copied with the code",
    "!pip": "an order for a notebook or a terminal",
    "%": "an order for a notebook",
    "pip install": "an order for a terminal",
}
NEWER = re.compile(r"type \w+(\[.*\])? =|(async )?(def|class) \w+\[")


def syntax_error(seen: Seen) -> Raised | None:
    """What Python said about the student's own file, when it could not read it."""
    found = (error for error in seen.evidence.raised if error.kind in UNREADABLE and error.own)
    return next(found, None)


def kind_of(seen: Seen) -> str:
    """Which of the misconceptions below a syntax error is: its name, or ""."""
    error = syntax_error(seen)
    if error is None or error.own is None:
        return ""
    text = seen.source.line(error.own.line)
    if "Missing parentheses in call to" in error.text:
        return "python-2"
    if "multiple exception types must be parenthesized" in error.text:
        return "python-2"
    if error.kind == "TabError":
        return "tabs-and-blanks"
    if error.kind == "IndentationError":
        return "indentation"
    if any(text.startswith(mark) for mark in NOT_CODE):
        return "not-code"
    if "invalid character" in error.text and any(one in text for one in CURLY):
        return "curly-quotes"
    if sys.version_info < (3, 12) and NEWER.match(text):
        return "newer-python"
    if "was never closed" in error.text or "unterminated" in error.text:
        return "never-closed"
    if "null bytes" in error.text:
        return ""
    return "not-python"


@misconception(
    "python-2",
    "written for Python 2",
    think="How does this line look in a text that was written for Python 3?",
    read={},
    proofs=("01_echo/prints_as_python_2_did",),
    unlike="01_echo/typing_error",
)
def python_2(seen: Seen) -> str | None:
    """print was a statement: https://docs.python.org/3/whatsnew/3.0.html."""
    error = syntax_error(seen)
    if error is None or error.own is None or kind_of(seen) != "python-2":
        return None
    word = re.search(r"call to '(\w+)'", error.text)
    what = f"{word[1]} without parentheses" if word else '"except A, b"'
    return seen.at(
        error.own,
        f"is written for Python 2: it has {what}, and Python 3 cannot read that. Other "
        f"lines from the same place may be old, too. {FIRST}",
    )


@misconception(
    "tabs-and-blanks",
    "tabs and spaces are mixed",
    think="Can your editor show tabs, and turn them into four spaces?",
    read={},
    proofs=("01_echo/mixes_tabs_and_blanks",),
)
def tabs_and_blanks(seen: Seen) -> str | None:
    """TabError."""
    error = syntax_error(seen)
    if error is None or kind_of(seen) != "tabs-and-blanks":
        return None
    return seen.at(
        error.own,
        f"is not indented like the lines around it: some have tabs, some have spaces, "
        f"and Python cannot compare the two. {FIRST}",
    )


@misconception(
    "indentation",
    "a line begins too far to the left or to the right",
    think="Which line does this one belong to? How many spaces does the line above it begin with?",
    read={},
    proofs=("01_echo/wrong_indentation",),
)
def indentation(seen: Seen) -> str | None:
    """IndentationError, in Python's own words."""
    error = syntax_error(seen)
    if error is None or kind_of(seen) != "indentation":
        return None
    return seen.at(
        error.own,
        f"does not begin where Python expects it: {error.text}. Spaces at the beginning of a line "
        f"say what belongs together. {FIRST}",
    )


@misconception(
    "not-code",
    "something that is not Python was copied into the file",
    think="Where does this line come from?",
    read={},
    proofs=("01_echo/marks_of_git",),
)
def not_code(seen: Seen) -> str | None:
    """The line begins with a mark that no Python line begins with."""
    error = syntax_error(seen)
    if error is None or error.own is None or kind_of(seen) != "not-code":
        return None
    line = seen.source.line(error.own.line)
    what = next(told for mark, told in NOT_CODE.items() if line.startswith(mark))
    return seen.at(error.own, f"is not Python: {line[:30]!r} looks like {what}. {FIRST}")


@misconception(
    "curly-quotes",
    "typographic quotes were copied with the code",
    think="Which key makes a straight quote on your keyboard?",
    read={},
    proofs=("01_echo/curly_quotes",),
)
def curly_quotes(seen: Seen) -> str | None:
    """SyntaxError: invalid character, and the line has a quote of a text for people."""
    error = syntax_error(seen)
    if error is None or error.own is None or kind_of(seen) != "curly-quotes":
        return None
    line = seen.source.line(error.own.line)
    quote = next(one for one in line if one in CURLY)
    return seen.at(
        error.own,
        f"has the quote {quote}, which a web page or a word processor makes. Python knows only "
        f"\" and '. {FIRST}",
    )


@misconception(
    "newer-python",
    "written for a newer Python",
    think="Which Python do you use? Which one does the course use?",
    read={},
    proofs=(),
)
def newer_python(seen: Seen) -> str | None:
    """See https://docs.python.org/3/whatsnew/3.12.html: PEP 695."""
    error = syntax_error(seen)
    if error is None or kind_of(seen) != "newer-python":
        return None
    here = ".".join(map(str, sys.version_info[:2]))
    return seen.at(
        error.own,
        f"uses syntax that came with Python 3.12, and this is Python {here}. {FIRST}",
    )


@misconception(
    "never-closed",
    "a bracket or a quote is opened and never closed",
    think="Which bracket or quote of this line has no partner?",
    read={},
    proofs=("01_echo/bracket_is_never_closed",),
)
def never_closed(seen: Seen) -> str | None:
    """Python names the line where it was opened."""
    error = syntax_error(seen)
    if error is None or kind_of(seen) != "never-closed":
        return None
    what = f"opens a bracket: {error.text}" if "was never closed" in error.text else error.text
    begins = (
        "opens a bracket that is not closed" if what != error.text else "has a text without end"
    )
    return seen.at(error.own, f"{begins} (Python says: {error.text}). {FIRST}")


@misconception(
    "not-python",
    "a line is not Python",
    think="What is missing, or too much, in this line or at the end of the line above it?",
    read={},
    proofs=("01_echo/typing_error",),
    unlike="01_echo/prints_as_python_2_did",
)
def not_python(seen: Seen) -> str | None:
    """Any other syntax error, in Python's own words."""
    error = syntax_error(seen)
    if error is None or kind_of(seen) != "not-python":
        return None
    return seen.at(
        error.own,
        f"is where Python gave up reading: {error.text}. It reads the whole file before it runs "
        f"the first line. {FIRST}",
    )


@misconception(
    "other-encoding",
    "the file is not saved as UTF-8",
    think="How does your editor save a file as UTF-8?",
    read={},
    proofs=("01_echo/saved_as_latin_1", "01_echo/saved_as_utf_16"),
)
def other_encoding(seen: Seen) -> str | None:
    """Python reads UTF-8: https://docs.python.org/3/reference/lexical_analysis.html."""
    said = seen.evidence.errors
    found = re.search(
        r"SyntaxError: .*(Non-UTF-8 code starting with '(.*?)'|codec can't decode)", said
    )
    if found:
        line = re.search(r"on line (\d+)", said)
        where = int(line[1]) if line else None
        if where is not None:
            sentence = f"holds a character that is not saved as UTF-8. {FIRST}"
            return seen.at(where, sentence)
        return f"{seen.evidence.program} is not saved as UTF-8, and Python reads UTF-8. {FIRST}"
    if "cannot contain null bytes" in said:
        return (
            f"{seen.evidence.program} holds null bytes: it is saved as UTF-16, or it is not text "
            f"at all. Python reads UTF-8. {FIRST}"
        )
    return None


@misconception(
    "file-missing",
    "the program has another name or lies in another folder",
    think="What is the file called, letter by letter, and which folder do you check?",
    read={},
    proofs=("01_echo/server_is_missing", "01_echo/server_has_another_name"),
)
def file_missing(seen: Seen) -> str | None:
    """The bench says which programs are in the folder."""
    if seen.evidence.symptom != "file-missing":
        return None
    name = seen.evidence.program
    there = [one for one in seen.evidence.received.split(", ") if one.endswith(".py")]
    other = [one for one in there if one not in ("server.py", "client.py")]
    if other:
        rest = f"There is {' and '.join(other[:3])}: if that is your program, rename it to {name}."
    else:
        rest = "It has another name, or it lies in another folder."
    return f"{name} is not in the folder that was checked. {rest} {FIRST}"


@misconception(
    "program-is-a-folder",
    "a folder has the name of the program",
    think="What lies in this folder?",
    read={},
    proofs=("01_echo/server_is_a_folder",),
)
def program_is_a_folder(seen: Seen) -> str | None:
    """It happens when an archive is unpacked into a folder of its own name."""
    if seen.evidence.symptom != "not-a-file":
        return None
    name = seen.evidence.program
    return f"{name} is a folder. The program itself has to lie where the folder is now. {FIRST}"


@misconception(
    "not-readable",
    "the file may not be read",
    think="Who is allowed to read this file? What does your file manager say about it?",
    read={},
    proofs=(),
)
def not_readable(seen: Seen) -> str | None:
    """open() was refused: the permissions of the file."""
    if seen.evidence.symptom != "unreadable":
        return None
    return (
        f"{seen.evidence.program} is there, but it may not be read: {seen.evidence.received}. "
        f"Give yourself the right to read it. {FIRST}"
    )
