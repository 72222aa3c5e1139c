"""Rules about scenes: what they name is there, and what was recorded is what there is today."""

from collections.abc import Iterator

from chatkit.authoring.clone import Clone, checks_of
from chatkit.authoring.samples import Sample, sample_in
from chatkit.authoring.scenes.pages import picture_file
from chatkit.authoring.scenes.scenes import (
    COMMAND,
    SIDES,
    Scene,
    fingerprints,
    folder,
    load,
    recording_file,
    scenes,
)
from chatkit.course.errors import AuthoringError, Problem


def scenes_name_what_is_there(clone: Clone) -> Iterator[Problem]:
    """the check and the mistake of every scene are there, and the check catches the mistake"""
    file = folder(clone) / "scenes.toml"
    for scene in scenes(clone):
        if scene.check not in {check.id for check in checks_of(scene.lesson)}:
            what = f"{scene.id}: {scene.lesson.name} has no check {scene.check!r}"
            yield Problem(file, what, "name one of its checks")
        elif not (sample := mistake(clone, scene)):
            what = f"{scene.id}: there is no mistake {scene.mistake!r}"
            yield Problem(file, what, f"name a folder of tests/mistakes/{scene.lesson.name}")
        elif sample.outcome()[scene.check] in ("passed", "not_reached"):
            what = f"{scene.id}: {scene.mistake} does not fail {scene.check}"
            yield Problem(file, what, "name a mistake that fails this check")


def recordings_are_fresh(clone: Clone) -> Iterator[Problem]:
    """every recording is of this scene, this verdict and these programs"""
    for scene in scenes(clone):
        stale = ""
        try:
            recording = load(clone, scene)
            for side in SIDES:
                if recording.takes[side].fingerprints != fingerprints(scene, clone, side):
                    stale = f"a program of its {side} side has changed since"
        except AuthoringError as error:
            yield error.problem
            continue
        sample = mistake(clone, scene)
        if recording.recipe != scene.recipe():
            stale = "scenes.toml has changed since"
        elif sample and recording.takes["wrong"].symptom != sample.outcome().get(scene.check):
            stale = "its mistake must have another symptom now"
        if stale:
            what = f"the recording is stale: {stale}"
            yield Problem(recording_file(clone, scene), what, f"{COMMAND} {scene.id}")


def no_scene_is_left_over(clone: Clone) -> Iterator[Problem]:
    """no recording and no picture is left over from a scene that is gone"""
    known = scenes(clone)
    wanted = {place(clone, scene) for scene in known for place in (recording_file, picture_file)}
    for file in sorted([*folder(clone).glob("*.json"), *folder(clone).glob("*.svg")]):
        if file not in wanted:
            yield Problem(file, "no scene makes this file", "delete it, or name it in scenes.toml")


def mistake(clone: Clone, scene: Scene) -> Sample | None:
    """The mistake of a scene; None where it is not there."""
    found = scene.folder(clone, "wrong")
    return sample_in(found, scene.lesson) if found.is_dir() else None
