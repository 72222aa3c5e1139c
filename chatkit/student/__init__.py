"""What a student does all day: see where they are, get a hint, keep their programs safe.

- `progress`   the state file: what the last runs found, and which hints are open
- `status`     where a student is in each lesson, and what comes next
- `hints`      which TODO a student needs a hint for, and what it says
- `newfolder`  the lessons in a folder of one's own
- `running`    a program in the foreground
- `watch`      the loop of `chatkit watch`, and its `events`: `saves` and what `grader` finds
- `update/`    a newer kit, without losing what was written

Commands for students come in. What never lives here: checks, verdicts, and everything that an
instructor does.
"""
