"""The commands. Each one parses, calls one function, prints.

- `main`      the table of all commands; each is imported only when it is called
- `student/`, `classroom/`, `author/`, `tools/`  the commands by audience
- `groups`, `completion`, `printing`  what several of them share

What never lives here: grading, files of a lesson, anything that a program could not call without a
terminal.
"""
