"""What the tests of the watch share."""

from pathlib import Path

import pytest
from watched_student import Student


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return Student(tmp_path)
