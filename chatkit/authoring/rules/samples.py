"""Rules about samples: what an `expected.toml` says is known, and the kit has enough of them."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of
from chatkit.authoring.samples import OR, Sample, samples
from chatkit.bench.symptoms import Symptom
from chatkit.course.errors import Problem
from chatkit.course.lessons import Lesson
from chatkit.course.places import PACKAGE
from chatkit.grading.explain.catalogue import CATALOGUE
from chatkit.grading.explain.ranking import FAMILIES

MISTAKES, ALTERNATIVES = 12, 6  # the least that a lesson of the kit has
KEYS = ("why", "causes", "missing", "not_reached", "sometimes", "fails")


def samples_say_what_is_known(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every mistake says why, and names checks, symptoms and causes that there are"""
    known = [check.id for check in checks_of(lesson)]
    symptoms = {str(one) for one in Symptom}
    for sample in of(clone, "mistakes", lesson):
        file = sample.folder / "expected.toml"
        said = sample.expected
        if not file.is_file():
            cure = f"chatkit author expect {lesson.number} --only {sample.folder.name}"
            yield Problem(file, "a mistake without what it must fail", cure)
            continue
        if not str(said.get("why", "")).strip():
            yield Problem(file, "it does not say why", 'why = "what its author thought"')
        for key in sorted(set(said) - set(KEYS)):
            cure = f"take it out. There are: {', '.join(KEYS)}"
            yield Problem(file, f"nobody reads the entry {key!r}", cure)
        rows = [row for row in said.get("fails", ()) if {"check", "symptom"} == set(row)]
        if len(rows) != len(said.get("fails", ())):
            what = "a row of [[fails]] needs check and symptom, and nothing else"
            yield Problem(file, what, "write it as in docs/authors.md")
        named = [row["check"] for row in rows]
        named += [*said.get("not_reached", ()), *said.get("sometimes", ())]
        for name in sorted(set(named) - set(known)):
            cure = f"chatkit author expect {lesson.number} --only {sample.folder.name}"
            yield Problem(file, f"{lesson.name} has no check {name!r}", cure)
        for symptom in [one for row in rows for one in row["symptom"].split(OR)]:
            if symptom not in symptoms:
                what = f"no symptom is called {symptom!r}, so it has no sentence"
                cure = "correct it, or add it to chatkit/bench/symptoms.py with its sentence"
                yield Problem(file, what, cure)
        for name in sorted(set(said.get("causes", ())) - {"", *CATALOGUE}):
            cure = 'name an entry of chatkit/grading/explain, or "" where none can know'
            yield Problem(file, f"no cause is called {name!r}", cure)


def samples_are_enough(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """twelve mistakes, six other designs in other hands, and a mistake for every check"""
    wrong, right = of(clone, "mistakes", lesson), of(clone, "alternatives", lesson)
    folder = clone.root / "tests/mistakes" / lesson.name
    if len(wrong) < MISTAKES:
        cure = f"write {MISTAKES - len(wrong)} more wrong programs, each with its expected.toml"
        yield Problem(folder, f"{len(wrong)} of at least {MISTAKES} mistakes", cure)
    failed = {check for sample in wrong for check in sample.fails}
    if never := [check.id for check in checks_of(lesson) if check.id not in failed]:
        cure = "write programs that fail them, or take the checks out"
        yield Problem(folder, f"no mistake fails {', '.join(never)}", cure)
    folder = clone.root / "tests/alternatives" / lesson.name
    if len(right) < ALTERNATIVES:
        cure = f"write {ALTERNATIVES - len(right)} more right programs of other designs"
        yield Problem(folder, f"{len(right)} of at least {ALTERNATIVES} alternatives", cure)
    elif lacking := hands_lacking(right):
        what = f"no alternative is written with {lacking}"
        cure = "people write like that: save one of them so"
        yield Problem(folder, what, cure)


def hands_lacking(right: list[Sample]) -> str:
    """What none of the programs has of how other people's editors save."""
    sources = [file.read_bytes() for sample in right for file in sample.folder.glob("*.py")]
    bare = [source.removeprefix(codecs.BOM_UTF8) for source in sources]
    there = {
        "a byte order mark": bare != sources,
        "\\r\\n": any(b"\r\n" in source for source in sources),
        "tabs": any(b"\n\t" in source for source in sources),
        "more than ASCII": not all(source.isascii() for source in bare),
    }
    return " and ".join(name for name, found in there.items() if not found)


def causes_have_their_proofs(clone: Clone) -> Iterator[Problem]:
    """the programs that prove the causes of the catalogue are there"""
    if clone.root != PACKAGE.parent:
        return  # the catalogue belongs to the kit that runs, and that is another folder
    folder = clone.root / "tests/mistakes"
    for one in CATALOGUE.values():
        for name in filter(None, (*one.proofs, one.unlike)):
            if not (folder / name).is_dir():
                what = f"the cause {one.name!r} names this program, which is not there"
                cure = f"correct proofs and unlike of it in {place_of(one.family)}"
                yield Problem(folder / name, what, cure)


def place_of(family: str) -> str:
    [module] = [one for one in FAMILIES if one.__name__.endswith(f".{family}")]
    return Path(str(module.__file__)).parent.relative_to(PACKAGE.parent).as_posix()


def of(clone: Clone, kind: str, lesson: Lesson) -> list[Sample]:
    return [sample for sample in samples(clone.course, kind) if sample.lesson == lesson]
