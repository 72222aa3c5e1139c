"""How the window looks: its fonts and colours, the chat, who is here, and the question for a name.

All of this is given. What is shown, and when, `client.py` decides.
"""

import contextlib
import ctypes
import sys
import tkinter as tk
from tkinter import font, simpledialog, ttk

RULES = "1 to 20 characters, no space and no colon."
PAPER = {"aqua": "systemTextBackgroundColor", "win32": "SystemWindow"}  # colours by their names
FAMILIES = ("Inter", "Cantarell", "Ubuntu", "Noto Sans", "DejaVu Sans")  # the first there is
SIZES = {"TkDefaultFont": 11, "TkTextFont": 11, "TkSmallCaptionFont": 9}  # points

# WCAG 2.2, level AA: a text stands out from its background by 4.5 : 1 or more, an edge by 3 : 1.
LIGHT = {"window": "#f3f4f6", "paper": "#ffffff", "line": "#c3c9d0", "ink": "#1f2328"}
LIGHT |= {"quiet": "#59636e", "own": "#0b4fb3", "problem": "#b3261e", "edge": "#7f8893"}
DARK = {"window": "#24272c", "paper": "#17191d", "line": "#4a515a", "ink": "#e8eaed"}
DARK |= {"quiet": "#a3adb8", "own": "#8ab8ff", "problem": "#ff9d94", "edge": "#727c88"}


def colours(root: tk.Misc) -> dict[str, str]:
    """The light colours, or the dark ones where the system's own background is dark."""
    paper = PAPER.get(root.tk.call("tk", "windowingsystem"), str(root["background"]))
    return LIGHT if sum(root.winfo_rgb(paper)) > 3 * 0x8000 else DARK


def make_root() -> tk.Tk:
    """Return the one root window. Sizes in points ("8p") grow with the screen's resolution."""
    if sys.platform == "win32":
        ctypes.windll.user32.SetProcessDPIAware()  # or Windows enlarges a small picture of it
    root = tk.Tk()
    if root.tk.call("tk", "windowingsystem") == "x11":  # the others have good looks of their own
        dress(root, colours(root))
        known = set(font.families())
        family = next((name for name in FAMILIES if name in known), "sans-serif")
        for name, size in SIZES.items():
            font.nametofont(name).configure(family=family, size=size)
        root.event_delete("<<LineStart>>", "<Control-a>")  # Ctrl-A selects all, as elsewhere
        root.event_add("<<SelectAll>>", "<Control-a>")
    root.bind_class("TEntry", "<<Paste>>", paste)
    return root


def dress(root: tk.Tk, colour: dict[str, str]) -> None:
    """Give old and new widgets the same colours, with the theme "clam"."""
    old = {"background": "window", "foreground": "ink", "insertBackground": "ink"}
    old |= {"selectBackground": "own", "selectForeground": "paper", "Text.background": "paper"}
    old |= {"activeBackground": "line", "activeForeground": "ink", "highlightBackground": "window"}
    for option, name in old.items():
        root.option_add(f"*{option}", colour[name])
    root["background"] = colour["window"]
    new = {"background": "window", "lightcolor": "window", "darkcolor": "window"}
    new |= {"fieldbackground": "paper", "troughcolor": "paper", "bordercolor": "edge"}
    new |= {"foreground": "ink", "insertcolor": "ink", "arrowcolor": "ink"}
    new |= {"selectbackground": "own", "selectforeground": "paper"}
    style = ttk.Style()
    style.theme_use("clam")
    style.configure(".", **{option: colour[name] for option, name in new.items()})
    background = [("disabled", colour["window"]), ("active", colour["line"])]
    for widget in (".", "TButton", "TScrollbar"):
        style.map(widget, background=background, foreground=[("disabled", colour["quiet"])])
    style.map("TEntry", bordercolor=[("focus", colour["own"])], lightcolor=[])
    style.map(".", selectbackground=[], selectforeground=[])  # the same without the keyboard
    style.map("TButton", bordercolor=[("alternate", colour["own"])])  # the one that Enter presses
    style.configure("TEntry", padding="4p")
    style.configure("TButton", padding="6p 3p")
    size = round(root.winfo_fpixels("10p"))  # in pixels: this option takes no points
    style.configure("TScrollbar", arrowsize=size, background=colour["line"], gripcount=0)


def paste(event: "tk.Event[tk.Misc]") -> None:
    """Paste as one line: each line end on the clipboard becomes a space."""
    box = event.widget
    assert isinstance(box, ttk.Entry)
    with contextlib.suppress(tk.TclError):  # there is nothing on the clipboard
        text = " ".join(box.clipboard_get().splitlines())
        if box.selection_present():
            box.delete("sel.first", "sel.last")
        box.insert("insert", text)


class Chat(tk.Text):
    """The lines so far. The newest one stays in view unless the reader has scrolled up."""

    def __init__(self, root: tk.Tk) -> None:
        super().__init__(root, width=40, height=16, wrap="word", font="TkTextFont")
        self.configure(padx="8p", pady="6p", spacing1="2p", spacing3="2p")
        self.configure(borderwidth=0, highlightthickness=0)
        self.at_end = True  # the newest line was in view when the window was last drawn
        self.bar = ttk.Scrollbar(root, command=self.yview)
        self.below = ttk.Button(self, text="New lines below ↓", command=lambda: self.see("end"))
        self["yscrollcommand"] = self.scrolled
        # It has another size; "@0,0" is what is seen at the top, so nothing moves.
        self.bind("<Configure>", lambda _: self.see("end" if self.at_end else "@0,0"))
        self.bind("<Button-1>", lambda _: self.focus_set(), add="+")  # then Ctrl-C copies from it
        colour = colours(root)
        self.tag_configure("line", rmargin="24p")
        self.tag_configure("own", justify="right", lmargin1="24p", lmargin2="24p")
        self.tag_configure("own", foreground=colour["own"])
        for quiet in ("notice", "time"):
            self.tag_configure(quiet, font="TkSmallCaptionFont", foreground=colour["quiet"])
        self.tag_configure("notice", justify="center")

    def scrolled(self, first: str, last: str) -> None:
        """Tk calls this when it has drawn another part of the text: `last` is 1 at its end."""
        self.bar.set(first, last)
        self.at_end = float(last) == 1
        if self.at_end:
            self.below.place_forget()

    def follow(self) -> None:
        """Show the newest line, or say that it is there to a reader who has scrolled up."""
        if self.at_end:
            self.see("end")
        else:
            self.below.place(relx=0.5, rely=1.0, y="-6p", anchor="s")


class People(tk.Listbox):
    """The names that have come since we are here. No server says who was there before."""

    def __init__(self, root: tk.Tk) -> None:
        super().__init__(root, width=16, borderwidth=0, highlightthickness=0, takefocus=False)
        self["font"] = "TkSmallCaptionFont"  # room for 20 letters, the longest name

    def hear(self, notice: str) -> None:
        """Learn from a notice who has come or gone."""
        name = notice.split(" ")[0]
        names = set(self.get(0, "end")) - {name}
        if notice == f"{name} connected to the server!":
            names.add(name)
        self.delete(0, "end")
        self.insert("end", *sorted(names))


class Unread:
    """How many lines came while another window had the keyboard. The title says it."""

    def __init__(self, root: tk.Tk) -> None:
        self.root, self.count, self.away = root, 0, False
        root.bind("<FocusOut>", lambda _: self.turn(away=True))
        root.bind("<FocusIn>", lambda _: self.turn(away=False))

    def turn(self, away: bool) -> None:
        """The user leaves the window or comes back: all that is there has been read."""
        self.away, self.count = away, 0
        self.add(0)

    def add(self, lines: int) -> None:
        """Count these lines while the user is away."""
        self.count += lines if self.away else 0
        name = self.root.title().split(") ")[-1]
        self.root.title(f"({self.count}) {name}" if self.count else name)


class NameDialog(simpledialog.Dialog):
    """Ask for a name. `name` is None when the user chose Cancel."""

    def __init__(self, parent: tk.Tk, refused: str = "", problem: str = "") -> None:
        self.refused, self.problem = refused, problem
        self.name: str | None = None
        super().__init__(parent, "Your name")

    def body(self, master: tk.Frame) -> tk.Widget:
        """Build the middle of the dialog and return what gets the keyboard."""
        colour = colours(master)
        master.configure(padx="6p", pady="4p")
        if self.problem:
            ttk.Label(master, text=self.problem, foreground=colour["problem"]).pack(anchor="w")
        ttk.Label(master, text="What should the others call you?").pack(anchor="w", pady="3p")
        self.box = ttk.Entry(master, width=28)
        self.box.insert(0, self.refused)
        self.box.selection_range(0, "end")
        self.box.pack(fill="x")
        ttk.Label(master, text=RULES, foreground=colour["quiet"]).pack(anchor="w", pady="3p")
        return self.box

    def buttonbox(self) -> None:
        """Put OK and Cancel below it. Enter and Escape do the same."""
        row = ttk.Frame(self)
        ttk.Button(row, text="OK", command=self.ok, default="active").pack(side="left")
        ttk.Button(row, text="Cancel", command=self.cancel).pack(padx=("8p", 0))
        row.pack(pady=(0, "8p"))
        self.bind("<Return>", self.ok)
        self.bind("<Escape>", self.cancel)

    def validate(self) -> bool:
        """Is the dialog done when the user presses OK?"""
        return bool(self.box.get().strip())

    def apply(self) -> None:
        """Keep the name."""
        self.name = self.box.get().strip()
