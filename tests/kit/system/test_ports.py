"""Ports that nobody has."""

import socket

import pytest

from chatkit.system.ports import another_loopback, free_port, is_free


@pytest.mark.skipif(another_loopback() is None, reason="this machine has one address for itself")
def test_a_port_that_somebody_has_on_another_address_is_not_free() -> None:
    """A program that takes all addresses could not start, and would be told something else."""
    other = another_loopback()
    assert other
    port = free_port("127.0.0.1")
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(other, port)
    assert is_free(other, port)
