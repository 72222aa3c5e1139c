"""What the students of a class handed in, however it was packed.

- `submissions`   a folder or an archive becomes students with their files
- `participants`  whose work each folder, archive and program is
- `layouts`       how Moodle, Canvas and people name what students hand in; `bulk` knows the others
- `attempts`      several hand-ins of one student; `versions` are clones as they were at a deadline
- `search`        look through what one student handed in; `copying` copies what can be graded
- `items`         one folder's files; `unusable` says why nothing could be graded
"""
