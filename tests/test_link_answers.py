"""Which answers are kept while other questions are open."""

from __future__ import annotations

from collections.abc import Callable

from flaskglobals_lint.extract import extract
from flaskglobals_lint.link import LinkInput, link
from flaskglobals_lint.link.answers import Answers
from flaskglobals_lint.models import load

ATOM = (("ext", "x"),)


class Asker:
    """Asks questions that ask others, and counts how often each is worked out."""

    def __init__(self, **rules: Callable[[Asker], object]) -> None:
        self.answers = Answers()
        self.rules = rules
        self.worked: list[str] = []

    def ask(self, name: str) -> object:
        found = self.answers.known((name,))
        if found is None:
            self.worked.append(name)
            answer = self.rules[name](self)
            found = self.answers.keep((name,), answer)  # type: ignore[arg-type]
        return found


def test_a_question_that_depends_on_itself_is_answered_with_nothing() -> None:
    asker = Asker(one=lambda self: self.ask("two"), two=lambda self: self.ask("one"))
    assert asker.ask("one") == ()
    assert not asker.answers.busy


def test_nothing_is_kept_where_no_open_question_is_the_reason() -> None:
    asker = Asker(one=lambda self: (self.ask("two"), ATOM)[1], two=lambda self: ())
    asker.rules["three"] = lambda self: (self.ask("two"), self.ask("one"), self.ask("two"))[1]
    assert asker.ask("three") == ATOM
    assert asker.worked == ["three", "two", "one"]


def test_nothing_is_asked_again_where_an_open_question_is_the_reason() -> None:
    # What "two" holds is what "one" holds, and "one" holds something.
    asker = Asker(one=lambda self: (self.ask("two"), ATOM)[1], two=lambda self: self.ask("one"))
    assert asker.ask("one") == ATOM
    assert asker.ask("two") == ATOM
    assert asker.worked == ["one", "two", "two"]


def test_what_depends_on_such_an_answer_is_asked_again_too() -> None:
    asker = Asker(
        one=lambda self: (self.ask("two"), self.ask("three"), ATOM)[2],
        two=lambda self: self.ask("one"),
        three=lambda self: self.ask("two"),
    )
    assert asker.ask("one") == ATOM
    assert asker.ask("three") == ATOM


def test_a_circle_below_an_open_question_is_settled_when_it_closes() -> None:
    asker = Asker(
        outer=lambda self: (self.ask("one"), self.ask("one"), ATOM)[2],
        one=lambda self: self.ask("two"),
        two=lambda self: self.ask("one"),
    )
    assert asker.ask("outer") == ATOM
    assert asker.worked == ["outer", "one", "two"]
    assert asker.ask("one") == ()
    assert asker.worked == ["outer", "one", "two"]


def test_a_doubt_reaches_the_outermost_question() -> None:
    asker = Asker(outer=lambda self: (self.ask("inner"), ATOM)[1], inner=lambda self: self.answers.doubt() or ())
    assert asker.ask("outer") == ATOM
    asker.rules["inner"] = lambda self: ATOM
    assert asker.ask("inner") == ATOM


LONG_WAY = "tables = {}\n\ndef way0():\n    return tables\n" + "".join(
    f"\ndef way{at}():\n    return way{at - 1}()\n" for at in range(1, 12)
)
"""Functions each of which returns what the one before returns."""


def test_what_a_long_way_leads_to_does_not_depend_on_where_it_is_asked_first() -> None:
    types = link([LinkInput("app.py", "app.py", extract(LONG_WAY.encode()), True)], load(None)).types
    functions = [types.index.functions[f"app.py:way{at}"] for at in reversed(range(12))]
    found = [types.slots_of(one.returns[0], one.id) for one in functions]
    assert found == [[("g", "app.py", "tables")]] * 12
