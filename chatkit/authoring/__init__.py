"""One source, many views: everything that can be made from something else is made here.

The code of every step lives in `chatkit/reference`, the text in the two `README.md` of a lesson,
the words of a check beside its function. Starters, finished programs, the code in the text and
pages of the site are made from these. So a lesson cannot drift from its solution.

- `clone`      where the sources lie; only a full clone of the project has them
- `problems`   what is wrong, where, and what to do about it
- `functions`  one function out of a program, and what differs between two steps
- `views`      every view, as path and text; `sync` writes them, and `known` says which files hold
  what somebody has typed
- `samples`    programs with a known verdict; `stability` and `mutants` grade many of them, and
  `expecting` tells what their `expected.toml` must say
- `newlesson`  the files that a new lesson begins with; `newtexts` has their words
- `site/`, `scenes/`, `rules/`  pages; recordings of the wire; what a course must fulfil

Authors' commands come in. What never does: code that a student's command needs. A hand-out and an
installed kit have nothing to make views from.
"""
