"""Positions cut out of the source give the text of the node."""

from __future__ import annotations

import ast
import gc
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from flaskglobals_lint import facts
from flaskglobals_lint.extract import extract
from flaskglobals_lint.extract.concrete import concrete


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


def texts(source: str, kind: Any) -> list[str]:
    """The source text of every node of one kind, in order."""
    module = extract(source.encode())
    assert module.problem is None
    assert structs.replace(concrete(source), comments=module.comments) == module
    found = [node for node in nodes(module) if isinstance(node, kind)]
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
        ("f(x for x in y)", facts.Comprehension, ["(x for x in y)"]),
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
def test_expressions(source: str, kind: Any, expected: list[str]) -> None:
    assert texts(source, kind) == expected


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        ("a = b = 1 ; c = 2", facts.Assign, ["a = b = 1", "c = 2"]),
        ("x  +=  (1)", facts.AugmentedAssign, ["x  +=  (1)"]),
        ("x //= 1; y", facts.AugmentedAssign, ["x //= 1"]),
        ("x: int", facts.AnnotatedAssign, ["x: int"]),
        ("'''doc'''\na()\n(a)", facts.Evaluate, ["a()", "(a)"]),
        ("def f():\n  return # none\n  return 1", facts.Return, ["return", "return 1"]),
        ("raise a from b # c", facts.Raise, ["raise a from b"]),
        ("assert a , 'm'", facts.Assert, ["assert a , 'm'"]),
        ("del a, b[0]", facts.Delete, ["del a, b[0]"]),
        ("if a :\n  b\nelif (c): d\nelse:\n  e", facts.If, ["if a", "elif (c"]),
        ("while a: b", facts.While, ["while a"]),
        ("for a in b:\n  c", facts.For, ["for a in b"]),
        ("async def f():\n  async for a in b: c", facts.For, ["async for a in b"]),
        ("try :\n  a\nexcept E as e: b\nelse: c\nfinally: d", facts.Try, ["try"]),
        ("with a as b, c : d", facts.With, ["with a as b, c"]),
        ("with (\n  a as b,\n  c,\n): d", facts.With, ["with (\n  a as b,\n  c"]),
        ("with (a) as b: c", facts.WithItem, ["a"]),
        ("with (a as b, c): d", facts.WithItem, ["a", "c"]),
        ("match  a , b :\n  case _: c", facts.Match, ["match  a , b"]),
        ("import a, b.c, d.e as f", facts.Import, ["a", "b.c", "d.e as f"]),
        ("import a.b", facts.Global, ["a"]),
        ("from .. a import (b, c as d,)", facts.Import, ["b", "c as d"]),
        ("from . import a", facts.Global, ["a"]),
        ("from a import * # b", facts.Import, ["*"]),
        ("global a, b\npass\nc", facts.Global, ["c"]),
    ],
)
def test_statements(source: str, kind: Any, expected: list[str]) -> None:
    assert texts(source, kind) == expected


def test_definitions_cover_their_line_up_to_the_name() -> None:
    source = "@a.b(1)\n# note\n@c\nasync  def f [T: int](x): pass\n\n@d\nclass  C (B, metaclass=M): pass\n"
    assert texts(source, facts.Function) == ["async  def f"]
    assert texts(source, facts.Define) == ["async  def f"]
    assert texts(source, facts.Class) == ["class  C"]
    assert texts(source, facts.DefineClass) == ["class  C"]


def test_parameters() -> None:
    source = "def f(a, /, b: int = 1, *args: int, c = 2, ** kw): pass\nlambda x, *, y=1: 0"
    assert texts(source, facts.Parameter) == ["a", "b", "args", "c", "kw", "x", "y"]


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
    target = facts.Global("x", facts.place(1, 1, 1, 2))
    assert module.body == (facts.Assign((target,), facts.Constant("int", "1"), facts.place(1, 1, 1, 6)),)


_LIKE_AST: dict[Any, type[ast.AST]] = {
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
        expected = Counter(
            _position(node)
            for node in ast.walk(tree)
            if isinstance(node, theirs) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        )
        differences = (found - expected) + (expected - found)
        assert [pos for pos in differences if pos[0] not in unlike] == []


def _position(node: Any) -> facts.Position:
    return (node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1)


ODD = [
    "f(**k, x=1)\n",
    "f(x=1, *a)\n",
    "class C(A, *b, m=1, **k): pass\n",
    "class C(): pass\n",
    "class C(**k): pass\n",
    "with (yield): pass\n",
    "with (a, b): pass\n",
    "with (a), (b) as c: pass\n",
    "for x in (yield), 1: pass\n",
    "x = yield a, b\n",
    "print(*a or b)\n",
    "x = *a, *b\n",
    "return_ = lambda *, a: a\n",
    "def f(a, *, b): pass\n",
    "x: (yield) = 1\n",
    "a[b:=1]\n",
    "x = a if b else lambda: c\n",
    "(yield)\n",
    "@(yield)\ndef f(): pass\n",
    "assert (a, b)\n",
    "raise (a)\n",
    "del (a), (b)\n",
    "del [a, b]\n",
    "f(a)(b)[c].d = 1\n",
    "for (a, b) in c: pass\n",
    "[a for a, in b]\n",
    "x = (a,)\n",
    "x = a,\n",
    "((a), b) = c\n",
    "match (a, b):\n case (A.B, 1) | [x, *_]: pass\n",
    "match a, b:\n case A(): pass\n",
    "match x:\n case {}: pass\n case []: pass\n case (): pass\n case -1.5 | +2 : pass\n",
    "try:\n a\nexcept (A), B: pass\n",
    "try:\n a\nexcept A, B: pass\n",
    "type X = int; type Y[**P, *T, U: int = str] = Z\n",
    "class A[T=int, *Ts=*tuple[int]](B): pass\n",
    "f'{x:{y}{z:>{w}}}'; a\n",
    "f'{x!r:}' f'{ (lambda: 1)() }'; a\n",
    "rf'\\{x}\\n'; a\n",
    "f'''{\nx # c\n}'''; a\n",
    "f'{x:%H:%M}'; a\n",
    "f'{{{x}}}'; a\n",
    "f\"{x:{'a'}}\"; a\n",
    "t'{x!s:>{y}}{z=}'; a\n",
    "0xFFor 1\n",
    "1if 2else 3\n",
    "x = not(a)\n",
    "x=[*a,*b];y\n",
    "print(a for a in b if c if d)\n",
    "lambda:(yield)\n",
    "x = a<b<=c!=d\n",
    "x = a if(b)else(c)\n",
    "from.import a\n",
    "from...a import b\n",
    "from . a import (b)\n",
    "global a,b;c\n",
    "x = \\\n  1\n",
    "if a:pass;b\n",
    "while 1:\n  pass\nelse:pass\n",
    "a = b = c,\n",
    "@a\n@b(c)\n# x\nclass D: pass\n",
    "async def f(): [x async for x in await y]; await(a); return\n",
    "def f(*, a=1, **k): ...\n",
    "def f(a, b=1, /, c=2, *d: *e, f: g=3) -> h: ...\n",
    "[*x for x in y]\n",
    "{**x for x in y}\n",
    "lambda a, /, b=(1, 2), *c, d: 0\n",
    "lambda *a, **k: 0\n",
    "x[a:b, c:d:e, ::, *f]\n",
    "x = ((((a)))).b\n",
    "(a)(b)\n",
    "(a)[b]\n",
    "(a) + (b) == (c)\n",
    "((a) and (b)) or (not (c))\n",
    "((yield))\n",
    "(await_)\n",
    "(*a, b)\n",
    "x = (lambda: (a))\n",
    "(a if b else c)\n",
    "('a' 'b')\n",
    "('a'\n # c\n 'b')\n",
    "(f'{a}')\n",
    "(1) + (1.0) + (1j) + (...)\n",
    "({})\n",
    "([])\n",
    "((a for a in b))\n",
    "f((a for a in b))\n",
    "({a: b for a in b})\n",
    "({a for a in b})\n",
    "([a for a in b])\n",
    "((a := b))\n",
    "(a < b)\n",
    "(-a)\n",
    "(a[b])\n",
    "(a.b)\n",
    "(a())\n",
    "x = a @ b; c @= d\n",
    "if (a):\n  pass # c, : = \nelif(b):pass\nelse :\n  c\n",
    "try :\n  a\nexcept  *  E  as  e :\n  b\nelse :\n  c\nfinally :\n  d\n",
    "\\\nx\n",
    "x;\n",
    "x ; y ;\n",
    "class A:\n  'doc'; x = 1\n",
    "match(x):\n case(y):pass\n case(1|2)as z:pass\n case{'a':b,**c}:pass\n",
    "match(x):\n case A(b,c=d,):pass\n case[a,*b,]:pass\n case a,:pass\n",
    "match x:\n  # c\n  case [a, b] if a == b: pass\n",
    "with(a)as b:pass\n",
    "async def f():\n  async with(a as b,):pass\n",
    "import a . b , c\n",
    "from a . b import c\n",
]


@pytest.mark.parametrize("source", ODD)
def test_every_name_is_where_it_stands(source: str) -> None:
    source += "last_one\n"
    module = extract(source.encode())
    assert module.problem is None
    names = [
        node for node in nodes(module) if isinstance(node, facts.Local | facts.Free | facts.Global | facts.ClassName)
    ]
    assert [cut(source, node.pos) for node in names] == [node.name.partition("'")[0] for node in names]
    assert "last_one" in [node.name for node in names]


@pytest.mark.parametrize(
    ("pos", "small"),
    [
        ((1, 1, 1, 2), True),
        ((1_048_575, 8_191, 1_056_766, 8_191), True),
        ((1_048_576, 1, 1_048_576, 2), False),
        ((1, 8_192, 1, 8_193), False),
        ((1, 1, 1, 8_192), False),
        ((1, 1, 8_193, 1), False),
        ((5, 9, 4, 1), False),
    ],
)
def test_a_position_is_kept_in_the_form_it_fits(pos: facts.Position, small: bool) -> None:
    kept = facts.place(*pos)
    assert isinstance(kept, int) is small
    name = facts.Global("x", kept)
    assert name.pos == pos
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(name), type=facts.Global) == name


def test_extraction_leaves_nothing_that_only_the_collector_of_cycles_frees() -> None:
    source = b"class C:\n    def f(self):\n        return lambda x: [y for y in x]\n"
    extract(source)  # imports
    gc.collect()
    gc.disable()
    try:
        extract(source)
        concrete(source.decode())
        assert gc.collect() == 0
    finally:
        gc.enable()
