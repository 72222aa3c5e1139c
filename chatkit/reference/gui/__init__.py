"""Step 5: the window. Tk belongs to one thread, and the network to two others."""
