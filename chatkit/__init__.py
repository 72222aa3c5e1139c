"""chatkit: learn network programming by building a chat step by step.

    cli ──► student   classroom   authoring   tools
                └──────────┴────┬─────┴─────────┘
                             grading
                              bench
                        system      course      _errors  _files  _text  _archives

Every import points down, and the rooms of one floor never import each other; only `cli` may reach
everything. `reference` holds the finished programs: it imports nothing of the kit, and nothing
imports it. Each room says at its door, in its `__init__.py`, what lives there.
"""

__version__ = "0.1.0"
