"""Commands for authors: `chatkit author`."""
