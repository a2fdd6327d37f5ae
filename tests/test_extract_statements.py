"""Every construct of the language becomes the facts that describe it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import structs

from flaskglobals_lint import facts
from flaskglobals_lint.extract import extract
from flaskglobals_lint.extract.concrete import concrete


def show(part: Any) -> Any:
    """Facts as short nested tuples without positions: ``("Assign", ("x",), "1")``. Names and constants are their text."""
    if isinstance(part, facts.Local | facts.Global | facts.Free | facts.ClassName):
        return part.name
    if isinstance(part, facts.Constant):
        return repr(part.text) if part.kind in {"str", "bytes"} else part.text
    if isinstance(part, facts.Node):
        fields = (getattr(part, field) for field in part.__struct_fields__ if field != "place")
        return (type(part).__name__, *(show(field) for field in fields))
    if isinstance(part, tuple):
        return tuple(show(item) for item in part)
    return part


def module(source: str) -> facts.Module:
    extracted = extract(source.encode())
    assert extracted.problem is None
    assert structs.replace(concrete(source), comments=extracted.comments) == extracted
    return extracted


def body(source: str) -> Any:
    """The module's statements."""
    return show(module(source).body)


def value(source: str) -> Any:
    """The value of an expression."""
    statements = module(source).body
    assert len(statements) == 1
    assert isinstance(statements[0], facts.Evaluate)
    return show(statements[0].value)


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("None", "none", "None"),
        ("True", "bool", "True"),
        ("...", "ellipsis", "Ellipsis"),
        ("0x_ff", "int", "255"),
        ("1_000", "int", "1000"),
        ("00", "int", "0"),
        ("9" * 5000, "int", "9" * 200),
        ("1_0.50", "float", "10.5"),
        ("1e400", "float", "inf"),
        ("2j", "complex", "2j"),
        ("'a\"b'", "str", 'a"b'),
        (r"'\x41\u0042\U00000043\103\N{LATIN SMALL LETTER A}\n\q'", "str", "ABCCa\n\\q"),
        (r"'\U99999999\N{no such}'", "str", r"\U99999999\N{no such}"),
        (r"r'\x41'", "str", r"\x41"),
        ('U\'a\' R\'\\b\' """c\n"""', "str", "a\\bc\n"),
        ("'a\\\nb'", "str", "ab"),
        ("'''a\r\nb\rc'''", "str", "a\nb\nc"),
        (r"b'\xff\u0041'", "bytes", "ÿ\\u0041"),
        (r"Rb'\xff'", "bytes", r"\xff"),
        (r"'\ud83d'", "str", "\ufffd"),
        ("'" + "ab" * 300 + "'", "str", "ab" * 100),
        (r"'" + r"\x41" * 300 + "'", "str", "A" * 200),
    ],
)
def test_constants(source: str, kind: str, text: str) -> None:
    statement = module(f"x = {source}").body[0]
    assert isinstance(statement, facts.Assign)
    assert statement.value == facts.Constant(kind, text)


@pytest.mark.parametrize("source", ["'a' 'b'", '"""a\nb"""', "...", "1"])
def test_a_constant_as_a_statement_is_no_code(source: str) -> None:
    assert module(f"{source}\ndef f():\n  {source}\n").functions[0].body == ()
    assert len(module(f"{source}\ndef f():\n  {source}\n").body) == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a + b + c", ("Operation", "+", ("a", "b", "c"))),
        ("a + (b + c)", ("Operation", "+", ("a", ("Operation", "+", ("b", "c"))))),
        ("(a + b) + c", ("Operation", "+", ("a", "b", "c"))),
        ("a + b - c", ("Operation", "-", (("Operation", "+", ("a", "b")), "c"))),
        ("a + b * c", ("Operation", "+", ("a", ("Operation", "*", ("b", "c"))))),
        ("a ** b ** c", ("Operation", "**", ("a", ("Operation", "**", ("b", "c"))))),
        ("a @ b // c", ("Operation", "//", (("Operation", "@", ("a", "b")), "c"))),
        ("not -a", ("Operation", "not", (("Operation", "-", ("a",)),))),
        ("a and b and c or d", ("Boolean", "or", (("Boolean", "and", ("a", "b", "c")), "d"))),
        ("a and (b and c)", ("Boolean", "and", ("a", ("Boolean", "and", ("b", "c"))))),
        ("a < b not in c is not d", ("Compare", ("<", "not in", "is not"), ("a", "b", "c", "d"))),
        ("a != b", ("Compare", ("!=",), ("a", "b"))),
        ("a if b else c", ("Conditional", "b", "a", "c")),
        ("f'{a!r:{b}}x{c=}'", ("Operation", "fstring", ("a", "b", "c"))),
        ("f''", ("Operation", "fstring", ())),
        ("t'{a}'", ("Operation", "fstring", ("a",))),
        ("'a' f'{b}' 'c' f'{d}'", ("Operation", "fstring", ("b", "d"))),
        ("(a, *b)", ("Display", "tuple", (), ("a", ("Starred", "b")))),
        ("[a]", ("Display", "list", (), ("a",))),
        ("{a, b}", ("Display", "set", (), ("a", "b"))),
        ("{a: b, **c}", ("Display", "dict", ("a", None), ("b", "c"))),
        ("a[b]", ("Item", "a", "b")),
        ("a[b:]", ("Item", "a", ("Operation", "slice", ("b", "None")))),
        ("a[::b]", ("Item", "a", ("Operation", "slice", ("None", "None", "b")))),
        ("a[b, c:]", ("Item", "a", ("Display", "tuple", (), ("b", ("Operation", "slice", ("c", "None")))))),
        ("a[b,]", ("Item", "a", ("Display", "tuple", (), ("b",)))),
        ("a[*b]", ("Item", "a", ("Display", "tuple", (), (("Starred", "b"),)))),
        (
            "f(a, *b, c=d, **e)",
            (
                "Call",
                "f",
                (
                    ("Argument", "a", None, 0),
                    ("Argument", "b", None, 1),
                    ("Argument", "d", "c", 0),
                    ("Argument", "e", None, 2),
                ),
            ),
        ),
        ("[x for x in a]", ("Comprehension", "list", None, "x'1", (("Clause", "x'1", "a", ()),))),
        (
            "{x for x, y in a}",
            ("Comprehension", "set", None, "x'1", (("Clause", ("Display", "tuple", (), ("x'1", "y'1")), "a", ()),)),
        ),
        ("{x: b for x in a if x}", ("Comprehension", "dict", "x'1", "b", (("Clause", "x'1", "a", ("x'1",)),))),
        (
            "(b for x.y in a)",
            ("Comprehension", "generator", None, "b", (("Clause", ("Attribute", "x", "y"), "a", ()),)),
        ),
        ("(a := b)", ("Walrus", "a", "b")),
        ("lambda: 0", ("Lambda", "<lambda>")),
    ],
)
def test_expressions(source: str, expected: Any) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b.c = 1", ("Assign", ("a", ("Attribute", "b", "c")), "1")),
        ("a >>= 1", ("AugmentedAssign", "a", ">>", "1")),
        ("a: b = c", ("AnnotatedAssign", "a", "b", "c")),
        ("a: b", ("AnnotatedAssign", "a", "b", None)),
        ("raise", ("Raise", None)),
        ("raise a from b", ("Raise", "a")),
        ("assert a, b", ("Assert", "a")),
        ("del a, b[0]", ("Delete", ("a", ("Item", "b", "0")))),
        ("del (a, b)", ("Delete", ("a", "b"))),
        (
            "if a: b\nelif c: d\nelse: e",
            ("If", "a", (("Evaluate", "b"),), (("If", "c", (("Evaluate", "d"),), (("Evaluate", "e"),)),)),
        ),
        ("if TYPE_CHECKING:\n  import a", ("If", "TYPE_CHECKING", (("Import", "a", "a", None, 0, "a"),), ())),
        ("while a:\n  break\nelse: b", ("While", "a", (("Jump", "break"),), (("Evaluate", "b"),))),
        (
            "for a, b in c: continue",
            ("For", ("Display", "tuple", (), ("a", "b")), "c", (("Jump", "continue"),), (), False),
        ),
        ("for a in *b, c: pass", ("For", "a", ("Display", "tuple", (), (("Starred", "b"), "c")), (), (), False)),
        (
            "try: a\nexcept (B, C) as d: pass\nexcept: e\nelse: f\nfinally: g",
            (
                "Try",
                (("Evaluate", "a"),),
                (
                    ("Handler", ("Display", "tuple", (), ("B", "C")), "d", ()),
                    ("Handler", None, None, (("Evaluate", "e"),)),
                ),
                (("Evaluate", "f"),),
                (("Evaluate", "g"),),
            ),
        ),
        ("try: a\nexcept* B as c: pass", ("Try", (("Evaluate", "a"),), (("Handler", "B", "c", ()),), (), ())),
        ("with a as b, c: pass", ("With", (("WithItem", "a", "b"), ("WithItem", "c", None)), (), False)),
        ("import a", ("Import", "a", "a", None, 0, "a")),
        ("import a.b.c", ("Import", "a", "a", None, 0, "a.b.c")),
        ("import a.b as c", ("Import", "c", "a.b", None, 0, "a.b")),
        ("from a.b import c", ("Import", "c", "a.b", "c", 0, "a.b")),
        ("from ... a import b as c", ("Import", "c", "a", "b", 3, "a")),
        ("from . import a", ("Import", "a", "", "a", 1, "")),
        ("from a import *", ("Import", None, "a", "*", 0, "a")),
        ("@a\ndef f(): pass", ("Define", "f", "f")),
        ("class C: pass", ("DefineClass", "C", "C")),
        ("type A[T] = list[T]", ("Assign", ("A",), ("Operation", "type", (("Item", "list", "T'1"),)))),
    ],
)
def test_statements(source: str, expected: Any) -> None:
    assert body(source) == (expected,)


@pytest.mark.parametrize("source", ["", "\n", "# only a comment", "pass", "global x", "\f\n"])
def test_what_leaves_no_facts(source: str) -> None:
    assert module(source) == facts.Module((), (), (), (), None)


@pytest.mark.parametrize(
    ("pattern", "names", "values"),
    [
        ("x", ("x",), ()),
        ("_", (), ()),
        ("1 | -2 | 1+2j", (), ("1", ("Operation", "-", ("2",)), ("Operation", "+", ("1", "2j")))),
        ("None | True", (), ("None", "True")),
        ("'a' 'b'", (), ("'ab'",)),
        ("a.b", (), (("Attribute", "a", "b"),)),
        ("(x)", ("x",), ()),
        ("(x, *y)", ("x", "y"), ()),
        ("x, *_", ("x",), ()),
        ("[1, [x]]", ("x",), ("1",)),
        ("{'k': x, a.b: 2, **r}", ("x", "r"), ("'k'", ("Attribute", "a", "b"), "2")),
        ("C(x, k=y)", ("x", "y"), ("C",)),
        ("C() as x", ("x",), ("C",)),
        ("(1, x) | (x, 2)", ("x",), ("1", "2")),
        ("[C(), (1) as z]", ("z",), ("C", "1")),
    ],
)
def test_patterns(pattern: str, names: Any, values: Any) -> None:
    source = f"match s:\n  case {pattern} if g:\n    b\n  case _: pass"
    guarded = ("Case", names, values, "g", (("Evaluate", "b"),))
    assert body(source) == (("Match", "s", (guarded, ("Case", (), (), None, ()))),)


def test_function() -> None:
    source = "@d(1)\nasync def f(a, /, b: t = 1, *c, e, **g) -> r:\n  global z, y\n  await a\n  yield b\n  return\n"
    function = module(source).functions[0]
    assert (function.qualname, function.name, function.function, function.cls) == ("f", "f", None, None)
    assert (function.is_async, function.is_generator, function.globals) == (True, True, ("y", "z"))
    assert show(function.decorators) == (("Call", "d", (("Argument", "1", None, 0),)),)
    assert show(function.returns) == "r"
    assert show(function.parameters) == (
        ("Parameter", "a", "positional", None, None),
        ("Parameter", "b", "positional", "1", "t"),
        ("Parameter", "c", "*", None, None),
        ("Parameter", "e", "keyword", None, None),
        ("Parameter", "g", "**", None, None),
    )
    assert show(function.body) == (
        ("Evaluate", ("Await", "a")),
        ("Evaluate", ("Yield", "b", False)),
        ("Return", None),
    )


def test_async_statements() -> None:
    source = "async def f():\n  async for a in b: pass\n  async with c: pass\n  return [d async for d in e]\n"
    loop, with_, result = module(source).functions[0].body
    assert isinstance(loop, facts.For)
    assert isinstance(with_, facts.With)
    assert loop.is_async
    assert with_.is_async
    assert isinstance(result, facts.Return)


def test_a_yield_makes_its_own_function_a_generator() -> None:
    source = "def f():\n  def g():\n    yield from x\n  return lambda: (yield)\n"
    assert {each.qualname: each.is_generator for each in module(source).functions} == {
        "f": False,
        "f.g": True,
        "f.<lambda>": True,
    }


def test_class() -> None:
    source = "@d\nclass C(B, *bs, metaclass=M, **kw):\n  x = 1\n  def m(self): pass\n"
    cls = module(source).classes[0]
    assert (cls.qualname, cls.name, cls.function, cls.cls) == ("C", "C", None, None)
    assert show(cls.bases) == ("B", ("Starred", "bs"))
    assert show(cls.keywords) == (("Argument", "M", "metaclass", 0), ("Argument", "kw", None, 2))
    assert show(cls.decorators) == ("d",)
    assert show(cls.body) == (("Assign", ("x",), "1"), ("Define", "m", "C.m"))


def test_lambda_is_a_function_with_one_return() -> None:
    extracted = module("x = lambda a, *, b=c: a")
    function = extracted.functions[0]
    assert (function.qualname, function.name) == ("<lambda>", "<lambda>")
    assert [parameter.kind for parameter in function.parameters] == ["positional", "keyword"]
    assert show(function.body) == (("Return", "a"),)


def test_qualified_names_and_owners() -> None:
    source = """
def f():
    def g(): pass
    def g(): return lambda: lambda: 0
    class C:
        def m(self): pass
        x = lambda: 0
        class D: pass
def f(a=lambda: 0):
    def g(): pass
class f: pass
[lambda: 0 for _ in x]
"""
    extracted = module(source)
    functions = [(each.qualname, each.function, each.cls) for each in extracted.functions]
    assert functions == [
        ("f", None, None),
        ("f.g", "f", None),
        ("f.g#2", "f", None),
        ("f.g#2.<lambda>", "f.g#2", None),
        ("f.g#2.<lambda>.<lambda>", "f.g#2.<lambda>", None),
        ("f.C.m", "f", "f.C"),
        ("f.C.<lambda>", "f", "f.C"),
        ("f#2", None, None),
        ("<lambda>", None, None),
        ("f#2.g", "f#2", None),
        ("<lambda>#2", None, None),
    ]
    classes = [(each.qualname, each.function, each.cls) for each in extracted.classes]
    assert classes == [("f.C", "f", None), ("f.C.D", "f", "f.C"), ("f#3", None, None)]


def test_definitions_stand_where_they_are_executed() -> None:
    source = "a\ndef f(): b\nif c:\n  class C: d\n"
    assert body(source) == (
        ("Evaluate", "a"),
        ("Define", "f", "f"),
        ("If", "c", (("DefineClass", "C", "C"),), ()),
    )


def test_facts_are_serialisable_and_deterministic() -> None:
    source = """
import a.b
from . import c as d
@d
class C(a.B, k=1):
    '''Doc \\ud800.'''
    def m(self, *args, x: int = {**a}):  # noqa: FGL101
        nonlocal_ = [y async for y in (lambda z: (yield z))(self) if not y]
        match args:
            case {"k": v, **r}: return f"{v}"
        with a, c as (e, *f): del self.x[1:2], e
        return (n := -1.5e3 + 2j) if x < 1 <= 2 and ... else b"x"
"""
    extracted = extract(source.encode())
    assert extracted.problem is None
    encoded = msgspec.msgpack.encode(extracted)
    assert msgspec.msgpack.decode(encoded, type=facts.Module) == extracted
    assert msgspec.msgpack.encode(extract(source.encode())) == encoded
