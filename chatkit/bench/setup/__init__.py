"""Setting up a check: programs are started, peers connected.

- `base`        who takes part in a check, its random words, its notes
- `starting`    starts a server, a client, a window
- `connecting`  connects to a server, or listens for a client

Who comes in: `chatkit.bench.bench.Bench`, which is all of these. What never lives here: what a
program must do once it is set up.
"""
