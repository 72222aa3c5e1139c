"""Archives that strangers made: read within bounds, and unpacked without harm.

- `formats`    zip and tar behind one interface: what an archive lists, and the bytes of a file
- `filenames`  names as they may be written on any system, and what nobody hands in on purpose
- `bounds`     how much an archive may hold
- `unpacking`  the files of an archive, in one folder

Every room may come in. What never lives here: lessons, students and grades.
"""
