"""The parts of a student's program as a child process: see `chatkit.system.program`.

- `output`  what it prints, bounded
- `folder`  the copy of its folder in which it runs when it is isolated
- `usage`   what its processes use of the machine

Who comes in: `program`, and the bench for what a program uses.
"""
