"""What a teacher shows and hands out, made from the plan, the lessons and their checks.

- `slides`   the slides of each session
- `sheets`   a lesson on one sheet of paper
"""
