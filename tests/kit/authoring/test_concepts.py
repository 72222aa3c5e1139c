"""Each concept changes a right program as somebody gets it wrong. No mutant runs here."""

import pytest

from chatkit.authoring.mutation.concepts import CONCEPTS, concept_mutants

CASES = [
    (
        "lock_is_not_taken",
        "with lock:\n    add()\n",
        "with __import__('contextlib').nullcontext():\n    add()\n",
    ),
    (
        "lock_is_not_taken",
        "room = threading.Condition()\nwith room:\n    add()\n",
        "room = threading.Condition()\nwith __import__('contextlib').nullcontext():\n    add()\n",
    ),
    (
        "statement_leaves_the_lock",
        "with lock:\n    add()\n    tell(\n        a)\n",
        "with lock:\n    add()\ntell(\n    a)\n",
    ),
    ("sends_a_part", "a.sock.sendall('é'.encode())\n", "a.sock.send('é'.encode())\n"),
    ("call_is_forgotten", "sock.shutdown(1)\n", "pass\n"),
    ("call_is_forgotten", "sock.settimeout(None)\n", "pass\n"),
    ("argument_is_forgotten", "print('é', flush=True)\n", "print('é', flush=False)\n"),
    (
        "argument_is_forgotten",
        "a = b.decode(errors='replace')\n",
        'a = b.decode(errors="strict")\n',
    ),
    ("goes_once", "while a:\n    b = 1\n", "if a:\n    b = 1\n"),
    ("copy_is_the_collection", "for a in list(b):\n    c(a)\n", "for a in b:\n    c(a)\n"),
    ("copy_is_the_collection", "for a in b[:]:\n    c(a)\n", "for a in b:\n    c(a)\n"),
    ("thread_is_run", "Thread(target=f).start()\n", "Thread(target=f).run()\n"),
    ("splits_at_every_line_end", 'a = b.split(b"\\n")\n', "a = b.splitlines()\n"),
    (
        "decodes_each_piece",
        "a = b.recv(10)\n",
        'a = b.recv(10).decode(errors="replace").encode()\n',
    ),
    ("statements_change_places", "a()\nb = c()\n", "b = c()\na()\n"),
    (
        "exception_is_swallowed",
        "try:\n    a()\nexcept E:\n    b()\n    c()\n",
        "try:\n    a()\nexcept E:\n    pass\n",
    ),
    (
        "exception_is_not_caught",
        "try:\n    a()\nexcept E:\n    pass\n",
        "try:\n    a()\nexcept ZeroDivisionError:\n    pass\n",
    ),
    (
        "callback_sleeps",
        'def f():\n    "Say."\n    a = 1\nb.after(20, f)\n',
        'def f():\n    "Say."\n    __import__("time").sleep(0.6)\n    a = 1\nb.after(20, f)\n',
    ),
    (
        "thread_touches_the_window",
        "class A:\n    def f(self):\n        g()\n    def h(self):\n"
        "        self.a = tk.Text()\n        Thread(target=self.f).start()\n",
        'class A:\n    def f(self):\n        self.a.cget("cursor")\n        g()\n    def h(self):\n'
        "        self.a = tk.Text()\n        Thread(target=self.f).start()\n",
    ),
]


@pytest.mark.parametrize(("concept", "before", "after"), CASES, ids=[case[0] for case in CASES])
def test_a_concept_makes_its_mistake(concept: str, before: str, after: str) -> None:
    assert (concept, after) in list(concept_mutants(before))


def test_every_concept_has_its_example() -> None:
    assert {case[0] for case in CASES} == {concept.__name__ for concept in CONCEPTS}


def test_what_is_no_python_any_more_is_left_out() -> None:
    loop = "while a:\n    if b:\n        break\n"
    assert "goes_once" not in {name for name, _ in concept_mutants(loop)}
