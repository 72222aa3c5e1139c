"""The reference programs: the one place where the code of each lesson is written by hand.

Each folder is a step, and each step grows out of the one before it:

    echo        one client at a time hears its own words
    broadcast   a room: one thread, one selector, an inbox and an outbox for each client
    threads     the same room with a reading thread and a writing thread for each client
    nicknames   the room learns who is who

A program is one file, uses the standard library only and imports nothing of this kit, so that
it can be copied alone to any folder. The starters in `lessons/` and the finished programs in
`solutions/` are made from these files: change the code here, never there. Students read these
programs aloud: no test code, no special cases for the grader and no clever tricks ever live
here.
"""
