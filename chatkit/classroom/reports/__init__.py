"""Reports: what the gradebook holds, in the forms that people and learning platforms read.

- `write`    all reports of a class into one folder
- `table`    `grades.csv`, a row a student
- `results`  one submission for Gradescope and GitHub Classroom; JUnit XML
- `page`     the HTML pages, from the templates in `templates/`; `plots` places bars and marks
- `overtime` what failed, run by run
- `words`    what came of a hand-in as plain text, for comments and letters
- `similar`  the pages about similar programs

Who comes in: the class commands. What never does: processes, sockets, and any doubt about a grade:
a report shows what `grades` says. Names, chat and output come from strangers: everything that goes
out is escaped where it goes out.
"""
