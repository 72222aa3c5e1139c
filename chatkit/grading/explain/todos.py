"""The unwritten TODO: what a program that stopped at one should get next.

A program says itself where it stopped. What comes next is the first TODO of the same program that
is still unwritten, in the order in which the lesson's text asks for them: a program may call its
third part before its second.
"""

from chatkit.bench.evidence import Evidence
from chatkit.course.lessons import Lesson
from chatkit.course.todo import asked_for, named_in, task_in, unfinished
from chatkit.grading.verdict import TODO, Cause


def next_todo(lesson: Lesson, evidence: Evidence) -> Cause | None:
    """The TODO that comes next for a program that stopped at one; None when it stopped at none."""
    stopped = named_in(evidence.message) if evidence.symptom == "todo" else None
    if stopped is None:
        return None
    left = {stopped, *unfinished(evidence.text)}
    places = asked_for(lesson)
    own = [todo for todo in lesson.todos if todo.program == evidence.program]
    own.sort(key=lambda todo: [*places].index(todo.number))
    for todo in own:
        if todo.number in left:
            lines = evidence.text.splitlines()
            task = next(filter(None, (task_in(line, todo.number) for line in lines)), "")
            told = f"TODO {todo.number} in {todo.program} comes next"
            if todo.number != stopped:
                told += f": {task}" if task else ""
                told += f". The program stopped at TODO {stopped}, which comes later in the lesson"
            return Cause(f"{TODO}{todo.number}", f"{told}.", todo.hints[0], places[todo.number])
    return None
