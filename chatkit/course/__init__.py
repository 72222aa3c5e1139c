"""The course: its lessons, TODOs and checks, and where all of it lies on the disk.

- `backups`   earlier versions of a student's programs, numbered, and the way back to the starter
- `facts`     the entries of a TOML file, each of its type
- `git`       what an update and the author's commands ask of git
- `lessons`   what each `lesson.toml` says; nobody else reads it
- `checks`    what a check is, and the marker that makes a test function one
- `places`    the package, an installed course, and names that the kit gives to files of its own
- `regions`   a reference program becomes a starter for the student, or the finished program
- `manifest`  which files the kit has put somewhere, to tell later what was edited
- `starters`  the untouched programs of a lesson
- `todo`      the marker of a TODO, and all that reads it

Every room may come in. What never lives here: processes, sockets, and what a student reached.
"""

from chatkit.course.checks import check, take

__all__ = ["check", "take"]
