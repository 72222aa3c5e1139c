"""From a check to a verdict, and from a verdict to words.

- `runner`    grade one lesson: run its checks, hear each verdict as it falls
- `pytest_plugin`  the same for `pytest tests/lessons`
- `parallel`  worker processes, forked after the checks are loaded, share the checks of one lesson
- `worker`    a warm process that grades one lesson after the other; `jobs` keeps several busy
- `verdict`   what a check found, as data; `verdict.schema.json` describes its JSON
- `explain`   what is wrong, concluded from evidence; `feedback` is what a student reads

Who comes in: students' commands, the class, authors. What never lives here: sockets and processes
(they belong to the bench and the system), and the words of a single check (they live with it in
`tests/lessons/`).
"""
