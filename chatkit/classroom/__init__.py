"""A class: from what students handed in to grades, rosters and reports.

- `submissions/`  archives and folders of every shape become programs of students
- `run`           one run over a class; `cluster` spreads it over several machines
- `gradekey`      the same key means that grading again would find the same
- `gradebook`     verdicts and adjustments in one SQLite file
- `rules`         how verdicts become grades; `rulesfile` reads class.toml, `grades` and
                  `statistics` apply them
- `late/`         deadlines, extensions, late days, and when a hand-in came
- `people/`       who is who, and who hands in together
- `records/`      points and words of people, and what changed from run to run
- `regrade`       one check again, for everybody
- `rosters/`      the file of a learning platform, filled in
- `reports/`      tables and pages
- `exports/`      what goes out: hand-ins, hand-outs, autograders for platforms
- `similar`       programs that look alike

Commands for instructors come in. What never lives here: how a program is run (that is grading's),
and any point that the gradebook does not hold.
"""
