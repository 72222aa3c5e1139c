"""From a check to a verdict, and from a verdict to words.

What lives here: the pytest plugin that runs the checks, verdicts as data, the feedback that a
student reads. Commands and authors come in through `run.grade_lesson`. What never lives here:
sockets and processes (they are the harness's) and the words of a single check (they live with the
check in `tests/lessons/`).
"""
