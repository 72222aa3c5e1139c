"""From a check to a verdict, and from a verdict to words.

What lives here: the pytest plugin that runs the checks, verdicts as data, the feedback that a
student reads; and for a class the finding of submissions, the workers, the gradebook and the
reports. Commands and authors come in through `run.grade_lesson`, a class through `classrun`. What
never lives here: the sockets and processes of a student's program (they are the harness's) and the
words of a single check (they live with the check in `tests/lessons/`).
"""
