"""The window: Tk, its one thread, its timers and its widgets."""
