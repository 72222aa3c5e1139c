"""Explanations: from what was seen of a program to what its author misunderstood.

- `catalogue`   what a misconception is, and the list of all of them
- `questions/`  what a predicate can ask of the source and of the transcript
- `starting/`, `framing/`, `chat/`, `sockets/`, `threads/`, `endings/`, `window/`  the families
- `todos`       the TODO that comes next for a program that stopped at an unwritten one
- `ranking`     which explanation comes first, and which failed checks it explains

A misconception is told only when its evidence is there. Without evidence there is no explanation:
a verdict then says what happened and where each thread stood, and stops. The source is read here
and nowhere else, and for explanations only: nothing in it earns or loses a point.
"""
