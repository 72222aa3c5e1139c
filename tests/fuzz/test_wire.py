"""Random bytes for those parts of the bench that read what a program says."""

import json
import os
import socket
from ast import literal_eval
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from chatkit.bench.bench import Bench
from chatkit.bench.transcript import quoted
from chatkit.bench.windows import agent_protocol
from chatkit.system.programs import output

pieces = st.lists(
    st.one_of(st.binary(max_size=40), st.sampled_from((b"\n", b"\r\n", b"x" * 300)))
).map(lambda all: [one for one in all if one])


@given(pieces)
def test_a_peer_hears_the_lines_that_came_however_they_were_cut(cut: list[bytes]) -> None:
    with Bench(lambda name: Path(name)) as bench:
        bench.listen()
        with socket.create_connection(bench.address) as far:
            peer = bench.accept()
            for piece in cut:
                far.sendall(piece)
                far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.shutdown(socket.SHUT_WR)
            bench.wait(lambda: peer.ended)
            *whole, rest = b"".join(cut).split(b"\n")
            heard = []
            while (line := peer.next_line()) is not None:
                heard.append(line)
            assert heard == whole
            assert bytes(peer.inbox) == rest and peer.ended == "end"


@given(st.binary(max_size=300))
def test_bytes_are_written_as_python_writes_them(data: bytes) -> None:
    assert literal_eval(quoted(data, len(data))) == data
    assert quoted(data, 20).isprintable()


@given(pieces)
def test_output_is_kept_from_both_ends_and_the_rest_is_counted(cut: list[bytes]) -> None:
    keep = 64
    before, output.KEEP = output.KEEP, keep
    try:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb", 0) as pipe:
            kept = output.Output(pipe)
            for piece in cut:
                os.write(writer, piece)
                kept.read()
            os.close(writer)
            while kept.read():
                pass
    finally:
        output.KEEP = before
    whole = b"".join(cut)
    assert bytes(kept.first) == whole[:keep]
    assert len(kept.last) <= keep and whole.endswith(bytes(kept.last))
    assert len(kept.first) + len(kept.last) + kept.dropped == len(whole)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = st.sampled_from(sorted(agent_protocol._SHAPES))
forged = st.dictionaries(fields, json_values, max_size=4).map(lambda one: {"number": 0, **one})


@given(
    st.one_of(
        st.binary(max_size=80),
        json_values.map(lambda value: json.dumps(value).encode()),
        forged.map(lambda value: json.dumps(value).encode()),
    )
)
@example(b"[" * 100_000)
@example(b'{"number": 0, "gap": 1e999}')
@example(b'{"number": 0, "gap": ' + b"9" * 5000 + b"}")
@example(b'{"number": 0, "error": "\\ud800"}')
def test_what_an_agent_says_has_the_shape_of_an_answer_or_is_refused(line: bytes) -> None:
    try:
        told = agent_protocol.read(line)
    except ValueError:
        return
    assert type(told["number"]) is int
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()  # can be written anywhere
