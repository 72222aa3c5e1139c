"""Explanations: from what was seen of a program to what its author misunderstood.

- `catalogue`  what a misconception is, and the list of all of them
- `source`     questions to the student's file, answered from its syntax tree
- `flow`       what becomes of the bytes that recv() returns: more questions to the source
- `wire`       questions to the transcript
- `starting`, `sockets`, `threads`, `window`  the misconceptions by family, and these:
- `framing`, `inboxes`, `decoding`, `lines`, `words`  from bytes to lines, and what a line is
- `handshake`, `asking`, `names`, `room`, `kinds`  who is called what, and who gets a line
- `endings`, `leaving`, `loops`, `stopping`, `keyboard`  ends, errors, and what is left behind
- `ranking`    which explanation comes first, and which failed checks it explains

A misconception is told only when its evidence is there. Without evidence there is no explanation:
a verdict then says what happened and where each thread stood, and stops. The source is read here
and nowhere else, and for explanations only: nothing in it earns or loses a point.
"""
