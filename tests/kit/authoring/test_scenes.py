"""Scenes: recorded the same each time, told and drawn step by step, and never of other programs."""

import re
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from small_course import replace, write_course
from test_authoring_rules import found

from chatkit.authoring.clone import open_clone
from chatkit.authoring.scenes.recordings import brief, record, shortened, turns
from chatkit.authoring.scenes.scenes import (
    SceneRecording,
    Take,
    as_json,
    fingerprints,
    load,
    recording_file,
    scenes,
)
from chatkit.authoring.scenes.storyboard import in_words, steps
from chatkit.authoring.scenes.tries import tabs
from chatkit.authoring.sync import sync
from chatkit.bench.transcript import Event, written
from chatkit.cli.main import main
from chatkit.course.errors import AuthoringError
from chatkit.course.lessons import find_course

CLONE = open_clone(find_course(Path(__file__).parent))
SCENES = {scene.id: scene for scene in scenes(CLONE)}
CAST = ("alice", "server", "bob", "carol")


@pytest.mark.parametrize("id", ["half-line", "name-in-pieces"])
def test_a_scene_played_again_is_as_it_was_recorded(id: str) -> None:
    scene = SCENES[id]
    text = recording_file(CLONE, scene).read_text(encoding="utf-8")
    assert as_json(record(CLONE, scene)) == text


@pytest.mark.parametrize("id", SCENES)
def test_each_scene_shows_the_same_script_and_where_the_wrong_side_ends(id: str) -> None:
    story = steps(load(CLONE, SCENES[id]))
    ends = [step for step in story if step.wrong and step.wrong.ends]
    assert len(ends) == 1
    before = story[: story.index(ends[0])]
    assert before, "something happens before it goes wrong"
    assert any(step.right and step.right.events for step in story)


@pytest.mark.parametrize("id", SCENES)
def test_a_still_picture_is_whole_and_the_page_tells_each_of_its_steps(id: str) -> None:
    image = (CLONE.docs / "assets/scenes" / f"{id}.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(image)
    assert set(re.findall(r"https?://[^\"' ]+", image)) == {"http://www.w3.org/2000/svg"}
    page = (CLONE.docs / "scenes.md").read_text(encoding="utf-8")
    figure = page[page.index(f'data-scene="{id}"') :].partition("</figure>")[0]
    drawn = {int(number) for number in re.findall(r'data-step="(\d+)"', figure)}
    told = figure.count("<li>")
    assert drawn == set(range(1, told + 1))
    assert drawn == {int(number) for number in re.findall(r'data-step="(\d+)"', image)}


def data(source: str, target: str, text: str) -> Event:
    return Event(0.5, source, target, "data", written(text.encode()))


def test_the_order_and_the_pieces_in_which_things_arrive_change_nothing() -> None:
    says = data("alice", "server", "hello\n")
    one = [says, data("server", "bob", "hello\n"), data("server", "carol", "hello\n")]
    two = [
        says,
        *(data("server", who, part) for who in ("carol", "bob") for part in ("he", "llo\n")),
    ]
    assert turns(map(brief, one), CAST) == turns(map(brief, two), CAST)


def test_pieces_of_one_line_are_one_act_until_somebody_else_does_something() -> None:
    pieces = [data("bob", "server", part) for part in ("b", "ob\n", "next\n")]
    assert [len(turn.acts) for turn in turns(pieces, CAST)] == [2, 1]
    between = [pieces[0], data("carol", "server", "hi\n"), pieces[1]]
    assert [len(turn.acts) for turn in turns(between, CAST)] == [1, 1, 1]


def test_what_comes_again_and_again_is_shown_once_however_often_it_came() -> None:
    def story(times: int) -> list[Event]:
        lines = [f"word-81c6 long {n} ".ljust(4000, "x") + "\n" for n in range(times)]
        said = [(data("alice", "server", x), data("server", "bob", x)) for x in lines]
        events = [event for pair in said[:-1] for event in pair]
        last = said[-1][0]
        return [*events, last, Event(9.0, "server", "bob", "missing", last.bytes)]

    short, long = (shortened(turns(map(brief, story(times)), CAST)) for times in (12, 150))
    assert short == long
    assert [turn.goes_on for turn in short] == [True, False]
    assert short[0].acts[0].bytes == "word-81c6 long 0 xxxx … \\n"
    assert short[1].then[0].bytes == "word-81c6 long … xxxx … \\n"


def test_words_tell_who_did_what_to_whom() -> None:
    story = steps(load(CLONE, SCENES["name-in-pieces"]))
    told = [in_words(step.right, "server.py") for step in story if step.right]
    assert told[:3] == [
        "Bob connects.",
        r"server.py sends `b'NICK\n'` to bob.",
        r"Bob sends `b'b'`, `b'o'`, `b'b'` and `b'\n'`, one after the other.",
    ]


def test_the_last_step_of_the_wrong_side_says_what_was_wrong() -> None:
    story = steps(load(CLONE, SCENES["stuck-reader"]))
    [last] = (step.wrong for step in story if step.wrong and step.wrong.ends)
    assert in_words(last, "server.py").endswith(
        "never comes to bob. Nothing else arrives."
        " Here the check ends: server.py is stuck: it waits until somebody reads."
    )


def test_only_what_a_wrong_variant_sends_and_the_right_one_does_not_is_red() -> None:
    shown = list(tabs(CLONE))

    assert len(shown) == 3
    assert [("wire-strange" in one, "✓ Right" in one) for one in shown] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert r"helhi\n" in shown[1], "one inbox for all mixes what two people say"


# ---------------------------------------------------------------- what `author check` demands

SCENE = """\
[[scene]]
id = "hello"
title = "Hello"
lesson = "two"
check = "greets"
mistake = "rude"
begin = "alice connect 1"
cast = ["alice", "server"]
look = "Look."
"""
EXPECTED = 'why = "I am."\n[[fails]]\ncheck = "greets"\nsymptom = "silent"\n'
MISTAKE = "tests/mistakes/02_two/rude"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_course(tmp_path)
    for name, text in {
        "docs/assets/scenes/scenes.toml": SCENE,
        f"{MISTAKE}/server.py": "print('no')\n",
        f"{MISTAKE}/expected.toml": EXPECTED,
        "docs/assets/wire.css": ".wire-lane {}\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(AuthoringError, match="chatkit author scenes hello"):
        sync(find_course(tmp_path))
    (tmp_path / "docs/assets/scenes/scenes.toml").unlink()
    sync(find_course(tmp_path))  # the programs that a recording is made of
    (tmp_path / "docs/assets/scenes/scenes.toml").write_text(SCENE, encoding="utf-8")
    clone = open_clone(find_course(tmp_path))
    [scene] = scenes(clone)
    story = turns([Event(0.0, "alice", "server", "connect")], scene.cast)
    right = Take("server.py", fingerprints(scene, clone, "right"), "", "", "", (), tuple(story))
    wrong = changed(right, symptom="silent", fingerprints=fingerprints(scene, clone, "wrong"))
    recording = SceneRecording(scene.recipe(), {"right": right, "wrong": wrong})
    recording_file(clone, scene).write_text(as_json(recording), encoding="utf-8")
    sync(find_course(tmp_path))
    return tmp_path


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda root: replace(root / name, old, new)


STALE = "docs/assets/scenes/hello.json: the recording is stale: "
BROKEN = {
    "another program": (
        edit(f"{MISTAKE}/server.py", "no", "never"),
        [STALE + "a program of its wrong side has changed since"],
    ),
    "another symptom": (
        edit(f"{MISTAKE}/expected.toml", "silent", "stuck"),
        [STALE + "its mistake must have another symptom now"],
    ),
    "another begin": (
        edit("docs/assets/scenes/scenes.toml", "connect 1", "connect 2"),
        [STALE + "scenes.toml has changed since"],
    ),
    "a mistake that passes": (
        edit(f"{MISTAKE}/expected.toml", "greets", "parts"),
        ["docs/assets/scenes/scenes.toml: hello: rude does not fail greets"],
    ),
    "no such check": (
        edit("docs/assets/scenes/scenes.toml", 'check = "greets"', 'check = "grunts"'),
        ["docs/assets/scenes/scenes.toml: hello: 02_two has no check 'grunts'"],
    ),
    "another look": (
        edit("docs/assets/scenes/scenes.toml", "Look.", "See."),
        ["docs/scenes.md: this view is"],
    ),
    "a place that is none": (
        edit("docs/assets/scenes/scenes.toml", "connect 1", "connects"),
        ["docs/assets/scenes/scenes.toml: not a list of scenes"],
    ),
    "left over": (
        lambda root: (root / "docs/assets/scenes/gone.json").write_text("{}", encoding="utf-8"),
        ["docs/assets/scenes/gone.json: no scene makes this file"],
    ),
}


def test_a_scene_that_is_whole_has_no_problem(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_fit_is_said(root: Path, name: str) -> None:
    breaks, wanted = BROKEN[name]
    breaks(root)
    said = found(root)
    for start in wanted:
        assert any(line.startswith(start) for line in said), said


def test_a_scene_that_nobody_knows_is_a_clear_error(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    result = CliRunner().invoke(main, ["author", "scenes", "helo"], catch_exceptions=False)
    assert result.exit_code == 2
    assert result.stderr == "Error: no scene is called 'helo'. There are: hello\n"
