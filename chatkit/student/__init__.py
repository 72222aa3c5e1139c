"""The student's desk: where you are, what comes next, and your programs kept safe.

What lives here: the state file beside the lessons, hints, starters and backups, the watch on what
you save. Commands for students come in. What never lives here: checks and verdicts (they are the
grading room's) and everything that an instructor does.

- `progress`  the state file: what the last runs found, and which hints are open
- `place`     where a student stands in each lesson, and what comes next
- `hints`     which TODO a student needs a hint for, and what it says
- `starters`  the programs as the kit gave them
- `backups`   back to the starter; earlier versions of a program, numbered
- `newfolder`  the lessons in a folder of one's own
- `update`    a newer kit: `update_handout`, `update_clone` (with `git`), and for both `changes`
- `watch`     the loop of `chatkit watch`; `saves` sees what is saved, `grader` grades meanwhile
"""
