"""Hand-ins in all the shapes in which students send them: to be graded or not."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")


SERVER, CLIENT = (ECHO.solutions / name for name in ("server.py", "client.py"))


Shape = Callable[[Path], None]


FULL: dict[str, Shape] = {}


NONE: dict[str, tuple[Shape, str]] = {}  # with what must be said


def full(shape: Shape) -> Shape:
    FULL[shape.__name__] = shape
    return shape


def none(words: str) -> Callable[[Shape], Shape]:
    def keep(shape: Shape) -> Shape:
        NONE[shape.__name__] = (shape, words)
        return shape

    return keep


def put(folder: Path, server: str = "server.py", client: str = "client.py") -> Path:
    """Two right programs in a folder, under these names."""
    for program, name in ((SERVER, server), (CLIENT, client)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, folder / name)
    return folder


def packed(target: Path, folder: Path, kind: str = "zip") -> None:
    shutil.make_archive(str(target), kind, folder)
    shutil.rmtree(folder)


@full
def a_lesson_folder(me: Path) -> None:
    put(me / "01_echo")


@full
def programs_alone(me: Path) -> None:
    put(me)


@full
def a_desktop(me: Path) -> None:
    put(me / "x/Desktop/chat")


@full
def thirty_folders_deep(me: Path) -> None:
    put(me.joinpath(*(f"{number:02}" for number in range(30))))


@full
def other_names(me: Path) -> None:
    put(me, "echo_server.py", "echo_client.py")


@full
def other_names_deeper(me: Path) -> None:
    put(me / "src/main", "MyServer.py", "my-client-v2.py")


@full
def names_of_copies(me: Path) -> None:
    put(me, "Server (1).py", "client - Copy.py.txt")


@full
def a_folder_for_each(me: Path) -> None:
    put(me, "server/server.py", "client/client.py")


@full
def a_zip(me: Path) -> None:
    packed(me / "work", put(me / "temp/chat").parent)


@full
def a_zip_in_a_zip(me: Path) -> None:
    packed(me / "temp/inner", put(me / "temp/in/deep").parent)
    packed(me / "outer", me / "temp")


@full
def a_tar(me: Path) -> None:
    packed(me / "work", put(me / "temp"), "gztar")


@full
def a_zip_with_a_wrong_ending(me: Path) -> None:
    packed(me / "work", put(me / "temp"))
    (me / "work.zip").rename(me / "work.rar")


@full
def an_environment(me: Path) -> None:
    """The program needs the module, and 3000 files come before it in the alphabet."""
    with_a_module(put(me))
    (me / "env/lib/python3.12/site-packages").mkdir(parents=True)
    (me / "env/pyvenv.cfg").touch()
    for number in range(3000):
        (me / f"env/lib/python3.12/site-packages/m{number}.py").touch()
        (me / f"env/lib/{number}.py").touch()


@full
def an_environment_in_place(me: Path) -> None:
    with_a_module(put(me))
    (me / "pyvenv.cfg").touch()
    (me / "lib").mkdir()
    for number in range(500):
        (me / f"lib/{number}.py").touch()


@full
def an_environment_in_a_zip(me: Path) -> None:
    an_environment(me / "temp")
    packed(me / "work", me / "temp")


@full
def modules_of_node(me: Path) -> None:
    with_a_module(put(me))
    (me / "node_modules").mkdir()
    for number in range(500):
        (me / f"node_modules/{number}.js").touch()


@full
def a_package(me: Path) -> None:
    put(me)
    (me / "parts/deep").mkdir(parents=True)
    (me / "parts/__init__.py").touch()
    (me / "parts/deep/lines.py").write_text("whole = True\n", encoding="utf-8")
    (me / "parts/words.txt").write_text("hello", encoding="utf-8")
    needs(me / "server.py", "from parts.deep.lines import whole\nopen('parts/words.txt').close()\n")


@full
def a_film(me: Path) -> None:
    sparse(put(me) / "holiday.mp4", 300 << 20)


@full
def a_film_in_a_zip(me: Path) -> None:
    packed_film(put(me / "temp"), me / "work.zip")


@full
def twenty_one_folders(me: Path) -> None:
    put(me)
    deep = me.joinpath("notes", *(f"{number}" for number in range(21)))
    deep.mkdir(parents=True)
    (deep / "a.txt").touch()


@full
def a_name_of_240_bytes(me: Path) -> None:
    put(me)
    (me / ("x" * 236 + ".txt")).touch()
    (me / ("y" * 240)).mkdir()


@full
def folders_of_240_bytes(me: Path) -> None:
    put(me / ("z" * 240) / ("y" * 240))


@full
def a_hundred_thousand_files(me: Path) -> None:
    me.mkdir(parents=True)
    with zipfile.ZipFile(me / "work.zip", "w") as archive:
        for number in range(100_000):
            archive.writestr(f"data/{number}.txt", b"")
        archive.write(SERVER, "zz/server.py")
        archive.write(CLIENT, "zz/client.py")


@full
def a_folder_of_many_files(me: Path) -> None:
    put(me)
    for number in range(20_500):
        (me / f"a{number}.txt").touch()


@full
def a_clone(me: Path) -> None:
    """Nobody takes the published solutions beside it for this student's work."""
    put(me / "lessons/01_echo")
    (me / ".git").mkdir()
    (me / "chatkit").mkdir()
    put(me / "solutions/02_broadcast")
    put(me / "tests/mistakes/01_echo")


@full
def two_copies(me: Path) -> None:
    put(me / "first")
    put(me / "second")


@full
def an_old_one(me: Path) -> None:
    put(me / "chat")
    put(me / "old/chat")
    needs(me / "old/chat/server.py", "raise SystemExit('old')\n")


def with_a_module(me: Path) -> None:
    (me / "zoo.py").write_text("animals = 3\n", encoding="utf-8")
    needs(me / "server.py", "import zoo\n")


def needs(program: Path, line: str) -> None:
    text = program.read_text(encoding="utf-8")
    after = text.index("import ")
    program.write_text(text[:after] + line + text[after:], encoding="utf-8")


def sparse(file: Path, size: int) -> None:
    with file.open("wb") as stream:
        stream.truncate(size)


def packed_film(folder: Path, target: Path) -> None:
    sparse(folder / "bomb.mp4", 300 << 20)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    shutil.rmtree(folder)


@none("work.rar is a RAR archive: pack it again as .zip")
def a_rar(me: Path) -> None:
    write(me / "work.rar", b"Rar!\x1a\x07\x01\0" + bytes(100))


@none("chat.7z is a 7-Zip archive: pack it again as .zip")
def a_7z(me: Path) -> None:
    write(me / "chat.7z", b"7z\xbc\xaf\x27\x1c" + bytes(100))


@none("server.docx is a document, not a program: ask for server.py or client.py")
def a_document(me: Path) -> None:
    with zipfile.ZipFile(write(me / "server.docx", b""), "w") as archive:
        archive.writestr("word/document.xml", "<w>import socket</w>")


@none("chat.ipynb is a notebook: export it as a Python script, and call it server.py")
def a_notebook(me: Path) -> None:
    write(me / "chat.ipynb", b'{"cells": []}')


@none("work.zip is encrypted: pack it again without a password")
def a_password(me: Path) -> None:
    packed(me / "work", put(me / "temp"))
    data = bytearray((me / "work.zip").read_bytes())
    for start, flag in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := data.find(start, at + 1)) >= 0:
            data[at + flag] |= 1
    (me / "work.zip").write_bytes(data)


@none("work.zip cannot be read, pack it again")
def a_broken_zip(me: Path) -> None:
    packed(me / "work", put(me / "temp"))
    data = (me / "work.zip").read_bytes()
    (me / "work.zip").write_bytes(data[: len(data) // 2])


@none("work.zip cannot be read, pack it again: Bad CRC-32 for file")
def a_damaged_zip(me: Path) -> None:
    put(me / "temp")
    with zipfile.ZipFile(me / "work.zip", "w") as archive:  # not compressed
        for path in sorted((me / "temp").iterdir()):
            archive.write(path, path.name)
    shutil.rmtree(me / "temp")
    data = (me / "work.zip").read_bytes()
    (me / "work.zip").write_bytes(data.replace(b"import socket", b"import sOcket"))


@none("it is empty: ask for server.py or client.py")
def an_empty_folder(me: Path) -> None:
    (me / "nothing").mkdir(parents=True)


@none("chat.py is called otherwise: a program is called server.py or client.py")
def another_name(me: Path) -> None:
    write(me / "chat.py", SERVER.read_bytes())


@none("a_server.py, b_server.py may all be server.py: rename the one that counts")
def two_that_may_be_it(me: Path) -> None:
    write(me / "a_server.py", SERVER.read_bytes())
    write(me / "b_server.py", SERVER.read_bytes())


@none("one and two both hold server.py")
def two_that_differ(me: Path) -> None:
    put(me / "one")
    needs(put(me / "two") / "server.py", "import os\n")


@none("chat.url is a link to another place: ask for the file itself")
def an_address(me: Path) -> None:
    write(me / "chat.url", b"[InternetShortcut]")


@none("server.py is left out: it is a link; links are not followed")
def a_link(me: Path) -> None:
    me.mkdir(parents=True)
    (me / "server.py").symlink_to(SERVER)


@none("server.py is left out: only 16 MiB of a lesson are copied")
def a_program_of_300_mb(me: Path) -> None:
    me.mkdir(parents=True)
    sparse(me / "server.py", 300 << 20)


def write(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file
