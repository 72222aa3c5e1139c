"""What the students of a class handed in, however it was packed.

- `submissions`  a folder or an archive becomes students with their files
- `layouts`      how platforms and people name what students hand in
- `search`       look through what one student handed in, and copy what can be graded
"""
