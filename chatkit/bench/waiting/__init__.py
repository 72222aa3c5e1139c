"""What waiting is made of; `chatkit.bench.eventloop.EventLoop` is what others use.

- `selecting`  moves bytes and reads what programs print
- `deadlines`  how long the bench waits where nothing proves that a program is idle

Who comes in: the event loop. What never lives here: peers, windows, checks.
"""
