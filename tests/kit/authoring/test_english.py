"""The rule about sentences that read like a translation."""

from pathlib import Path

import pytest
from test_authoring_course import replace, write_course

from chatkit.authoring.clone import open_clone
from chatkit.authoring.rules import english

# Sentences that stood in the course once, and a sentence of the same kind that may stay.
TRANSLATED = (
    ("Who joins only calls out.", "Who joins first?"),
    ("with a copy of the own work", "with a copy of their own work"),
    ("a platform shall grade", "How shall the others call you?"),
    ("Mend what has a ✗.", "Fix what has a ✗."),
    ("what your programs owe", "what your programs must do"),
    ("twice of them in the middle", "twice in the middle"),
    ("How many are that?", "How many are there?"),
    ("one line, status not 0", "the status is not 0"),
    ("and does not get on", "to get on the list"),
    ("to get 1 lines", "to get 1 line, or 21 lines"),
    ("This page says what the kit keeps from you", "the kit keeps what you wrote"),
    ("server.py is at rest and will not do it any more", "the program is at rest"),
    ("the threads change turns", "in turns"),
    ("Ours stands in the contract", "The tap stands between the two"),
    ("args=(x) is no tuple", "there is no number"),
    ("From when on may somebody get chat?", "It belongs to the others."),
    ("How is the module called?", "How often is the function called?"),
    ("How many bytes has a line?", "How many bytes does a line have?"),
    ("Nothing looks whether it is empty", "look at it"),
    ("The port is free, also when it was used.", "It is also free."),
)


@pytest.mark.parametrize(("stood", "may_stay"), TRANSLATED)
def test_a_sentence_that_reads_like_a_translation_is_found(stood: str, may_stay: str) -> None:
    assert list(english.wrong(stood))
    assert not list(english.wrong(may_stay))


def test_each_kind_of_sentence_has_an_example() -> None:
    found = {say for stood, _ in TRANSLATED for say in english.wrong(stood)}
    assert found == {kind.say for kind in english.kinds()}


def test_texts_messages_and_docstrings_are_read_and_code_is_not(tmp_path: Path) -> None:
    clone = open_clone(write_course(tmp_path))
    before = len(list(english.texts_are_plain_english(clone)))
    replace(
        tmp_path / "lessons/01_one/README.md", "## Say hello", "Mend it. `mend`\n\n## Say hello"
    )
    program = tmp_path / "chatkit/reference/one/server.py"
    text = program.read_text(encoding="utf-8")
    program.write_text(f'{text}\n\ndef mend():\n    """Mend it."""\n', encoding="utf-8")

    wrong = list(english.texts_are_plain_english(clone))

    assert before == 0
    assert [one.file.suffix for one in wrong] == [".md", ".py"]
