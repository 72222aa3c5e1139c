"""The terminal: keys one by one, and what its shell does with programs in it.

- `keyboard`    hears each key, and gives the terminal back as it was
- `jobcontrol`  a window that changes its size, Ctrl-Z and fg, and who hears a Ctrl-C

Who comes in: commands that draw a whole screen or obey keys, and whoever runs a program for a
student. What never lives here: what a key means.
"""
