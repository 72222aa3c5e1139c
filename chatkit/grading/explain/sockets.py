"""Sockets: listening, accepting, connecting, sending, closing."""
