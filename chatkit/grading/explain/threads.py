"""Threads and locks: who runs, who waits for whom, who shares what."""
