"""What came of a hand-in, in plain words: for a comment on a platform and for an e-mail."""

from chatkit._text import visible
from chatkit.classroom.grades import LessonGrade, StudentGrades
from chatkit.classroom.rules import number


def feedback_words(row: StudentGrades, lesson: str | None) -> str:
    """The grade of `lesson`, or of all lessons, how it was made, and what failed; some lines."""
    lines: list[str] = []
    for name, one in row.lessons.items():
        if lesson in (None, name) and (one.counts or one.handed_in or one.adjusted):
            lines += _lesson(name, one)
    if lesson is None and row.total and not row.total.empty:
        lines.append(f"Total: {number(row.total.points)} of {number(row.total.max)} points.")
        lines += [f"- {sentence}" for sentence in row.total.how]
    return visible("\n".join(lines))


def _lesson(name: str, one: LessonGrade) -> list[str]:
    if one.excused:
        return [f"{name}: you are excused."]
    if one.grade is None or one.grade.empty:
        return [f"{name}: {one.trouble or 'not graded yet'}."]
    lines = [f"{name}: {number(one.grade.points)} of {number(one.grade.max)} points."]
    lines += [f"- {sentence}" for sentence in one.grade.how]
    failed = (
        [check for check in one.verdict.checks if check.status == "failed"] if one.verdict else []
    )
    for check in failed:
        lines.append(f"- not yet: {check.title}. {check.message}")
        if check.likely:
            lines.append(f"  Likely: {check.likely}")
    lines += [f"- {note.who}: {note.text}" for note in one.notes]
    return lines
