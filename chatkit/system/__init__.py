"""The machine: processes, displays, ports, and what the kernel tells about them.

- `program`     a student's program as a child process, ended with all that it started; its
                parts are in `programs/`, and `ending` waits until a killed process has gone
- `spawn`       how a process is started, so that Ctrl-C does not lose it and it ends with the kit
- `forkserver`  a warm Python that begins programs as copies of itself; `zygote/` is its other side
- `display`     the user's own display, or an Xvfb of the kit's own
- `ports`       free ports for programs under test
- `linux`       what Linux tells about a process and its sockets
- `waits`       for what the threads of a process wait, and for how long
- `sandbox/`    what a program that nobody has read may do while it is graded

Who comes in: the bench, and whoever starts a program. What never lives here: checks, verdicts, and
what a lesson asks for. Nobody else asks which system this is.
"""
