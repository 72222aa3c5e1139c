"""Pass on what came"""


def on_bytes(inboxes, who, data):
    return [data]
