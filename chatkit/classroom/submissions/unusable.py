"""Why nothing in a hand-in could be graded, and what to ask the student for."""

from collections.abc import Sequence

from chatkit._archives.filenames import brief

NAMED = 3  # the most files that a sentence names

LINKS = (".lnk", ".url", ".webloc", ".desktop", ".gdoc", ".gslides", ".gsheet")
DOCUMENTS = (
    *(".doc", ".docx", ".odt", ".rtf", ".pdf", ".pages", ".txt", ".md", ".html", ".htm"),
    *(".ppt", ".pptx", ".xls", ".xlsx", ".one", ".tex"),
)
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".heic", ".bmp", ".webp", ".mp4", ".mov", ".avi")


def why_nothing(files: Sequence[str], programs: Sequence[str]) -> str:
    """One sentence on a hand-in that holds these files, and none of the `programs`.

    It says what is there, and what would help.
    """
    wanted = " or ".join(programs)
    for endings, finding in (
        ((".ipynb",), f"a notebook: export it as a Python script, and call it {wanted}"),
        ((".py", ".pyw"), f"called otherwise: a program is called {wanted}"),
        ((".pyc", ".pyo", ".exe"), f"compiled: ask for the source, {wanted}"),
        (LINKS, f"a link to another place: ask for the file itself, {wanted}"),
        (DOCUMENTS, f"a document, not a program: ask for {wanted}"),
        (PICTURES, f"a picture or a film, not a program: ask for {wanted}"),
    ):
        found = [name for name in files if name.casefold().endswith(endings)]
        if found:
            verb = "is" if len(found) == 1 else "are each"
            return f"{listed(found)} {verb} {finding}"
    if files:
        return f"there is no program, only {listed(files)}: ask for {wanted}"
    return f"it is empty: ask for {wanted}"


def listed(names: Sequence[str]) -> str:
    """Some of the names, for people."""
    shown = ", ".join(brief(name) for name in names[:NAMED])
    more = len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
