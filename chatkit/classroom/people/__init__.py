"""Who is who: the instructor's own lists of students and of groups.

- `lists`   reads people.csv, groups.csv and the roster of GitHub Classroom
- `joining` gives each hand-in to the person, or the members of the group, whose it is

What never lives here: guesses. Where nobody wrote down who somebody is, names are only proposed.
"""
