"""Framing: where a line begins and ends in a stream of bytes."""
