"""Which calls run the ``__call__`` of an object: the code that a program's calls can lead to is looked for by names first."""

from __future__ import annotations

import pytest

from flaskglobals_lint import models
from flaskglobals_lint.extract import extract
from flaskglobals_lint.link import link
from flaskglobals_lint.link.inputs import LinkInput

CALLER = """\
class Caller:
    def __call__(self, given):
        return given

def make():
    return Caller()
"""


def passed(files: dict[str, str]) -> list[str]:
    """What calls pass to ``Caller.__call__`` of ``caller.py``."""
    inputs = [
        LinkInput(name, name, extract(text.encode()), True) for name, text in {"caller.py": CALLER, **files}.items()
    ]
    program = link(inputs, models.load(None))
    return [value.text for value, _ in program.types.arguments("caller.py:Caller.__call__", 1)]


@pytest.mark.parametrize(
    "code",
    [
        "one = Caller()\none('here')",
        "class Holder:\n    def __init__(self):\n        self.one = Caller()\n    def use(self):\n        self.one('here')",
        "class Holder:\n    one = Caller()\n    def use(self):\n        self.one('here')",
        "class Holder:\n    @property\n    def one(self):\n        return Caller()\n    def use(self):\n        self.one('here')",
        "def use(one: Caller):\n    one('here')",
        "def use():\n    one = make()\n    one('here')",
        "make()('here')",
        "def wrap(function):\n    return Caller()\n@wrap\ndef one(x):\n    return x\ndef use():\n    one('here')",
        "for one in [Caller()]:\n    one('here')",
        "import store\ndef use():\n    store.one('here')",
        "from store import one as other\nother('here')",
        "from store import *\none('here')",
        "import store\ngetattr(store, 'one')('here')",
    ],
)
def test_an_object_is_called(code: str) -> None:
    start = "from caller import Caller, make\n"
    files = {"app.py": start + code, "store.py": start + "one = Caller()\n"}
    assert passed(files) == ["here"]


def test_an_object_is_called_by_another_module_s_name_for_it() -> None:
    files = {
        "store.py": "from caller import Caller\none = Caller()\n",
        "package.py": "from store import one as other\n",
        "app.py": "import package\npackage.other('here')\n",
    }
    assert passed(files) == ["here"]


def test_a_name_that_a_module_makes_up_can_be_an_object() -> None:
    files = {
        "lazy.py": "from caller import Caller\ndef __getattr__(name):\n    return Caller()\n",
        "app.py": "import lazy\nlazy.anything('here')\n",
    }
    assert passed(files) == ["here"]


def test_a_function_of_that_name_is_no_object() -> None:
    files = {"app.py": "from caller import Caller\nheld = Caller()\ndef one(x):\n    return x\none('here')\n"}
    assert passed(files) == []
