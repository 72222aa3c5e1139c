"""A server of a few lines, for tests of the bench."""

import textwrap
from pathlib import Path

from chatkit.bench.bench import Bench

START = """
import argparse, os, signal, socket, subprocess, sys, threading, time
p = argparse.ArgumentParser(); p.add_argument("--host"); p.add_argument("--port", type=int)
a = p.parse_args()
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((a.host, a.port)); listener.listen()
"""


def bench_with(tmp_path: Path, text: str, start: str = START) -> Bench:
    (tmp_path / "server.py").write_text(start + textwrap.dedent(text), encoding="utf-8")
    return Bench(lambda name: tmp_path / name)
