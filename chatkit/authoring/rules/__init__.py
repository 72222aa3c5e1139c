"""What `chatkit author check` demands of a course: each rule is one small function.

- `rules`   all of them, in order
- `checks`, `todos`, `views`, `scenes`  rules about one kind of thing
- `trials`  rules that run programs
"""
