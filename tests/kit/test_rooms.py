"""The rooms of the kit are as the page for authors draws them: what imports what, and how large."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatkit.bench

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "chatkit"
PAGE = ROOT / "docs/authors.md"

MODULES = 12  # in a folder, without its door
LINES = 350  # in a file
TEST_LINES = 400  # in a file of tests or checks
# Runs inside the process of a student's window, where one file means one import.
LONGER = {"bench/agent/chatkit_agent.py"}
# Not modules of the kit: files that are put into other processes and into hand-outs.
APART = {"agent", "zygote", "handout_files", "reference"}


def sources() -> dict[str, Path]:
    """Every module of the kit by its dotted name, without what stands apart."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if not APART & set(path.relative_to(PACKAGE).parts)
    }


def imported(name: str, modules: dict[str, Path]) -> Iterator[str]:
    """The modules of the kit that module `name` names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(modules[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                if inside in modules:
                    yield inside
                elif node.module in modules:
                    yield node.module


def floors() -> dict[str, int]:
    """The floor of each room in the picture of the page; the highest is 0. `_` is all of `_*`."""
    text = PAGE.read_text(encoding="utf-8")
    [drawn] = re.findall(r"```text\n(cli ──►.*?)```", text, re.DOTALL)
    rows = [re.findall(r"[a-z_]+", line) for line in drawn.splitlines()]
    found = {}
    for floor, row in enumerate(row for row in rows if row):
        for room in row:
            found["_" if room.startswith("_") else room] = floor
    return found


def room_of(name: str) -> str:
    """The room of a module: the part behind `chatkit`. The package itself stands below all."""
    room = name.split(".")[1] if "." in name else "_"
    return "_" if room.startswith("_") else room


def test_every_import_points_down() -> None:
    modules, floor = sources(), floors()
    wrong = sorted(
        f"{name} -> {target}"
        for name in modules
        for target in imported(name, modules)
        if room_of(name) not in (room_of(target), "cli", "_")
        and floor[room_of(name)] >= floor[room_of(target)]
    )
    assert wrong == []


def test_the_picture_has_every_room_and_no_other() -> None:
    assert set(floors()) == {room_of(name) for name in sources()}


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    modules = sources()
    left = {name: set(imported(name, modules)) - {name} for name in modules}
    while free := {name for name, targets in left.items() if not targets & set(left)}:
        left = {name: targets for name, targets in left.items() if name not in free}
    assert left == {}


# What tells one system from another: (module, name) -> only `chatkit/system` may use it.
ASKS = {
    ("sys", "platform"),
    ("sys", "getwindowsversion"),
    ("os", "name"),
    ("os", "uname"),
    *(("platform", name) for name in ("system", "uname", "platform", "release", "win32_ver")),
}


def asked(source: str) -> set[str]:
    """The questions of `ASKS` that this source asks, as it spells them."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (names.get(node.value.id), node.attr) in ASKS:
                found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.ImportFrom):
            found |= {
                f"from {node.module} import {alias.name}"
                for alias in node.names
                if (node.module, alias.name) in ASKS
            }
    return found


def test_only_the_room_system_asks_which_system_this_is() -> None:
    """The references may: a student has no kit to ask, and they import nothing of it."""
    asking = {
        path.relative_to(PACKAGE).as_posix(): questions
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ("system", "reference")
        and (questions := asked(path.read_text(encoding="utf-8")))
    }
    assert asking == {}


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys.platform == 'linux'",
        "import os as system\nif system.name == 'nt': pass",
        "from sys import platform",
        "def f():\n    import platform\n    return platform.system()",
    ],
)
def test_such_a_question_is_found(source: str) -> None:
    assert asked(source)


def test_checks_import_the_bench_the_course_and_one_another() -> None:
    """And name nothing inside the two: what checks need, `chatkit/bench/__init__.py` exports."""
    files = sorted((ROOT / "tests/lessons").glob("*.py"))
    assert len(files) > 10
    wrong = []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            wrong += [
                f"{path.name}: {name}"
                for name in names
                if name.partition(".")[0] not in sys.stdlib_module_names
                and name not in ("chatkit.bench", "chatkit.course")
            ]
    assert wrong == []


def tells_elsewhere(function: ast.FunctionDef, modules: set[str]) -> bool:
    """Whether all that a check does is to call a story of another file."""
    body: list[ast.stmt] = [one for one in function.body if not is_text(one)]
    while len(body) == 1 and isinstance(body[0], ast.With):
        body = body[0].body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        return False
    match body[0].value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            return name in modules
    return False


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_a_check_stands_beside_its_story() -> None:
    """What another file tells, a lesson takes: `test_leave = leaving.test_leave`."""
    away = []
    for path in (ROOT / "tests/lessons").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        others = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.level
            for alias in node.names
        }
        away += [
            f"{path.name}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.decorator_list
            if tells_elsewhere(node, others)
        ]
    assert away == []


def test_what_the_facade_exports_is_there() -> None:
    source = (PACKAGE / "bench/__init__.py").read_text(encoding="utf-8")
    for name in re.findall(r'^    "(\w+)": "', source, re.MULTILINE):
        assert getattr(chatkit.bench, name) is not None
    with pytest.raises(ImportError):
        from chatkit.bench import no_such_name  # noqa: F401


def test_the_reference_imports_nothing_and_nobody_imports_it() -> None:
    for path in (PACKAGE / "reference").rglob("*.py"):
        assert "chatkit" not in re.findall(
            r"^\s*(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    for name, path in sources().items():
        assert "chatkit.reference" not in path.read_text(encoding="utf-8"), name


def test_folders_and_files_are_small() -> None:
    crowded = {
        str(folder.relative_to(ROOT)): len(files)
        for folder in [PACKAGE, *PACKAGE.rglob("*/")]
        if len(files := [one for one in folder.glob("*.py") if one.name != "__init__.py"]) > MODULES
    }
    long = {
        str(inside): lines
        for path in PACKAGE.rglob("*.py")
        if (inside := path.relative_to(PACKAGE).as_posix()) not in LONGER
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert (crowded, long) == ({}, {})


def test_files_of_tests_and_checks_are_small() -> None:
    """Not the wrong programs and the good ones: those are as long as students make them."""
    samples = {"mistakes", "alternatives"}
    long = {
        str(inside): lines
        for path in (ROOT / "tests").rglob("*.py")
        if path.is_file()
        if not samples & set((inside := path.relative_to(ROOT / "tests")).parts)
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > TEST_LINES
    }
    assert long == {}


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports each as a module without a package: of two with one name it takes one."""
    names = Counter(
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if path.name not in ("conftest.py", "__init__.py")
        if not {"mistakes", "alternatives", "lessons"} & set(path.relative_to(ROOT).parts)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_classes_have_one_name() -> None:
    """The references may: each is the same program one step further."""
    places: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE)
        if inside.parts[0] == "reference":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{inside.as_posix()}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_every_room_says_at_its_door_what_lives_there() -> None:
    for folder in {path.parent for path in sources().values()}:
        door = folder / "__init__.py"
        assert ast.get_docstring(ast.parse(door.read_text(encoding="utf-8"))), folder
