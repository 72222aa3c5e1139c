"""A newer kit without losing what a student has written.

- `update`   which way to go: it depends on where the kit lies
- `clone`    the newer kit of a clone's remote; `git` asks git
- `handout`  a newer hand-out in the folder of an earlier one
- `changes`  what an update does to the files of the lessons: planned first, then done
"""
