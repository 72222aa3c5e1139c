"""Names in the bulk downloads of Blackboard, Brightspace and ILIAS.

Each function reads one name and touches no disk. The sources of ILIAS are public. Those of the
other two are not: their names are as public programs of teachers read them, each named below.
"""

import re

from chatkit.classroom.submissions.layouts import Mark

BLACKBOARD, BRIGHTSPACE, ILIAS = (
    "a Blackboard download",
    "a Brightspace download",
    "an ILIAS download",
)

# "Echo_ada_attempt_2026-03-02-23-05-11_server.py", and with ".txt" in place of the file's name what
# the student wrote into the form. So says the README of kwurst/bb-file-cleanup, and so reads
# vangef/BBGradebookOrganiser (utils/organiser.py); Blackboard Learn, Original.
BLACKBOARD_FILE = re.compile(
    r"(?P<task>.+)_(?P<user>[^_]+)_attempt_(?P<day>\d{4}-\d{2}-\d{2})-(?P<hour>\d{2})-"
    r"(?P<minute>\d{2})-(?P<second>\d{2})(_(?P<file>.+)|(?P<form>\.txt))",
    re.S | re.I,
)
# "1042-77310 - Ada Lovelace - Mar 2, 2026 1105 PM", a folder, or with " - server.py" a file. Where
# the language writes the day first, "27236-46025 - 23304308 Lovelace - 05 March 2026 612 PM"; some
# schools have their own number before the name. The programs of teachers that read these names do
# not agree whether the first two numbers are the student's: one found them to be those of the
# assignment. So they tell people of one name apart, and are nobody's number.
BRIGHTSPACE_ITEM = re.compile(
    r"(?P<pair>\d+-\d+) - ((?P<number>\d{4,}) )?(?P<name>.+?) - "
    r"(?P<came>([^\W\d]+\.? \d{1,2},|\d{1,2}\.? [^\W\d]+\.?) \d{4} \d{3,4}( ?[AP]M)?)"
    r"( - (?P<file>.+))?",
    re.S | re.I,
)
# "Lovelace_Ada_ada_4711": last name, first name, login, number. A folder: see
# getDirectoryNameFromUserData in Modules/Exercise/classes/class.ilExSubmission.php of ILIAS 5 to 8
# and in its successor since 9.
ILIAS_FOLDER = re.compile(
    r"(?P<last>[^\W\d][^_]*)_(?P<first>[^\W\d][^_]*)_(?P<login>[^_]+)_(?P<number>\d+)"
)
# What ILIAS puts before the name of a file that came late, in the language of whoever downloads:
# "exc_late_submission" in lang/ilias_de.lang is "Verspätete Abgabe", and getASCIIFilename makes
# "ae" of "ä". In English it is "Late Submission". Other languages are not known here.
ILIAS_LATE = re.compile(r"(late submission|versp\w*te abgabe) - ", re.I)


def bulk_mark(name: str, folder: bool) -> Mark | None:
    """What a name from one of these downloads says; None for any other name."""
    if found := BLACKBOARD_FILE.fullmatch(name):
        came = f"{found['day']}T{found['hour']}:{found['minute']}:{found['second']}"
        file = found["file"] or "form.txt"
        return Mark(BLACKBOARD, found["user"], found["user"], "", file, came=came)
    if (found := BRIGHTSPACE_ITEM.fullmatch(name)) and folder != bool(found["file"]):
        number, file = found["number"] or "", found["file"] or ""
        key = number or found["name"]
        pair = found["pair"]
        return Mark(BRIGHTSPACE, found["name"], key, number, file, came=found["came"], tag=pair)
    if folder and (found := ILIAS_FOLDER.fullmatch(name)):
        called = f"{found['first']} {found['last']}"
        # uploadMultiFeedbackFile in class.ilExAssignment.php of ILIAS 5 to 9 wants a folder around
        # them whose name begins with "multi_feedback".
        return Mark(ILIAS, called, name, found["number"], reply=f"multi_feedback/{name}")
    return None


def without_late(name: str) -> tuple[str, bool]:
    """A file's name in an ILIAS download without what says that it came late, and if it said so."""
    found = ILIAS_LATE.match(name)
    return (name[found.end() :], True) if found else (name, False)
