"""Names in the bulk downloads of Blackboard, Brightspace and ILIAS.

Each function reads one name and touches no disk. What the names look like was read in the sources
of ILIAS (ilExSubmission and its successors, 5.0 to 10), and for the other two, whose sources are
not public, in programs of teachers that sort such downloads.
"""

import re

from chatkit.classroom.submissions.layouts import Mark

BLACKBOARD, BRIGHTSPACE, ILIAS = (
    "a Blackboard download",
    "a Brightspace download",
    "an ILIAS download",
)

# "Echo_ada_attempt_2026-03-02-23-05-11_server.py", and with ".txt" in place of the file's name what
# the student wrote into the form.
BLACKBOARD_FILE = re.compile(
    r"(?P<task>.+)_(?P<user>[^_]+)_attempt_(?P<day>\d{4}-\d{2}-\d{2})-(?P<hour>\d{2})-"
    r"(?P<minute>\d{2})-(?P<second>\d{2})(_(?P<file>.+)|(?P<form>\.txt))",
    re.S | re.I,
)
# "1042-77310 - Ada Lovelace - Mar 2, 2026 1105 PM", a folder, or with " - server.py" a file.
BRIGHTSPACE_ITEM = re.compile(
    r"(?P<user>\d+)-\d+ - (?P<name>.+?) - (?P<came>[^\W\d]+\.? \d{1,2}, \d{4} \d{3,4} ?[AP]M)"
    r"( - (?P<file>.+))?",
    re.S | re.I,
)
# "Lovelace_Ada_ada_4711": last name, first name, login, number. A folder.
ILIAS_FOLDER = re.compile(
    r"(?P<last>[^\W\d][^_]*)_(?P<first>[^\W\d][^_]*)_(?P<login>[^_]+)_(?P<number>\d+)"
)
# What ILIAS puts before the name of a file that came late: "exc_late_submission" of its languages.
ILIAS_LATE = re.compile(r"(late submission|versp\w*te abgabe|nachgereichte abgabe) - ", re.I)


def bulk_mark(name: str, folder: bool) -> Mark | None:
    """What a name from one of these downloads says; None for any other name."""
    if found := BLACKBOARD_FILE.fullmatch(name):
        came = f"{found['day']}T{found['hour']}:{found['minute']}:{found['second']}"
        file = found["file"] or "form.txt"
        return Mark(BLACKBOARD, found["user"], found["user"], "", file, came=came)
    if (found := BRIGHTSPACE_ITEM.fullmatch(name)) and folder != bool(found["file"]):
        key = f"{found['name']}_{found['user']}"
        number, file = found["user"], found["file"] or ""
        return Mark(BRIGHTSPACE, found["name"], key, number, file, came=found["came"])
    if folder and (found := ILIAS_FOLDER.fullmatch(name)):
        called = f"{found['first']} {found['last']}"
        # uploadMultiFeedbackFile in its class.ilExAssignment.php wants such a folder around them.
        return Mark(ILIAS, called, name, found["number"], reply=f"multi_feedback/{name}")
    return None


def without_late(name: str) -> tuple[str, bool]:
    """A file's name in an ILIAS download without what says that it came late, and if it said so."""
    found = ILIAS_LATE.match(name)
    return (name[found.end() :], True) if found else (name, False)
