"""What the tests of the class share: an empty gradebook, and a class to compare."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from similar_class import Class

from chatkit.classroom.gradebook import (
    FILE,
    Gradebook,
    open_gradebook,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.fixture
def book(file: Path) -> Iterator[Gradebook]:
    with open_gradebook(file) as book:
        yield book


@pytest.fixture
def school(tmp_path: Path) -> Class:
    """A class whose programs are compared."""
    return Class(tmp_path / "school")
