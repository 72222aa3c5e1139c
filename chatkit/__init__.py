"""chatkit: learn network programming by building a chat in five steps.

The rooms, and who may come in:

- `chatkit.course.lessons`     where the lessons lie, and what each lesson and each check is called
- `chatkit.reference`  the finished programs of every step; they import nothing from the kit
- `chatkit.bench`    the bench: a program as a process, peers on the wire, the transcript
- `chatkit.grading`    checks become verdicts, verdicts become feedback
- `chatkit.student`       what a student does all day: where you are, hints, starters, watching
- `chatkit.authoring`  one source, many views: starters, solutions, pages
- `chatkit.cli`        the commands

Imports go one way: cli -> authoring, desk -> grading -> harness; everybody may ask `course`.
"""

__version__ = "0.1.0"
