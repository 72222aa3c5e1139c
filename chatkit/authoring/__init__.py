"""One source, many views: the author's workshop.

The code of every step lives in `chatkit/reference`, the text in the two `README.md` of a lesson,
the words of a check beside its function. All the rest is made from these: starters, finished
programs, the code in the text, pages of the site. So a lesson cannot drift from its solution.

- `problems`   what is wrong, where, and what mends it
- `clone`      where the sources lie; only a full clone of the project has them
- `regions`    a reference program becomes a starter or a finished program
- `functions`  one function out of a program, and what differs between two steps
- `markdown`   headings, code blocks and links of a text
- `blocks`     the code in the text of a lesson
- `api`        the page about the bench, from its docstrings
- `pages`, `changes`, `commands`  the pages of the site
- `annotations`  the numbered notes on that code
- `scenes`, `takes`   what went over the wire, recorded; `storyboard`, `wiredrawing` and
  `scenepages` make steps, pictures and pages of it
- `views`      every view, as path and text
- `sync`       writes the views
- `rules`, `trials`   what `chatkit author check` demands; the trials run programs
- `picture`    a verdict as an image
- `costs`      three servers with the same outside, measured

Who comes in: `chatkit.cli.author.author`. What never does: code that a student's command needs. A hand-out
and an installed kit have nothing to make views from.
"""
