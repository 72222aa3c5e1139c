"""Step 6, an encore: the room with names in one thread, with a task for each client."""
