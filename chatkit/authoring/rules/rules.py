"""What `chatkit author check` demands of a course: a list of rules, each one small function.

A rule yields a problem for everything that is not as it must be. Its docstring is the rule in
words. To add one, write the function and put it on a list here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from chatkit.authoring.clone import Clone
from chatkit.authoring.rules import (
    checks,
    english,
    places,
    samples,
    scenes,
    texts,
    todos,
    trials,
    views,
    walk,
)
from chatkit.authoring.rules.held import Held, fingerprint
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
    texts.nothing_is_left_to_write,
    texts.texts_name_checks_that_are_there,
    texts.texts_ask_for_every_todo,
    texts.texts_count_their_todos,
    samples.samples_say_what_is_known,
)
COURSE_RULES: tuple[CourseRule, ...] = (
    places.lessons_have_their_facts,
    scenes.scenes_name_what_is_there,
    scenes.recordings_are_fresh,
    scenes.no_scene_is_left_over,
    english.texts_are_plain_english,
    views.links_lead_somewhere,
    places.nothing_is_left_over,
    views.views_are_fresh,
)
# What the kit asks of its own lessons. A course of one's own works without.
KIT_LESSON_RULES: tuple[LessonRule, ...] = (
    texts.texts_show_one_check,
    texts.hints_go_from_a_question_to_code,
    texts.walkthroughs_explain_every_todo,
    samples.samples_are_enough,
)
KIT_COURSE_RULES: tuple[CourseRule, ...] = (
    texts.pages_are_in_the_navigation,
    texts.homes_name_every_lesson,
    places.pages_link_to_what_is_there,
    samples.causes_have_their_proofs,
)
TRIALS: tuple[LessonRule, ...] = (
    trials.starters_wait_for_the_student,
    walk.todos_come_in_the_order_of_the_text,
    trials.solutions_score_100,
)


@dataclass(frozen=True)
class Task:
    """One rule, to be tried on the course or on one lesson of it."""

    title: str
    find: Callable[[], Iterable[Problem]]
    kit: bool = False  # whether only the kit asks for it


@dataclass(frozen=True)
class Scope:
    """What of a course is looked at."""

    lesson: Lesson | None = None  # this one alone
    trials: bool = True  # also the rules that run programs
    again: bool = False  # also those that held, where nothing has changed since
    kit: bool = True  # also what the kit asks of its own lessons

    def holds(self, clone: Clone, problem: Problem) -> bool:
        """Whether a problem of the course is one of the lesson that is looked at."""
        if self.lesson is None:
            return True
        place = problem.file
        step = clone.root / "chatkit/reference" / self.lesson.step
        return self.lesson.name in f"{place} {problem.what}" or place.is_relative_to(step)


EVERYTHING = Scope()


def tasks(clone: Clone, scope: Scope = EVERYTHING) -> Iterator[Task]:
    """All that there is to do: the quick rules, those that run programs, those of the kit."""
    lessons = [scope.lesson] if scope.lesson else [*clone.lessons]
    for lesson_rule in LESSON_RULES:
        yield from for_each_lesson(clone, lessons, lesson_rule)
    for rule in COURSE_RULES:
        yield Task(words(rule), partial(of_the_course, clone, rule, scope))
    held = Held(clone.root)
    for trial in TRIALS if scope.trials else ():
        for lesson in lessons:
            title = f"{lesson.name}: {words(trial)}"
            found = partial(tried, clone, lesson, trial, held, scope.again)
            yield Task(title, found)
    if scope.kit:
        for lesson_rule in KIT_LESSON_RULES:
            for task in for_each_lesson(clone, lessons, lesson_rule):
                yield replace(task, kit=True)
        for rule in KIT_COURSE_RULES:
            yield Task(words(rule), partial(of_the_course, clone, rule, scope), kit=True)


def tried(
    clone: Clone, lesson: Lesson, trial: LessonRule, held: Held, again: bool
) -> Iterator[Problem]:
    """What a rule that runs programs finds; nothing where nothing has changed since it held."""
    title, now = f"{lesson.name}: {trial.__name__}", fingerprint(clone, lesson)
    if not again and held.holds(title, now):
        return
    found = list(trial(clone, lesson))
    if not found:
        held.note(title, now)
    yield from found


def of_the_course(clone: Clone, rule: CourseRule, scope: Scope) -> Iterator[Problem]:
    yield from (problem for problem in rule(clone) if scope.holds(clone, problem))


def for_each_lesson(clone: Clone, lessons: Iterable[Lesson], rule: LessonRule) -> Iterator[Task]:
    for lesson in lessons:
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
