"""Windows and the terminal: can this machine show what the lessons show?"""

import os
import shutil
import subprocess
import sys

from chatkit._errors import Unavailable
from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course
from chatkit.system import machine
from chatkit.system.commands import HAS_LOCALES, at_prompt, install_tk, packages, utf8_locale
from chatkit.system.display import NO_TK, NO_XVFB, X11, Display
from chatkit.system.linux import LINUX
from chatkit.system.spawn import plain_environment
from chatkit.tools.doctor.child import last_line, ran
from chatkit.tools.doctor.finding import Finding, Status

SECONDS = 20  # that a window may take to open and to close

# It ends itself, too: somebody who presses Ctrl-C while it hangs has no window left behind.
WINDOW = f"""
import faulthandler
faulthandler.dump_traceback_later({SECONDS}, exit=True)
import tkinter
root = tkinter.Tk()
root.title("chatkit doctor")
root.update()
print(root.tk.call("info", "patchlevel"))
root.destroy()
"""

MARKS = "✓✗─▶│·…"  # what verdicts are drawn with
FONTS = {  # language, and the packages of Debian and of Fedora
    "Hindi": ("hi", "fonts-noto-core", "google-noto-sans-devanagari-fonts"),
    "Chinese": ("zh-cn", "fonts-noto-cjk", "google-noto-sans-cjk-fonts"),
}
LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set wins, see locale(7)


def tk() -> Finding:
    """Open a window and close it, on the user's display or on an Xvfb of our own."""
    problem: Status = "wrong" if asks_for_a_window() else "remark"
    try:
        with Display() as display:
            where = "on an Xvfb, in memory" if display.pid else "on your screen"
            environment = {**plain_environment(), **display.environment}
            status, printed, errors = ran(
                WINDOW, "-I", seconds=SECONDS + 5, environment=environment
            )
    except Unavailable as missing:
        if str(missing) == NO_TK:
            return Finding("Tk", problem, "this Python has no Tk, for windows", install_tk())
        if str(missing) == NO_XVFB:
            return Finding("Tk", "remark", "it is here, but no window can open: see display")
        told, _, cure = str(missing).partition(": ")
        return Finding("Tk", problem, told, cure)
    if status == 0:
        if printed.startswith("8.5"):
            cure = "take the Python of python.org, or of Homebrew: brew install python-tk"
            return Finding("Tk", "remark", f"{printed} is old and may draw black windows", cure)
        return Finding("Tk", "ok", f"{printed} has opened a window and closed it {where}")
    if "Timeout" in errors:
        told = f"a window did not open within {SECONDS} seconds"
        return Finding("Tk", problem, told, "close other programs and look again")
    why = last_line(errors) or f"it ended with status {status}"
    return Finding("Tk", problem, f"a window does not open: {why}", cure_for_a_window(errors))


def asks_for_a_window() -> bool:
    """Whether a lesson of this course has a window: a hand-out may stop before it."""
    try:
        return any(lesson.window for lesson in find_course().lessons)
    except CourseError:
        return True


def cure_for_a_window(errors: str) -> str:
    """What to do when Tk is there and no window opens."""
    if machine.REFUSED.search(errors):
        return machine.SEE
    if "display" in errors and (name := os.environ.get("DISPLAY")):
        return (
            f"DISPLAY is {name}, and nobody answers there. Over ssh: ssh -X. "
            "In a terminal without a desktop: unset DISPLAY, and checks use Xvfb"
        )
    return install_tk()


def display() -> Finding:
    """Where windows open. Only Linux lets us choose."""
    x, wayland = os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY")
    if not X11:
        return Finding("display", "ok", "the desktop")
    if x:
        through = ", a Wayland desktop through XWayland" if wayland else ""
        return Finding("display", "ok", f"DISPLAY is {x}{through}")
    xvfb = shutil.which("Xvfb")
    cure, told = packages("xvfb", "xorg-x11-server-Xvfb"), "there is no desktop here"
    if wayland:
        told = "this is Wayland without X, which windows of Tk need"
        cure = packages("xwayland", "xorg-x11-server-Xwayland") + ", then log in again"
    if xvfb:
        told += ". Checks of windows use Xvfb, but you see no window"
        return Finding(
            "display", "remark", told, cure if wayland else "sit at the machine, or: ssh -X"
        )
    told += ", and no Xvfb to make a display in memory: no window can be checked"
    return Finding("display", "wrong" if asks_for_a_window() else "remark", told, cure)


def fonts() -> Finding:
    """Whether a window can show names in Hindi and in Chinese. Only Linux leaves that to us.

    Source: fc-list(1). Without it nobody can tell.
    """
    if not LINUX:
        return Finding("fonts", "ok", "those of the system")
    lister = shutil.which("fc-list")
    if not lister:
        return Finding("fonts", "ok", "there is no fc-list to tell which fonts are here")
    missing = [script for script in FONTS if not has_font(lister, FONTS[script][0])]
    if not missing:
        return Finding("fonts", "ok", f"there are some for {' and '.join(FONTS)}, too")
    told = f"none here for {' and '.join(missing)}: a window shows boxes for such names and lines"
    debian = " ".join(FONTS[script][1] for script in missing)
    fedora = " ".join(FONTS[script][2] for script in missing)
    return Finding("fonts", "remark", told, packages(debian, fedora))


def has_font(lister: str, language: str) -> bool:
    """Whether fontconfig knows a font for this language."""
    listed = subprocess.run(
        [lister, f":lang={language}", "family"], capture_output=True, timeout=SECONDS, check=False
    )
    return bool(listed.stdout.strip())


def encoding() -> Finding:
    """Whether the output can carry the signs that verdicts are drawn with."""
    # The one that Python began with: while a wheel turns, another stands in front of it.
    name = sys.__stdout__.encoding if sys.__stdout__ else "ascii"
    rules = next((key for key in LOCALE if os.environ.get(key)), "LANG")
    locale = os.environ.get(rules, "")
    utf8 = f"export {rules}={utf8_locale()}"
    told = f"output is {name}, {rules} is {locale or 'not set'}"
    if lacking := "".join(mark for mark in MARKS if not carries(name, mark)):
        told += f": it lacks {len(lacking)} of the {len(MARKS)} signs of a verdict"
        return Finding("encoding", "wrong", told, cure_for_encoding(utf8))
    if HAS_LOCALES and locale in ("", "C", "POSIX"):
        told += ". The system does not say that your terminal shows UTF-8; most do"
        return Finding("encoding", "remark", told, f"odd signs in a verdict? {utf8}")
    return Finding("encoding", "ok", told)


def carries(encoding: str, text: str) -> bool:
    """Whether an encoding has these characters."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def cure_for_encoding(utf8: str) -> str:
    """Undo what was set, and ask for UTF-8 unless the system does."""
    names = [name for name in ("PYTHONIOENCODING", "PYTHONUTF8") if name in os.environ]
    bash = [f"unset {name}" for name in names]
    locale = next(filter(None, map(os.environ.get, LOCALE)), "")
    # Without a locale, and in that of C, Python takes UTF-8 by itself (PEP 538, PEP 540).
    if not names or not (locale in ("", "C", "POSIX") or "utf" in locale.lower()):
        bash.append(utf8)
    powershell = [f"Remove-Item Env:{name}" for name in names]
    return at_prompt("; ".join(bash), "; ".join(powershell) or '$env:PYTHONUTF8 = "1"; chcp 65001')
