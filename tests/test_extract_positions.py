"""Positions cut out of the source give the text of the node."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flaskglobals_lint import facts
from flaskglobals_lint.extract import extract


def nodes(part: Any) -> Iterator[Any]:
    """Every node below ``part``."""
    if isinstance(part, facts.Node):
        yield part
        for field in part.__struct_fields__:
            yield from nodes(getattr(part, field))
    elif isinstance(part, tuple):
        for item in part:
            yield from nodes(item)


def cut(text: str, pos: facts.Position) -> str:
    """The part of ``text`` that a position covers, by the lines an editor shows."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    line, column, end_line, end_column = pos
    return text[starts[line - 1] + column - 1 : starts[end_line - 1] + end_column - 1]


def texts(
    source: str, kind: type[facts.Node], part: Callable[[facts.Module], Any] = lambda module: module
) -> list[str]:
    """The source text of every node of one kind, in order."""
    module = extract(source.encode())
    assert module.problem is None
    found = [node for node in nodes(part(module)) if isinstance(node, kind)]
    return [
        cut(source, node.pos) for node in sorted(found, key=lambda node: (node.pos[:2], [-n for n in node.pos[2:]]))
    ]


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        ("a.b.c", facts.Attribute, ["a.b.c", "a.b"]),
        ("a . b\\\n  .c", facts.Attribute, ["a . b\\\n  .c", "a . b"]),
        ("(a).b", facts.Attribute, ["(a).b"]),
        ("(a.b)", facts.Attribute, ["a.b"]),
        ("x = ((a.b))", facts.Attribute, ["a.b"]),
        ("f(a)(b , c)", facts.Call, ["f(a)(b , c)", "f(a)"]),
        ("f(\n  a, # one (\n  b,\n)", facts.Call, ["f(\n  a, # one (\n  b,\n)"]),
        ("f ()", facts.Call, ["f ()"]),
        ("f(a, *b, k = c, **d)", facts.Argument, ["a", "*b", "k = c", "**d"]),
        ("f(x for x in y)", facts.Comprehension, ["x for x in y"]),
        ("f((x for x in y))", facts.Comprehension, ["(x for x in y)"]),
        ("x = (((x for x in y)))", facts.Comprehension, ["(x for x in y)"]),
        ("[x for x in y if z]", facts.Clause, ["for x in y if z"]),
        ("[x for x in y for a in x if a if b]", facts.Clause, ["for x in y", "for a in x if a if b"]),
        ("async def f(): [x async for x in y]", facts.Clause, ["async for x in y"]),
        ("{**a, 'b': {1, 2}}", facts.Display, ["{**a, 'b': {1, 2}}", "{1, 2}"]),
        ("x = (1, 2)", facts.Display, ["(1, 2)"]),
        ("x = ((1, 2))", facts.Display, ["(1, 2)"]),
        ("x = 1, 2", facts.Display, ["1, 2"]),
        ("x = 1, 2 ,", facts.Display, ["1, 2 ,"]),
        ("x = ()", facts.Display, ["()"]),
        ("x = [ ]", facts.Display, ["[ ]"]),
        ("x[a:b, ...]", facts.Item, ["x[a:b, ...]"]),
        ("x[a, b]", facts.Display, ["a, b"]),
        ("x[y[0]]", facts.Item, ["x[y[0]]", "y[0]"]),
        ("x[(y)]", facts.Global, ["x", "y"]),
        ("a < b == c not  in d is not e != f", facts.Compare, ["a < b == c not  in d is not e != f"]),
        ("a == b", facts.Global, ["a", "b"]),
        ("a if b else c", facts.Global, ["a", "b", "c"]),
        ("not a or - b and ~c @ d ** e", facts.Global, ["a", "b", "c", "d", "e"]),
        ("(y := f(x))", facts.Walrus, ["y := f(x)"]),
        ("lambda a, *b, c=1: a", facts.Lambda, ["lambda a, *b, c=1: a"]),
        ("lambda: (yield)", facts.Yield, ["yield"]),
        ("def f(): x = yield from y", facts.Yield, ["yield from y"]),
        ("async def f(): return await (g())", facts.Await, ["await (g())"]),
        ("*a, b = c", facts.Global, ["a", "b", "c"]),
        ("f'{a!r:>{b}}c{{}}{ d = }' 'e' f'{g}'", facts.Global, ["a", "b", "d", "g"]),
        ("f'''\n{a\n}{b}''' + c", facts.Global, ["a", "b", "c"]),
        ("f'{a,}{b[1:]}{c:=>10}'; d", facts.Global, ["a", "b", "c", "d"]),
        ("rb'a' b'c'; x", facts.Global, ["x"]),
        ("f\"{x['a']}\"", facts.Item, ["x['a']"]),
        ("x: int = 1; y", facts.Global, ["x", "int", "y"]),
    ],
)
def test_expressions(source: str, kind: type[facts.Node], expected: list[str]) -> None:
    assert texts(source, kind) == expected


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        ("a = b = 1 ; c = 2", facts.Assign, ["a = b = 1", "c = 2"]),
        ("x  +=  (1)", facts.AugmentedAssign, ["x  +=  (1)"]),
        ("x //= 1; y", facts.AugmentedAssign, ["x //= 1"]),
        ("x: int", facts.AnnotatedAssign, ["x: int"]),
        ("'''doc'''\n(a)", facts.Evaluate, ["'''doc'''", "(a)"]),
        ("def f():\n  return # none\n  return 1", facts.Return, ["return", "return 1"]),
        ("raise a from b # c", facts.Raise, ["raise a from b"]),
        ("assert a , 'm'", facts.Assert, ["assert a , 'm'"]),
        ("del a, b[0]", facts.Delete, ["del a, b[0]"]),
        ("if a :\n  b\nelif (c): d\nelse:\n  e", facts.If, ["if a", "elif (c)"]),
        ("while a: b", facts.While, ["while a"]),
        ("for a in b:\n  c", facts.For, ["for a in b"]),
        ("async def f():\n  async for a in b: c", facts.For, ["async for a in b"]),
        ("try :\n  a\nexcept E as e: b\nelse: c\nfinally: d", facts.Try, ["try"]),
        ("with a as b, c : d", facts.With, ["with a as b, c"]),
        ("with (\n  a as b,\n  c,\n): d", facts.With, ["with (\n  a as b,\n  c,\n)"]),
        ("with (a) as b: c", facts.WithItem, ["(a) as b"]),
        ("with (a as b, c): d", facts.WithItem, ["a as b", "c"]),
        ("match  a , b :\n  case _: c", facts.Match, ["match  a , b"]),
        ("import a, b.c, d.e as f", facts.Import, ["a", "b.c", "d.e as f"]),
        ("import a.b", facts.Global, ["a"]),
        ("from .. a import (b, c as d,)", facts.Import, ["b", "c as d"]),
        ("from . import a", facts.Global, ["a"]),
        ("from a import * # b", facts.Import, ["*"]),
        ("global a, b\npass\nc", facts.Global, ["c"]),
    ],
)
def test_statements(source: str, kind: type[facts.Node], expected: list[str]) -> None:
    assert texts(source, kind) == expected


def test_definitions_cover_their_line_up_to_the_name() -> None:
    source = "@a.b(1)\n# note\n@c\nasync  def f [T: int](x): pass\n\n@d\nclass  C (B, metaclass=M): pass\n"
    assert texts(source, facts.Function) == ["async  def f"]
    assert texts(source, facts.Define) == ["async  def f"]
    assert texts(source, facts.Class) == ["class  C"]
    assert texts(source, facts.DefineClass) == ["class  C"]


def test_parameters() -> None:
    source = "def f(a, /, b: int = 1, *args: int, c = 2, ** kw): pass\nlambda x, *, y=1: 0"
    assert texts(source, facts.Parameter) == ["a", "b: int = 1", "*args: int", "c = 2", "** kw", "x", "y=1"]


def test_patterns() -> None:
    source = """match a:
  case [b, (1) as c, *d] if e: pass
  case {"k": f, **g} | (h.i): pass
  case J(k, l=m) | -1 | None | "s" "t": pass
  case (n, *_), _: pass
  case o: pass
p
"""
    names = texts(source, facts.Global)
    assert names == ["a", "b", "c", "d", "e", "f", "g", "h", "J", "k", "m", "n", "o", "p"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_an_editor(newline: str) -> None:
    source = newline.join(
        ["'''doc", "more'''", "# note", "\x0cdef f():", "\tx = '''", "  y''' + z", "w = \\", "  v", ""]
    )
    module = extract(source.encode())
    assert module.problem is None
    places = {node.name: node.pos for node in nodes(module) if isinstance(node, facts.Local | facts.Global)}
    assert places == {"f": (4, 6, 4, 7), "x": (5, 2, 5, 3), "z": (6, 10, 6, 11), "w": (7, 1, 7, 2), "v": (8, 3, 8, 4)}


def test_columns_count_characters() -> None:
    source = "s = '🐍é\u2028'; naïve = s\nif 1:\n\tx\t=\t𝑦\n"
    module = extract(source.encode())
    places = [(node.name, *node.pos) for node in nodes(module) if isinstance(node, facts.Global)]
    assert places == [
        ("s", 1, 1, 1, 2),
        ("naïve", 1, 12, 1, 17),
        ("s", 1, 20, 1, 21),
        ("x", 3, 2, 3, 3),
        ("y", 3, 6, 3, 7),
    ]


def test_a_byte_order_mark_takes_no_column() -> None:
    module = extract(b"\xef\xbb\xbfx = 1")
    assert module.body == (facts.Assign((facts.Global("x", (1, 1, 1, 2)),), facts.Constant("int", "1"), (1, 1, 1, 6)),)


_LIKE_AST: dict[type[facts.Node], type[ast.AST]] = {
    facts.Attribute: ast.Attribute,
    facts.Call: ast.Call,
    facts.Item: ast.Subscript,
    facts.Compare: ast.Compare,
    facts.Assign: ast.Assign,
    facts.AugmentedAssign: ast.AugAssign,
    facts.Evaluate: ast.Expr,
}


@pytest.mark.parametrize(
    "module", ["argparse", "ast", "collections/__init__", "json/decoder", "subprocess", "threading"]
)
def test_positions_agree_with_the_standard_parser(module: str) -> None:
    path = Path(ast.__file__).parent / f"{module}.py"
    extracted = extract(path.read_bytes())
    tree = ast.parse(path.read_bytes())
    # Before Python 3.12 the standard parser does not know where the parts of an f-string stand, and facts leave out some
    # expressions that no rule looks at.
    unlike = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    for ours, theirs in _LIKE_AST.items():
        found = Counter(node.pos for node in nodes(extracted) if isinstance(node, ours))
        expected = Counter(_position(node) for node in ast.walk(tree) if isinstance(node, theirs))
        differences = (found - expected) + (expected - found)
        assert [pos for pos in differences if pos[0] not in unlike] == []


def _position(node: Any) -> facts.Position:
    return (node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1)
