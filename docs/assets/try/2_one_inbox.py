"""One inbox for all"""


def on_bytes(inboxes, who, data):
    inbox = inboxes["all"] + data
    *lines, inboxes["all"] = inbox.split(b"\n")
    return [line + b"\n" for line in lines]
