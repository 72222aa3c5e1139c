"""What `chatkit author check` demands of a course: a list of rules, each one small function.

A rule yields a problem for everything that is not as it must be. Its docstring is the rule in
words. To add one, write the function and put it on a list here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from chatkit.authoring.clone import Clone
from chatkit.authoring.rules import checks, english, scenes, todos, trials, views
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import Lesson

LessonRule = Callable[[Clone, Lesson], Iterable[Problem]]
CourseRule = Callable[[Clone], Iterable[Problem]]

LESSON_RULES: tuple[LessonRule, ...] = (
    todos.programs_are_there,
    todos.programs_have_todos,
    todos.todos_are_listed,
    todos.todos_count_from_one,
    todos.tasks_say_what_to_do,
    todos.todos_have_hints,
    todos.todos_serve_checks,
    checks.checks_have_one_name,
    checks.points_are_100,
    checks.checks_judge_programs,
    checks.checks_say_where_to_read,
    checks.checks_stand_on_the_contract,
    views.texts_are_there,
    views.shared_functions_are_the_same,
)
COURSE_RULES: tuple[CourseRule, ...] = (
    scenes.scenes_name_what_is_there,
    scenes.recordings_are_fresh,
    scenes.no_scene_is_left_over,
    english.texts_are_plain_english,
    views.links_lead_somewhere,
    views.nothing_is_left_over,
    views.views_are_fresh,
)
TRIALS: tuple[LessonRule, ...] = (
    trials.starters_wait_for_the_student,
    trials.solutions_score_100,
)


@dataclass(frozen=True)
class Task:
    """One rule, to be tried on the course or on one lesson of it."""

    title: str
    find: Callable[[], Iterable[Problem]]


def tasks(clone: Clone, with_trials: bool = True) -> Iterator[Task]:
    """All that there is to do, the quick rules first."""
    for lesson_rule in LESSON_RULES:
        yield from for_each_lesson(clone, lesson_rule)
    for rule in COURSE_RULES:
        yield Task(words(rule), partial(rule, clone))
    for trial in TRIALS if with_trials else ():
        yield from for_each_lesson(clone, trial)


def for_each_lesson(clone: Clone, rule: LessonRule) -> Iterator[Task]:
    for lesson in clone.lessons:
        title = f"{lesson.name}: {words(rule)}"
        yield Task(title, partial(rule, clone, lesson))


def words(rule: LessonRule | CourseRule) -> str:
    """The rule as its author put it."""
    return (rule.__doc__ or rule.__name__).partition("\n")[0]


def problems(task: Task, known: set[Problem]) -> Iterator[Problem]:
    """What the rule finds beyond what is `known`. A source that it cannot read is a problem, too.

    Several rules stumble over the same broken source. It is worth one message: `known` grows.
    """
    try:
        for problem in task.find():
            if problem not in known:
                known.add(problem)
                yield problem
    except AuthoringError as error:
        if error.problem not in known:
            known.add(error.problem)
            yield error.problem
