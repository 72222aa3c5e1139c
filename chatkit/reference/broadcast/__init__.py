"""Step 2: a room. Every line goes to everybody else; one thread looks after all sockets."""
