"""No file stops the run: what cannot be read, parsed or digested becomes a problem with a line."""

from __future__ import annotations

import encodings.aliases
import re
import time
from collections.abc import Callable

import msgspec
import nesting
import pytest

from flaskglobals_lint import facts
from flaskglobals_lint.config import MAX_SOURCE
from flaskglobals_lint.extract import extract
from flaskglobals_lint.extract.limits import MAX_CONCRETE
from flaskglobals_lint.pool import extract_all

TOO_DEEP = "too deeply nested to analyse"


def problem(source: str | bytes) -> facts.SyntaxProblem:
    """The problem of a file that has one, and nothing else."""
    extracted = extract(source.encode() if isinstance(source, str) else source)
    assert (extracted.body, extracted.functions, extracted.classes) == ((), (), ())
    assert extracted.problem is not None
    assert "\n" not in extracted.problem.message
    return extracted.problem


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"x = 1\ny = '\xff'\n", facts.SyntaxProblem("the file is not valid utf-8", 2, 6)),
        ("é = ".encode() + b"\xff", facts.SyntaxProblem("the file is not valid utf-8", 1, 5)),
        (b"\xef\xbb\xbfx = \xff", facts.SyntaxProblem("the file is not valid utf-8", 1, 5)),
        (b"# coding: cp1252\nx = '\x81'", facts.SyntaxProblem("the file is not valid cp1252", 2, 6)),
        (b"# coding: no-such\n", facts.SyntaxProblem("unknown encoding: no-such", 1, 1)),
        (b"# coding: hex\nx = 1\n", facts.SyntaxProblem("the file is not text in hex", 1, 1)),
        (
            b"\xef\xbb\xbf# coding: latin-1\n",
            facts.SyntaxProblem("the declared encoding contradicts the byte order mark", 1, 1),
        ),
        (b"x = 1\r\ny\0 = 1", facts.SyntaxProblem("the file holds a null byte", 2, 2)),
        (b"\xff\xfex\x00", facts.SyntaxProblem("the file is not valid utf-8", 1, 1)),
    ],
)
def test_undecodable_files(source: bytes, expected: facts.SyntaxProblem) -> None:
    assert problem(source) == expected


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("# coding: latin-1\ndef é(): pass\n".encode("latin-1"), "é"),
        ("#!python\r\n# vim: set fileencoding=cp1251 :\r\ndef ж(): pass\r\n".encode("cp1251"), "ж"),
        ("# coding: latin-1\rdef é(): pass\r".encode("latin-1"), "é"),
        ("\ufeffdef é(): pass".encode(), "é"),
        ("\ufeff# coding: utf-8\ndef é(): pass".encode(), "é"),
    ],
)
def test_declared_encodings(source: bytes, name: str) -> None:
    extracted = extract(source)
    assert extracted.problem is None
    assert [function.name for function in extracted.functions] == [name]


ENCODINGS = sorted({*encodings.aliases.aliases.values(), *encodings.aliases.aliases})


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_that_python_knows(name: str) -> None:
    text = f"# coding: {name}\n\ndef f(): return 'x'\n"
    try:
        source = text.encode(name)
        # A cookie can only be read where ASCII stays what it is.
        is_readable = source.startswith(b"# coding: ") and source.decode(name) == text
    except (UnicodeError, LookupError):
        source, is_readable = text.encode(), False
    extracted = extract(source)
    if is_readable:
        assert extracted.problem is None
        assert [function.name for function in extracted.functions] == ["f"]
    elif extracted.problem is not None:
        assert (extracted.functions, len(extracted.problem.message) < 100) == ((), True)


@pytest.mark.parametrize("name", [*ENCODINGS, "no-such", "\u00e9", "x" * 1000, "..", "utf-8-sig", "idna", "punycode"])
def test_a_cookie_that_may_be_wrong(name: str) -> None:
    cookie = f"# coding: {name}\n".encode()
    for content in (b"x = '\xff\xfe\x80'\n", b"+AGE- = 1\n", b"x = 1 \x1b$B\n", b"\\u0022\n", b"\0"):
        for source in (cookie + content, b"\xef\xbb\xbf#!p\n" + cookie + content):
            found = extract(source).problem
            assert found is None or "\n" not in found.message


BROKEN_BY_PEOPLE = {
    "a conflict": ("n = 0\n<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n", 2),
    "a conflict in a function": ("def f():\n    x = 1\n=======\n    x = 2\n>>>>>>> other\n", 3),
    "print of Python 2": ("import os\nprint 'a', os\n", 2),
    "raise of Python 2": ("raise A, 'b'\n", 1),
    "exec of Python 2": ("exec 'x' in y\n", 1),
    "numbers of Python 2": ("x = 0777\n", 1),
    "backticks of Python 2": ("x = `y`\n", 1),
    "tabs and blanks": ("if a:\n\tx = 1\n        y = 2\n", 3),
    "a template": ("x = {{ name }}\n{% if a %}\n", 2),
    "a notebook's command": ("x = 1\n%matplotlib inline\n", 2),
    "a page": ("<!DOCTYPE html>\n<html></html>\n", 1),
}


@pytest.mark.parametrize(("source", "line"), BROKEN_BY_PEOPLE.values(), ids=BROKEN_BY_PEOPLE)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_what_people_leave_in_files(source: str, line: int, end: str) -> None:
    assert problem(source.replace("\n", end)).line == line


EMPTY = [
    "",
    "\n",
    "\r",
    "\ufeff",
    "\ufeff\n",
    "#",
    "# a\n# b",
    "\x0c",
    "\n\x0c\n  \n\t\n",
    "  # x",
    "'''a'''",
    "\r\n \r\n",
]


@pytest.mark.parametrize("source", EMPTY)
def test_modules_without_code(source: str) -> None:
    extracted = extract(source.encode())
    assert extracted.problem is None
    assert (extracted.functions, extracted.classes, len(extracted.body) < 2) == ((), (), True)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\x0c", "\x0c\n", "\n\n", "  # \x0b\x1c\x85\u2028\n"])
def test_lines_are_counted_as_python_counts_them(end: str) -> None:
    source = end.join(["x = 1", "def f():", "    return 1", "", "def g():", "    return 2", ""])
    lines = re.split("\r\n|\r|\n", source)
    starts = [function.pos[0] for function in extract(source.encode()).functions]
    assert starts == [next(at for at, line in enumerate(lines, 1) if f"def {name}" in line) for name in "fg"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\nprint 'a'\n", 2),
        ("def f(:\n  pass\n", 1),
        ("x = 1\nif x:\ny = 2\n", 3),
        ("x = 1\n'''abc\n", 2),
        ("x = 1\n\n  )", 3),
        ("if a:\n    b\n  c\n", 3),
        ("x = (1,\n", 1),
        ("x = $\n", 1),
        ("x = 1 +", 1),
    ],
)
def test_syntax_errors(source: str, line: int) -> None:
    found = problem(source)
    assert found.line == line
    assert found.column >= 1
    assert 0 < len(found.message) < 100


def test_syntax_warnings_stay_silent(recwarn: pytest.WarningsRecorder) -> None:
    assert problem("x = '\\d' is 1\nx = = 1\n").line == 2
    assert not recwarn.list


N = 5000

HOSTILE = {
    "parentheses": "x = " + "(" * N + "1" + ")" * N,
    "lists": "x = " + "[" * N + "]" * N,
    "calls": "x = " + "f(" * N + ")" * N,
    "subscripts": "x = " + "a[b(" * N + ")]" * N,
    "open brackets": "x = " + "(" * N,
    "brackets and strings": "x = " + "(')'," * N + ")" * N,
    "brackets and comments": "x = " + "( # )\n" * N + ")" * N,
    "additions": "x = " + " + ".join(["1"] * N),
    "additions over lines": "x = " + " + \\\n".join(["1"] * N),
    "additions in brackets": "x = [\n" + " +\n".join(["1"] * N) + "]",
    "additions of calls": "x = " + " + ".join(["f(1, 2)"] * N),
    "powers": "x = " + "**".join(["1"] * N),
    "negations": "x = " + "-" * N + "1",
    "nots": "x = " + "not " * N + "1",
    "ands": "x = " + " and ".join(["a"] * N * 4),
    "attributes": "x = a" + ".a" * N,
    "chained calls": "x = f" + "()" * N,
    "conditionals": "x = " + "a if b else " * N + "c",
    "lambdas": "x = " + "lambda: " * N + "1",
    "lambdas with parameters": "x = " + "lambda a, b: " * N + "1",
    "awaits": "async def f(): " + "await " * N + "x",
    "stars": "x = " + "*" * N + "y",
    "clauses": "x = [a" + " for a in b" * N + "]",
    "blocks": "".join(" " * level + "if a:\n" for level in range(300)) + " " * 300 + "pass\n",
    "tabbed blocks": "".join("\t" * level + "while a:\n" for level in range(300)) + "\t" * 300 + "pass\n",
    "branches": "if a: pass\n" + "elif a: pass\n" * 4 * N,
    "more branches than facts may nest": "if a: pass\n" + "elif a: pass\n" * 300,
    "more attributes than facts may nest": "x = a" + ".a" * 300,
    "all kinds of nesting": "".join(" " * n + "if a:\n" for n in range(60))
    + " " * 60
    + "f(" * 80
    + "-" * 90
    + "1"
    + ")" * 80,
    "branches with text at the margin": "if a: pass\n" + "elif a:\n  '''\nx\n'''\n" * N * 10,
    "branches with continued lines": "if a: pass\n" + "elif a: b = \\\n1\n" * N * 10,
    "branches with bracketed lines": "if a: pass\n" + "elif a: b = (\n1\n)\n" * N * 10,
    "branches that continue a line": "if a: pass\n" + "\\\nelif a: pass\n" * N * 10,
    "branches in branches": "".join(
        " " * n + "if a: pass\n" + (" " * n + "elif a: pass\n") * 900 + " " * n + "elif a:\n" for n in range(30)
    )
    + " " * 30
    + "pass\n",
    "lambdas as defaults": "x = " + "lambda a=" * 950 + "1" + ": 1" * 950,
    "lambdas as one of the defaults": "x = " + "lambda b, a=" * 950 + "1" + ": 1" * 950,
    "chains in brackets": "x = " + ("(" + "not " * 900) * 98 + "1" + ")" * 98,
    "strings in strings": "x = " + "f'{" * N + "1" + "}'" * N,
    "patterns that are tried again": "match x:\n  case " + "A(b=" * 95 + "1" + ")" * 95 + ": pass",
    "wrong patterns that are tried again": "match x:\n  case " + "A(" * 30 + "1 1" + ")" * 30 + ": pass",
    "many long chains": ("x = a" + "[0]" * 330 + "\n") * 1000,
    "many deep brackets": ("x = " + "(lambda:" * 90 + "1" + ")" * 90 + "\n") * 500,
    "many deep dicts": ("x = " + "{1:" * 90 + "1" + "}" * 90 + "\n") * 1000,
    "f-string": 'x = f"{' + "(" * N + "1" + ")" * N + '}"',
    "patterns": "match x:\n  case " + "[" * N + "]" * N + ": pass",
    "targets": "(" * N + "x" + ",)" * N + " = y",
}


CHANGING = "y = []\ndef change():\n    y.append(1)\n"
"""A module that begins so is read from its concrete tree."""

JUDGED = {"ands", "clauses", "patterns that are tried again", "many deep brackets", "many deep dicts"}
"""What Python's own parser reads without harm, in a module that changes none of its objects."""


@pytest.mark.parametrize("source", [pytest.param(source, id=name) for name, source in HOSTILE.items()])
def test_hostile_nesting_is_a_problem_and_costs_little(source: str) -> None:
    start = time.process_time()
    assert problem(CHANGING + source).message == TOO_DEEP
    assert time.process_time() - start < 5


@pytest.mark.parametrize(("name", "source"), HOSTILE.items(), ids=HOSTILE)
def test_hostile_nesting_costs_little_without_a_concrete_tree(name: str, source: str) -> None:
    start = time.process_time()
    extracted = extract(f"y = 0\n{source}".encode())
    assert time.process_time() - start < 5
    assert extracted.problem is None or (extracted.problem.message == TOO_DEEP and name not in JUDGED)


NESTED = {f"expression-{name}": lambda n, text=text: f"x = {text(n)}" for name, text in nesting.EXPRESSIONS.items()}
NESTED |= {f"statement-{name}": text for name, text in nesting.STATEMENTS.items()}
NESTED |= {f"block-{name}": lambda n, text=text: text(n // 10) for name, text in nesting.BLOCKS.items()}

DEPTHS = [5_000, pytest.param(50_000, marks=pytest.mark.slow)]


WIDE = {
    *("expression-ands", "expression-ands and ors", "expression-comparisons", "expression-membership"),
    *("expression-clauses", "expression-conditions", "expression-fields of an f-string"),
    *("statement-levels of an import", "statement-dotted imports", "statement-alternatives"),
}
"""What is one node with many parts to Python's own parser."""


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("head", ["", CHANGING], ids=["quick", "concrete"])
@pytest.mark.parametrize("name", NESTED)
def test_nesting_of_every_kind(name: str, head: str, depth: int) -> None:
    source = head + NESTED[name](depth)
    if name in WIDE and (not head or len(source) > MAX_CONCRETE):
        assert extract(source.encode()).problem is None
    else:
        assert problem(source).message in (TOO_DEEP, "too large to analyse", "unmatched ')'")


@pytest.mark.parametrize("length", DEPTHS)
@pytest.mark.parametrize("head", ["", CHANGING], ids=["quick", "concrete"])
@pytest.mark.parametrize("text", nesting.LONG.values(), ids=nesting.LONG)
def test_length_of_every_kind(text: Callable[[int], str], head: str, length: int) -> None:
    assert extract(f"{head}{text(length)}".encode()).problem is None


def test_a_module_may_be_large_and_no_larger() -> None:
    source = b"x = 1\n" * (MAX_SOURCE // 6)
    assert problem(source + b"x = 1\n") == facts.SyntaxProblem("too large to analyse", 1, 1)


def test_a_large_module_takes_no_concrete_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flaskglobals_lint.extract.concrete.concrete", None)
    line = "x = [1, 2]\n"
    assert extract((CHANGING + line * (MAX_CONCRETE // len(line) + 1)).encode()).problem is None
    with pytest.raises(TypeError, match="NoneType"):
        extract((CHANGING + line).encode())


UNUSUAL = {
    "ten megabytes": "".join(f"D[{n}] = ['a', {n}, {{'b': 1.5, 'c': None}}]\n" for n in range(240_000)),
    "one line of five megabytes": "D = [" + "1, 'ab', " * 550_000 + "]\n",
    "a string of five megabytes": "D = '" + "a(" * 2_500_000 + "'\n",
    "a comment of five megabytes": "D = 1  #" + " noqa (" * 700_000 + "\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("head", ["", CHANGING], ids=["quick", "concrete"])
@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_much_code_is_read(text: str, head: str) -> None:
    [answer] = extract_all([(head + text).encode()], isolated=True)
    module = msgspec.msgpack.decode(answer, type=facts.Module)
    assert module.problem is None
    assert len(module.functions) == bool(head)


def test_the_line_of_deep_nesting() -> None:
    assert problem(CHANGING + "x = (1,\n" + "(" * 200 + ")" * 201) == facts.SyntaxProblem(TOO_DEEP, 5, 100)


MODERATE = {
    "additions": "x = " + " + ".join(['"a"'] * 700),
    "mixed operators": "x = " + "".join(f"a {operator} " for operator in "+-" * 350) + "a",
    "brackets": "x = " + "(" * 99 + "1" + ")" * 99,
    "ands and ors": "x = " + " and b or ".join(["a"] * 40),
    "comparisons": "x = " + " < ".join(["a"] * 900),
    "attributes": "x = a" + ".a" * 150,
    "fluent calls": "x = (a\n" + "  .b(c, d)\n" * 70 + ")",
    "strings": "x = (" + '"a" ' * 20_000 + ")",
    "branches": "if a: pass\n" + "elif b: pass\n" * 150 + "else: pass",
    "blocks": "".join(" " * level + "if a:\n" for level in range(60)) + " " * 60 + "pass\n",
    "dict": "x = {\n" + "".join(f"  'k{n}': [{n}, 'a' + 'b'],\n" for n in range(20_000)) + "}\n",
    "list on one line": "x = [" + "1 + 2, " * 5000 + "]",
    "patterns": "match x:\n" + "  case [A(b=[(1, c), {'k': d}]), *e] if f(e): pass\n" * 200,
    "many branches one after another": ("if a: pass\n" + "elif b: pass\n" * 50) * 100,
    "chained assignment": "x = " * 2000 + "1",
    "art": 's = """\n' + "".join(" " * level + "\\\n" for level in range(90)) + '"""',
    "statements": "x = 1; " * 5000,
    "brackets in text": "s = '" + "(" * 1000 + "'  # " + "[" * 1000,
    "elif in text": "s = '''\n" + "elif x: pass\n" * 500 + "'''",
}


@pytest.mark.parametrize("source", [pytest.param(source, id=name) for name, source in MODERATE.items()])
def test_long_but_ordinary_code_is_no_problem(source: str) -> None:
    extracted = extract(source.encode())
    assert extracted.problem is None
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(extracted), type=facts.Module) == extracted


def test_comments_are_kept_where_parsing_fails() -> None:
    extracted = extract(b"# flaskglobals: ignore-file\nx = = 1\n")
    assert extracted.problem is not None
    assert extracted.comments == (facts.Comment("ignore-file", (), 1, 1),)
