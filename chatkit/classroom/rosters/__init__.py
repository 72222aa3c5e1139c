"""The file that a learning platform has exported, filled in.

- `roster`    which platform it is, and the cells to fill
- `moodle`, `canvas`  what the files of these two look like; `platforms` what they share
- `matching`  which row belongs to which student
- `csvedit`   a CSV file in which one cell can change, and no other byte does
"""
