"""How many examples are tried: `pytest tests/fuzz --hypothesis-profile=long` tries 5,000."""

from hypothesis import settings

# A timing never decides a test. The short form tries the same examples each time, so that a run of
# the suite means the same everywhere; the long one looks for new ones.
settings.register_profile("short", max_examples=25, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile("short")
