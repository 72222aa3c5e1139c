"""The bench: the black box around a student's program.

A check sees one class, `chatkit.bench.bench.Bench`: it starts a program, plays the other people in
the chat, waits with a deadline, and keeps a transcript of all that happened.

- `bench`           the facade that checks see
- `eventloop`       the one place where time passes and bytes move
- `peer`, `window`  the two things that a check talks to; `agent/` is inside the window's process
- `idle`            the proof that a program will do nothing more by itself
- `deadlines`       how long the bench waits where there is no such proof
- `transcript`      what happened, as data; `sequence` draws it as a sequence diagram
- `diagnosis`, `failure`  from a program that did not do what it should to a symptom

Who comes in: checks, grading, tools. What never lives here: points, ids of checks, verdicts. A
student's code runs in a process of its own, never in ours.
"""
