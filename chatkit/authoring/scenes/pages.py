"""The scenes on the site: the figure in a lesson, the page with all of them, the still pictures."""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.samples import sample_in
from chatkit.authoring.scenes.drawing import still, svg
from chatkit.authoring.scenes.scenes import SIDES, Scene, SceneRecording, folder, load, scenes
from chatkit.authoring.scenes.storyboard import SceneStep, at_first, capital, in_words, steps
from chatkit.authoring.site.markdown import front

HEADS = {"right": "✓ Right", "wrong": "✗ Wrong"}
PLAYER = "/* The player"  # what stands before it in wire.css is the style of the drawing
FILE = re.compile(r"\w+\.py\b")  # a sentence may begin with the name of a program
COLOURS = """\
:root { --wire-paper: #ffffff; --wire-ink: #1d2430; --wire-soft: #5c6675; --wire-lane: #aab3bf;
  --wire-good: #00695c; --wire-bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --wire-paper: #14181e; --wire-ink: #e4e8ee;
  --wire-soft: #9aa5b4; --wire-lane: #4a5563; --wire-good: #5fd0c0; --wire-bad: #ff9d94; } }
"""
ABOUT = "What goes over the wire, step by step: right and wrong chat programs side by side."
INTRODUCTION = """\
# Watch the wire

Right and wrong side by side, one step at a time. These pictures are recordings: a check played each
scene twice, with the finished program and with a wrong one, and wrote down what went over the wire.

Press **First**, and predict each step before you press **Forward**. On these buttons the arrow keys
do the same. Below each picture you find all steps in words.

Lines that reach several people at nearly the same time arrive in no fixed order, so one step shows
all of them. Times are left out, because they are different each time.
"""


def pictures(clone: Clone) -> dict[Path, str]:
    """The still picture of each scene, by file. Raises AuthoringError."""
    return {picture_file(clone, scene): picture(clone, scene) for scene in scenes(clone)}


def picture_file(clone: Clone, scene: Scene) -> Path:
    """Where the still picture of a scene lies."""
    return folder(clone) / f"{scene.id}.svg"


def picture(clone: Clone, scene: Scene) -> str:
    recording = load(clone, scene)
    rules = read(clone.docs / "assets" / "wire.css").partition(PLAYER)[0]
    story = steps(recording)
    name = f"{scene.title}: right and wrong, {len(story)} steps"
    return still(story, scene.cast, program(recording), name, COLOURS + rules)


def program(recording: SceneRecording) -> str:
    """The file name of the program under test."""
    return recording.takes["right"].program.rpartition("/")[2]


def figure(clone: Clone, scene: Scene) -> str:
    """The scene as HTML: two pictures, what the mistake is, and all steps in words.

    The script of the site adds the buttons. Without it, and in print, all is shown at once.
    """
    recording = load(clone, scene)
    story = steps(recording)
    first = at_first(recording.takes["right"])
    return "\n".join(
        [
            f'<figure class="wire" data-scene="{scene.id}" data-start="{escape(first)}">',
            f"<figcaption>{escape(scene.title)}: right and wrong</figcaption>",
            '<div class="wire-sides" data-search-exclude>',
            *(part for which in SIDES for part in one_side(recording, story, scene, which)),
            "</div>",
            *about(clone, scene, recording),
            '<div class="wire-words">',
            "<p>All steps in words:</p>",
            "<ol>",
            *(f"<li>{words(step, program(recording))}</li>" for step in story),
            "</ol>",
            "</div>",
            "</figure>",
        ]
    )


def one_side(
    recording: SceneRecording, story: list[SceneStep], scene: Scene, which: str
) -> Iterator[str]:
    yield '<div class="wire-side">'
    yield f'<p class="wire-title wire-{which}">{HEADS[which]}</p>'
    name = f"{HEADS[which][2:]}: all steps as a picture. They are told in words below."
    yield from svg(story, which, scene.cast, program(recording), name)
    yield "</div>"


def about(clone: Clone, scene: Scene, recording: SceneRecording) -> Iterator[str]:
    """The mistake in the words of the one who made it, and the verdict on it."""
    take = recording.takes["wrong"]
    said = take.likely or take.message  # without evidence it says what happened
    why = sample_in(scene.folder(clone, "wrong"), scene.lesson).expected.get("why", "")
    yield (
        f'<p class="wire-about"><strong>The mistake:</strong> “{html(why.rstrip("."))}.”'
        f" <strong>The verdict:</strong> {html(said if FILE.match(said) else capital(said))}</p>"
    )


def words(step: SceneStep, name: str) -> str:
    """A step in words, as HTML: once where both sides do the same."""
    told = {
        side: in_words(moment, name)
        for side in SIDES
        if (moment := getattr(step, side)) is not None
    }
    if len(set(told.values())) == 1 and len(told) == len(SIDES):
        return f"<span><strong>Both:</strong> {html(told['right'])}</span>"
    told.setdefault("wrong", "The check has ended.")
    told.setdefault("right", "The scene has ended.")
    return "".join(
        f"<span><strong>{HEADS[side]}:</strong> {html(told[side])}</span>" for side in SIDES
    )


def html(told: str) -> str:
    """Words as HTML; what stands between backquotes, or is bytes, is code."""
    told = re.sub(r"(?<!`)(b'[^']*'|\b\w+(?:\.\w+)?\(\))(?!`)", r"`\1`", told)
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(told, quote=False))


def gallery(clone: Clone) -> str:
    """The text of `docs/scenes.md`: every scene, and what to look at."""
    note = "<!-- Made from assets/scenes/ by `chatkit author sync`. -->"
    lines = [front(ABOUT), "", note, "", INTRODUCTION]
    for scene in scenes(clone):
        lesson = scene.lesson
        lines += [
            f"## {scene.title}",
            "",
            f"{scene.look} ([Lesson {lesson.number}: {lesson.title}](lessons/{lesson.name}.md),"
            f" check `{scene.check}`)",
            "",
            figure(clone, scene),
            "",
        ]
    return "\n".join(lines)
