"""How platforms and people name what students hand in.

Each function reads one name and touches no disk. Where a platform made the name, the comment says
which code of the platform does.
"""

import hashlib
import itertools
import re
import unicodedata
from dataclasses import dataclass

from chatkit._archives.filenames import RESERVED, archive_stem, safe_name
from chatkit.course.lessons import Course, Lesson

LONGEST_ID = 60  # characters
SINGLE_FILES = "single files"


@dataclass(frozen=True)
class Mark:
    """What the name of one file or folder in a bulk download says."""

    kind: str  # "a Moodle download", "a Canvas download", "single files"
    name: str  # the student as people read it
    key: str  # what tells this student from all others; `safe_id` makes the id of it
    number: str = ""  # the platform's own number for the student
    file: str = ""  # the name that the student gave the file; "" for a folder
    age: int = 0  # of two files with one name the higher is the newer one
    late: bool = False
    came: str = ""  # when, as the name says it
    attempt: int = 0  # of several archives of one student
    reply: str = ""  # the name under which the platform takes feedback files
    tag: str = ""  # two hand-ins under one name with different tags are of two people


# mod/assign/classes/downloader.php in Moodle: the full name with spaces for underscores, the
# participant's number, then "assignsubmission" and the plugin. A folder, or in flat downloads the
# start of the file's name. A team without a group has no number. Moodle before 4.1 ends a folder
# with an underscore, later ones do not.
MOODLE = re.compile(
    r"(?P<name>.+?)(_(?P<number>\d+))?_assignsubmission_[a-z]+(_(?P<file>.*))?", re.S
)

# lib/content_zipper.rb in Canvas: the sortable name without spaces and marks, "LATE", the user's
# number, the file's number, the file's name. An anonymous assignment has "anon_" and five letters
# or digits in place of name and number, after "LATE". Typed texts and addresses have no file.
ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<late2>LATE_)?(?P<user>[^\W_]+)_"
    r"((?P<age>\d+)_(?P<file>.+)|(?P<entry>(text|link)\.html))",
    re.S | re.I,
)
CANVAS = re.compile(
    r"(?P<name>\w+?)_(?P<late>LATE_)?(?P<user>\d+)_"
    r"((?P<age>\d+)_(?P<file>.+)|(?P<entry>(text|link)\.html))",
    re.S | re.I,
)

# A student's name and a program: "alice_server.py", "Ada Lovelace - client (1).py".
SINGLE = re.compile(
    r"(?P<name>.*[^\s_-])[\s_-]+(?P<file>(server|client)(?![a-z]).*\.py(\.txt)?)", re.I
)

# What is added to a name that is taken: "(1)" by browsers, "-1" and a random number by Canvas,
# "- Copy" by Windows, "copy 2" by macOS.
COPY = re.compile(
    r"(\s*\((?P<a>\d+)\)|[_-](?P<b>\d{1,3})|[\s_-]+copy(\s*\(?(?P<c>\d+)\)?)?"
    r"|-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
    re.I,
)

LESSON = re.compile(
    r"((?P<word>lesson|step|part|exercise)[\s_-]*)?0*(?P<number>\d{1,3})([\s_-]+(?P<step>.+))?"
)


# Words in a file's name that say: this is a part of a program, or about one, and not the program.
PARTS = frozenset(
    (
        *("test", "tests", "helper", "helpers", "util", "utils", "common", "config", "settings"),
        *("handler", "handlers", "manager", "protocol", "base", "example", "sample", "template"),
        *("old", "backup", "bak", "solution", "new", "state", "list", "info", "data", "window"),
    )
)
STALE = frozenset(("old", "older", "backup", "backups", "bak", "archive", "previous", "copy"))


def moodle_mark(name: str) -> Mark | None:
    """What a name from a Moodle bulk download says; None for any other name."""
    found = MOODLE.fullmatch(name)
    if not found:
        return None
    number = found["number"] or ""
    key = f"{found['name']}_{number}" if number else found["name"]
    reply = f"{found['name']}_{number}_assignfeedback_file_" if number else ""
    return Mark("a Moodle download", found["name"], key, number, found["file"] or "", reply=reply)


def canvas_mark(name: str) -> Mark | None:
    """What a file's name from a Canvas bulk download says; None for any other name."""
    kind = "a Canvas download"
    if found := ANONYMOUS.fullmatch(name):
        late = bool(found["late"] or found["late2"])
        who, number = f"anon_{found['user']}", ""
        key = who
    elif found := CANVAS.fullmatch(name):
        late = bool(found["late"])
        who, number = found["name"], found["user"]
        key = f"{who}_{number}"
    else:
        return None
    age = int(found["age"] or 0)
    # Canvas knows the feedback again by the numbers of user and file, the first two in the name:
    # infer_comment_context_from_filename in its app/models/assignment.rb.
    reply = f"{who}_{number}_{age}" if number and age else ""
    file = found["file"] or found["entry"]
    return Mark(kind, who, key, number, file, age, late, reply=reply)


def single_mark(name: str) -> Mark | None:
    """What "alice_server.py" says; None for names of other forms."""
    found = SINGLE.fullmatch(name)
    return Mark(SINGLE_FILES, found["name"], found["name"], file=found["file"]) if found else None


def without_copy(name: str) -> tuple[str, int]:
    """`name` without what tells a copy, and the copy's number: ("server.py", 1)."""
    stem = archive_stem(name)
    if stem == name:
        stem = re.sub(r"(\.py)?(\.\w{1,5})?$", "", name, flags=re.I)
    found = COPY.search(stem)
    if not found or not stem[: found.start()].strip():
        return name, 0
    number = found["a"] or found["b"] or found["c"] or "1"
    return stem[: found.start()] + name[len(stem) :], int(number)


def program_named(name: str, programs: tuple[str, ...]) -> tuple[str, int] | None:
    """The program that a file of this name is meant to be, and how far the name is off.

    0: the very name. 1: another case. 2: ".txt" behind it, as some editors write. From 3 on: a
    copy, the newest first. None when it is not a program of these.
    """
    if name in programs:
        return name, 0
    plain = re.sub(r"\.txt$", "", name, flags=re.I)
    first, copy = without_copy(plain)
    for program in programs:
        if first.strip().casefold() == program:
            if copy:
                return program, 1003 - min(copy, 1000)
            return program, 1 if plain == name else 2
    return None


def other_named(name: str, programs: tuple[str, ...]) -> str | None:
    """The program that a file called otherwise may be: "echo_server.py", "MyClient.py".

    None when it is none of these, may be several, or is by its name a part of one or a test.
    """
    plain = re.sub(r"\.txt$", "", name, flags=re.I)
    if not plain.casefold().endswith(".py"):
        return None
    words = words_of(plain[:-3])
    meant = [program for program in programs if any(_is_for(program[:-3], w) for w in words)]
    return meant[0] if len(meant) == 1 and not PARTS & set(words) else None


def _is_for(program: str, word: str) -> bool:
    """Whether a word such as "myserver" names the program "server"."""
    rest = word.removeprefix(program) if word.startswith(program) else word.removesuffix(program)
    return program in word and rest != word and rest not in PARTS and rest not in ("s", "ob")


def words_of(stem: str) -> list[str]:
    """The words and numbers in a name: "myServer_v2" has my, server, v and 2."""
    return re.findall(r"[^\W\d_]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", stem).casefold())


def lesson_hinted(name: str, course: Course) -> Lesson | None:
    """The one lesson that the words in a program's name speak of: "echo_server.py"."""
    words = words_of(archive_stem(name).rpartition(".")[0])
    found = []
    for lesson in course.lessons:
        step = lesson.step.casefold()
        by_word = any(len(word) > 2 and step.startswith(word) for word in words)
        numbered = itertools.pairwise(words)
        by_number = any(
            word in ("lesson", "step", "exercise")
            and number.isdigit()
            and int(number) == lesson.number
            for word, number in numbered
        )
        if by_word or by_number:
            found.append(lesson)
    return found[0] if len(found) == 1 else None


def is_stale(name: str) -> bool:
    """Whether a folder of this name holds what somebody has put away: "old", "chat (1)"."""
    return bool(STALE & set(words_of(name))) or without_copy(name)[1] > 0


def lesson_named(name: str, course: Course, strict: bool = False) -> Lesson | None:
    """The lesson that a folder of this name is for: "01_echo", "Lesson 1", "echo", "1".

    `strict` leaves out bare numbers: they may as well number the students.
    """
    folded = name.strip().casefold()
    for lesson in course.lessons:
        if folded in (lesson.name.casefold(), lesson.step.casefold()):
            return lesson
    found = LESSON.fullmatch(folded)
    if not found or (strict and not found["word"] and not found["step"]):
        return None
    for lesson in course.lessons:
        step = re.sub(r"[\s-]+", "_", found["step"] or lesson.step.casefold())
        if lesson.number == int(found["number"]) and step == lesson.step.casefold():
            return lesson
    return None


def safe_id(key: str) -> str:
    """An id for files and rows, made from what tells a student from all others.

    Letters, digits, ".", "_" and "-", in any alphabet; it begins with a letter, a digit or "_".
    Blanks become "-". When more than that has to change, a few digits made from `key` follow, so
    that "a/b" and "a:b" stay two students. The same key always gives the same id.
    """
    key = unicodedata.normalize("NFKC", key)
    text = safe_name(key)[0]
    joined = re.sub(r"\s+", "-", text.strip())
    kept = "".join(
        one if one in "._-" or unicodedata.category(one)[0] in "LNM" else "-" for one in joined
    )
    kept = re.sub(r"^[.-]+|[.-]+$", "", re.sub(r"-{2,}", "-", kept))
    same = kept == joined and re.sub(r"\s+", "-", key) == kept
    if RESERVED.match(kept):
        kept, same = f"_{kept}", False
    if same and 0 < len(kept) <= LONGEST_ID:
        return kept
    digits = hashlib.sha256(key.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{kept[: LONGEST_ID - 7].rstrip('.-') or 'student'}-{digits}"
