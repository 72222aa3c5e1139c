"""Explanations: from what was seen of a program to what its author misunderstood.

- `catalogue`  what a misconception is, and the list of all of them
- `source`     questions to the student's file, answered from its syntax tree
- `callers`    what is called from where, and how often
- `values`     what the names in the file stand for
- `reading`, `importing`, `starting`, `running`, `addresses`, `readyline`  programs that cannot be
  talked to
- `sockets`, `payload`, `connections`, `waiting`, `clients`  what is done with a socket
- `framing`, `threads`, `endings`, `window`  the other families
- `ranking`    which explanation comes first, and which failed checks it explains

A misconception is told only when its evidence is there. Without evidence there is no explanation:
a verdict then says what happened and where each thread stood, and stops. The source is read here
and nowhere else, and for explanations only: nothing in it earns or loses a point.
"""
