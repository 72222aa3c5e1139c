"""Where the lessons tell about a subject: the number of a lesson -> a heading in its README.md."""

STREAM = {1: "A stream of bytes", 2: "Lines from a stream", 3: "A thread for each client"}
LINES = {**STREAM, 4: "The handshake", 5: "The inbox"}
WORDS = {**STREAM, 2: "To everyone else", 4: "Who says what", 5: "The inbox"}
LEAVES = {3: "Somebody leaves", 4: "Coming and going"}
END = {1: "The end of the stream", 2: "Somebody leaves", **LEAVES}
BREAK = {**END, 1: "When a connection breaks"}
COMING = {2: "Starting and stopping", 3: "A thread for each client", 4: "Coming and going"}
OUTBOX = {3: "An outbox for each client", 4: "Many at once"}
SHARE = {3: "What threads share", 4: "Many at once"}
