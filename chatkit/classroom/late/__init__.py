"""When work came, when it was due, and what lateness costs.

- `moments`    times as platforms write them, and as people read them
- `deadlines`  deadlines, grace, extensions, and late days of one class
- `unfed`      rules that nothing in a download can feed, said before the run
- `clones`     the history of a Git clone: times of commits, and what they hold

What never lives here: points of a check, and where hand-ins lie.
"""
