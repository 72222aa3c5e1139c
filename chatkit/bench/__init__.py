"""The bench: a student's program as a process, and scripted peers that talk to it.

What lives here: starting and ending programs, sockets on both sides of the wire, what the kernel
tells about a waiting program, the transcript of what happened; and the tap, a proxy that shows
and spoils what passes. Checks and the grading room come
in through `Bench`. What never lives here: points, check ids, files of verdicts, and the student's
code: it runs in a process of its own, never in ours.

Beside the bench: `doctor` and `play`, which look at this machine and its network for their user.
"""
