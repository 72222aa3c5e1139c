"""Questions to the student's file and to what went over the wire; predicates are made of them.

- `source`   the syntax tree; `callers`, `values`, `flow` and `sharing` ask more of it
- `tkcode`   what it does with Tk
- `wire`, `windowtalk`  the transcript
- `headings`  where the lessons tell about a subject
"""
