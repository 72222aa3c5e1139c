"""Step 1: a server that sends every byte back, and a client to talk to it."""
