"""The catalogue of misconceptions: each is told of the programs that prove it, and of no others."""

import re
import tempfile
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from chatkit.authoring.explaining import judged
from chatkit.authoring.samples import Sample, sample_in, samples
from chatkit.bench.bench import Bench
from chatkit.bench.evidence import Evidence
from chatkit.course.lessons import find_course
from chatkit.grading.checkrun import CheckRunner, text_of
from chatkit.grading.explain.catalogue import CATALOGUE, Seen
from chatkit.grading.explain.ranking import concluded_from
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import LessonVerdict, Verdict, check_as_json

COURSE = find_course(Path(__file__).parent)
MISTAKES = samples(COURSE, "mistakes")
PROOFS = [(one.name, proof) for one in CATALOGUE.values() for proof in one.proofs]
UNLIKE = [(one.name, one.unlike) for one in CATALOGUE.values() if one.unlike]


def sample(name: str) -> Sample:
    lesson = next(one for one in COURSE.lessons if one.name == name.partition("/")[0])
    return sample_in(COURSE.root / "tests" / "mistakes" / name, lesson)


@cache
def told_by(name: str, check: str) -> dict[str, str]:
    """What a student is told when this check fails for this program: cause -> sentence."""
    wrong = sample(name)
    with tempfile.TemporaryDirectory() as folder:
        programs = wrong.laid_out(Path(folder))
        verdict = grade_lesson(wrong.lesson, programs, RunOptions(only=(check,)))
    assert not verdict.checks[0].stumbled
    return {cause.name: cause.sentence for cause in verdict.checks[0].causes}


@pytest.mark.parametrize(("name", "proof"), PROOFS)
def test_a_misconception_is_told_of_each_program_that_proves_it(name: str, proof: str) -> None:
    assert any(name in told_by(proof, check) for check in sample(proof).fails)


@pytest.mark.parametrize(("name", "program"), UNLIKE)
def test_a_misconception_is_not_told_of_a_program_that_only_looks_like_it(
    name: str, program: str
) -> None:
    assert not any(name in told_by(program, check) for check in sample(program).fails)


@pytest.mark.parametrize("one", CATALOGUE.values(), ids=lambda one: one.name)
def test_a_misconception_sends_its_reader_to_headings_that_exist(one) -> None:
    texts = {lesson.number: lesson.folder / "README.md" for lesson in COURSE.lessons}
    for number, heading in one.read.items():
        text = texts[number].read_text(encoding="utf-8")
        assert re.search(rf"^#+ {re.escape(heading)}$", text, re.M), (number, heading)


def test_every_wrong_program_has_its_true_causes_on_record() -> None:
    field = tomllib.loads((COURSE.root / "tests" / "field.toml").read_text(encoding="utf-8"))
    causes = {one.name: one.expected.get("causes") for one in MISTAKES}
    causes |= {name: facts.get("causes") for name, facts in field.items()}

    assert [name for name, known in causes.items() if not known] == []
    unknown = {cause for known in causes.values() for cause in known} - {"", *CATALOGUE}
    assert unknown == set()


SYMPTOMS = ("silent", "crashed", "no-ready-line")
SOURCES = [
    file
    for kind in ("mistakes", "alternatives")
    for file in sorted((COURSE.root / "tests" / kind).rglob("*.py"))
    if file.is_file()
]


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_no_predicate_stumbles_over_any_program(symptom: str) -> None:
    def nothing_seen_of(path: Path) -> Evidence:
        text = text_of(path)
        return Evidence(1, "ready-line", path.name, symptom, "connect", "", "", "", text=text)

    for path in SOURCES:
        assert not concluded_from(nothing_seen_of(path)).stumbled, path


def test_a_predicate_that_raises_is_no_match_and_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(seen: Seen) -> str | None:
        raise KeyError("x")

    name = "strict-decode"
    monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], told=stumbles))
    about = Evidence(1, "any-line", "server.py", "silent", "", "", "", "", text="import socket")
    concluded = concluded_from(about)
    check = COURSE.lessons[0].checks()[0]
    verdict = Verdict(check.id, check.title, "failed", 0, 1, "server.py")
    lesson = LessonVerdict("01_echo", "", (replace(verdict, stumbled=concluded.stumbled),), 0.0)

    assert (concluded.causes, concluded.stumbled) == ((), (f"{name}: KeyError: 'x'",))
    assert judged(MISTAKES[0], lesson).stumbled == concluded.stumbled
    assert "stumbled" not in check_as_json(lesson.checks[0])


STARTS = """
import argparse
import socket

parser = argparse.ArgumentParser()
parser.add_argument("--host")
parser.add_argument("--port", type=int)
args = parser.parse_args()
server = socket.create_server((args.host, args.port))
client, _ = server.accept()
"""


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("client.settimeout(0.4)\nclient.recv(100)\n", True),
        (
            "client.settimeout(0.4)\ntry:\n    client.recv(100)\nexcept OSError:\n"
            "    client.close()\n    server.accept()\n",
            True,
        ),
        ("client.close()\nserver.accept()\n", False),
    ],
)
def test_a_time_limit_that_ends_a_connection_is_named(
    rest: str, told: bool, tmp_path: Path
) -> None:
    program = tmp_path / "server.py"
    program.write_text(STARTS + rest, encoding="utf-8")
    lesson = COURSE.lessons[0]

    def story(bench: Bench) -> None:
        bench.start_server()
        bench.connect("alice").gets(b"nothing\n")

    check = replace(lesson.checks()[0], story=story)
    with CheckRunner(lesson, tmp_path, RunOptions(seed="1")) as runner:
        causes = {cause.name: cause.sentence for cause in runner.run(check).causes}

    assert ("timeout-left-on" in causes) == told
    if told:
        assert "sets a time limit of 0.4 s" in causes["timeout-left-on"]
