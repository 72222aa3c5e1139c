"""Ends and errors: a peer that leaves, a reset, Ctrl-C, the end of input."""
