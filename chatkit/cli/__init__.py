"""The commands: one module an audience. Each command parses, calls one function, prints.

What lives here: options, colours, exit status. What never lives here: grading, files of a lesson,
anything that a program could not call without a terminal.
"""
