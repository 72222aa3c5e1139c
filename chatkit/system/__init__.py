"""The machine: processes, displays, ports, and what the kernel tells about them.

- `program`     a student's program as a child process, ended with all that it started; its
                parts are in `programs/`: `ending` waits until a killed process has gone, `waits`
                and `timers` tell for what its threads wait, and for how long
- `spawn`       how a process is started, so that Ctrl-C does not lose it and it ends with the kit
- `forkserver`  a warm Python that begins programs as copies of itself; `zygote/` is its other side
- `display`     the user's own display, or an Xvfb of the kit's own
- `ports`       free ports for programs under test
- `signals`     Ctrl-C and SIGTERM while others are started; `terminal/` has keys, Ctrl-Z and fg
- `locks`       between processes, for a folder that several want; `leftovers` sweeps with them
- `linux`       what Linux tells about a process and its sockets; `windows` presses its Ctrl-C
- `machine`     whether this machine gives what a run needs
- `commands`    what people type on this system, and what its firewall asks them
- `sandbox/`    what a program that nobody has read may do while it is graded

Who comes in: the bench, and whoever starts a program. What never lives here: checks, verdicts, and
what a lesson asks for. Nobody else asks which system this is.
"""
