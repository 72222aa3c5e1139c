"""What is worth saying about a check that may well have passed."""


class Notes:
    """Notes of one check. What came late is told once: the latest of it."""

    def __init__(self) -> None:
        self.late = 0.0  # seconds that the latest answer took, if one took too long
        self.late_one = ""  # what that answer was: "line 3 for alice"
        self.remarks: list[str] = []  # about this machine

    @property
    def told(self) -> list[str]:
        """One line each."""
        late = f"right but late: {self.late_one} came after {self.late:.1f} s"
        return [late] * bool(self.late) + self.remarks

    def remark(self, text: str) -> None:
        """Note something about this machine, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def comes_late(self, what: str, seconds: float) -> None:
        """Remember that `what` took so long, when nothing has taken longer yet."""
        if seconds > self.late:
            self.late, self.late_one = seconds, what
