"""Step 3: the same room with threads: a reader and a writer for each client."""
