"""Unit tests reach no network."""

from __future__ import annotations

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_network():
    """Let a unit test that opens a socket fail, local ones for processes apart."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
