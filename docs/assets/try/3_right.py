"""An inbox for each"""


def on_bytes(inboxes, who, data):
    inbox = inboxes[who] + data
    *lines, inboxes[who] = inbox.split(b"\n")
    return [line + b"\n" for line in lines]
