"""Walls: each program begins as a copy of a warm Python, and the copy walls itself in first.

`zygote.py` is the grader's side, and `walled.py` is one program that it has begun. `zygote/` is the
folder of the warm Python, in which no code of a student ever runs. This is not used by class runs
yet: there bubblewrap puts up the walls.
"""
