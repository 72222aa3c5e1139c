"""What can be seen in the windows of a program, at one moment."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Widget:
    """One widget as the agent sees it."""

    path: str
    kind: str  # its class in Tk, ttk's names without the T: "Text", "Entry", "Button" …
    window: str  # the path of its window
    seen: bool
    box: bool  # one can type into it
    button: bool  # one can press it
    title: str  # of a window
    text: str  # the last part of what it shows
    at_end: bool  # one sees the end of its text


@dataclass(frozen=True)
class View:
    """All widgets that one can see, at one moment."""

    widgets: tuple[Widget, ...]

    @property
    def texts(self) -> set[str]:
        """What stands there to be read."""
        lines = {line for one in self.widgets for line in one.text.split("\n")}
        return lines | {one.title for one in self.widgets}

    def written_as(self, old: str, new: str) -> "View":
        """The same with one word in place of another."""
        return View(
            tuple(
                replace(one, text=one.text.replace(old, new), title=one.title.replace(old, new))
                for one in self.widgets
            )
        )

    @property
    def windows(self) -> list[str]:
        return list(dict.fromkeys(one.window for one in self.widgets))

    def widget(self, path: str) -> Widget | None:
        return next((one for one in self.widgets if one.path == path), None)
