"""Tools that anybody may use without a lesson.

- `tap`     a proxy that shows what passes; `recordings` keeps it
- `faults`  what a tap can do to the bytes
- `raw`     a client for typed bytes
- `play`    one machine runs the chat for the whole room; `lan` finds its address
- `demo`    the finished server and two windows
- `doctor/` looks at this machine
"""
