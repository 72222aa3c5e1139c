"""Mutants of right programs: one change each, and whether a check notices it."""
