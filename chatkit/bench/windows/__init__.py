"""A window from the bench's side; `chatkit.bench.window.Window` is what a check sees of it.

- `view`            widgets, and what they show
- `connection`      orders to the agent in the window's process, and its answers
- `agent_protocol`  the form of an answer, checked before anybody believes it
- `health`          whether the window answers, and whether a callback waits

Who comes in: `window.py`. What never lives here: the agent, which runs in another process.
"""
