"""Names are resolved as Python resolves them."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent
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


def resolutions(source: str, name: str) -> list[str]:
    """What each use of ``name`` refers to, in the order of the text."""
    module = extract(dedent(source).encode())
    assert module.problem is None
    found = [node for node in nodes(module) if _describe(node) is not None and node.name.partition("'")[0] == name]
    return [str(_describe(node)) for node in sorted(found, key=lambda node: node.pos)]


def _describe(node: Any) -> str | None:
    number = node.name.partition("'")[2] if hasattr(node, "name") and isinstance(node.name, str) else ""
    suffix = f" '{number}" if number else ""
    match node:
        case facts.Local():
            return "local" + suffix
        case facts.Global():
            return "global"
        case facts.Free():
            return f"free {node.owner or '<module>'}{suffix}"
        case facts.ClassName():
            return f"class {node.owner}"
        case _:
            return None


def test_assignment_makes_a_name_local_everywhere_in_the_function() -> None:
    source = """
        x = 0
        def f():
            print(x)
            x = 1
    """
    assert resolutions(source, "x") == ["global", "local", "local"]


def test_reading_alone_does_not_bind() -> None:
    source = """
        def f():
            x.append(1)
            x[0] = 1
            x.y = 2
    """
    assert resolutions(source, "x") == ["global"] * 3


def test_parameters_are_local_and_their_defaults_and_annotations_are_not() -> None:
    source = """
        def f(x: x = x, /, a=x, *args: x, k=x, **kw: x) -> x:
            return x
    """
    assert resolutions(source, "x") == ["global"] * 7 + ["local"]


@pytest.mark.parametrize(
    "statement",
    [
        "x = 1",
        "x: int = 1",
        "x: int",
        "x += 1",
        "(a, [x, *b]) = c",
        "*x, a = c",
        "a = x = 1",
        "for x in y: pass",
        "for a, x in y: pass",
        "with y as x: pass",
        "with y as (a, x): pass",
        "import x",
        "import x.y.z",
        "import y.z as x",
        "from y import x",
        "from . import z as x",
        "def x(): pass",
        "class x: pass",
        "del x",
        "type x = int",
        "y = (x := 1)",
        "y = [(x := a) for a in b]",
        "print(f'{(x := 1)}')",
        "while (x := y()): pass",
        "@(x := y)\n    def g(): pass",
        "def g(a=(x := 1)): pass",
        "h = lambda a=(x := 1): a",
        "if y: x = 1",
        "if y: pass\n    elif z: x = 1",
        "if y: pass\n    else: x = 1",
        "while y: x = 1",
        "while y: pass\n    else: x = 1",
        "for a in y: pass\n    else: x = 1",
        "try: x = 1\n    finally: pass",
        "try: pass\n    except E as x: pass",
        "try: pass\n    except E: x = 1",
        "try: pass\n    except* E as x: pass",
        "try: pass\n    except E: pass\n    else: x = 1",
        "try: pass\n    finally: x = 1",
        "with y: x = 1",
        "match y:\n        case x: pass",
        "match y:\n        case [a, *x]: pass",
        "match y:\n        case {'k': x}: pass",
        "match y:\n        case {**x}: pass",
        "match y:\n        case C(x): pass",
        "match y:\n        case C(k=x): pass",
        "match y:\n        case [1, 2] as x: pass",
        "match y:\n        case (1, x) | (x, 2): pass",
        "match y:\n        case _: x = 1",
    ],
)
def test_every_binding_statement_binds(statement: str) -> None:
    assert resolutions(f"def f():\n    {statement}\n    return x\n", "x")[-1] == "local"


@pytest.mark.parametrize(
    "statement",
    [
        "x",
        "y = [x for x in a]",
        "y = lambda x: x",
        "y = lambda: (x := 1)",
        "def g(): x = 1",
        "class g: x = 1",
        "y.x = 1",
        "y[x] = 1",
        "f(x=1)",
        "for y in x: pass",
        "import y.x",
        "from x import y",
        "import x as y",
        "match y:\n        case x.y: pass",
        "match y:\n        case C(x=_): pass",
        "match y:\n        case {x.y: _}: pass",
    ],
)
def test_nothing_else_binds(statement: str) -> None:
    assert resolutions(f"def f():\n    {statement}\n    return x\n", "x")[-1] == "global"


def test_a_closure_names_the_function_that_owns_the_variable() -> None:
    source = """
        def outer():
            x = 1
            def middle():
                def inner():
                    return x
    """
    assert resolutions(source, "x") == ["local", "free outer"]


def test_the_nearest_enclosing_function_wins() -> None:
    source = """
        def outer(x):
            def middle(x):
                return lambda: x
    """
    assert resolutions(source, "x") == ["free outer.middle"]


def test_global_statement() -> None:
    source = """
        x = 0
        def f():
            global x, y
            x = 1
            y = 2
            return y
    """
    assert resolutions(source, "x") == ["global", "global"]
    assert resolutions(source, "y") == ["global", "global"]
    assert extract(dedent(source).encode()).functions[0].globals == ("x", "y")


def test_global_in_an_enclosing_function_holds_for_those_inside() -> None:
    source = """
        def a():
            x = 1
            def b():
                global x
                def c():
                    return x
    """
    assert resolutions(source, "x") == ["local", "global"]


def test_global_in_a_class_body_holds_for_that_body_only() -> None:
    source = """
        def f():
            x = 1
            class C:
                global x
                x = 2
                def m(self):
                    return x
    """
    assert resolutions(source, "x") == ["local", "global", "free f"]


def test_nonlocal_statement() -> None:
    source = """
        def f():
            x = 1
            def g():
                nonlocal x
                x += 1
                def h():
                    return x
    """
    assert resolutions(source, "x") == ["local", "free f", "free f"]


def test_class_names_are_visible_in_the_body_but_not_in_its_methods() -> None:
    source = """
        x = 0
        class C:
            x = 1
            y = x
            def m(self, a=x):
                return x
            class D:
                z = x
    """
    assert resolutions(source, "x") == ["global", "class C", "class C", "class C", "global", "global"]


def test_class_in_a_function_sees_that_functions_variables() -> None:
    source = """
        def f(x, y):
            class C:
                a = x
                y = 1
                def m(self):
                    return x, y
    """
    assert resolutions(source, "x") == ["free f", "free f"]
    assert resolutions(source, "y") == ["class f.C", "free f"]


def test_nonlocal_in_a_class_body() -> None:
    source = """
        def f():
            x = 1
            class C:
                nonlocal x
                x = 2
    """
    assert resolutions(source, "x") == ["local", "free f"]


def test_comprehension_variables_are_renamed_and_shadow() -> None:
    source = """
        def f(x):
            a = [x for x in x if x]
            b = {x: 1 for x in a}
            return x
    """
    assert resolutions(source, "x") == [
        *["local '1", "local '1", "local", "local '1"],
        *["local '2", "local '2"],
        "local",
    ]


def test_only_the_first_iterable_is_evaluated_outside() -> None:
    source = """
        def f(x, y):
            return [0 for x in x for y in y for z in x]
    """
    assert resolutions(source, "x") == ["local '1", "local", "local '1"]
    assert resolutions(source, "y") == ["local '1", "local '1"]


def test_nested_comprehensions() -> None:
    source = """
        def f(x):
            return [[x for x in x] for x in x]
    """
    assert resolutions(source, "x") == ["local '2", "local '2", "local '1", "local '1", "local"]


def test_comprehension_at_module_level() -> None:
    source = """
        y = [x for x in a]
        z = (x for x in [x for x in x])
        w = [lambda: x for x in a]
    """
    assert resolutions(source, "x") == [
        *["local '1"] * 2,
        *["local '2", "local '2", "local '3", "local '3", "global"],
        *["free <module> '4", "local '4"],
    ]


def test_comprehension_in_a_class_sees_class_names_in_its_first_iterable_only() -> None:
    source = """
        class C:
            x = []
            y = [x for a in x for b in x]
    """
    assert resolutions(source, "x") == ["class C", "global", "class C", "global"]


def test_closure_over_a_comprehension_variable() -> None:
    source = """
        def f():
            return [lambda: x for x in range(3)]
    """
    assert resolutions(source, "x") == ["free f '1", "local '1"]


def test_walrus_in_a_comprehension_binds_in_the_function_around() -> None:
    source = """
        def f():
            [[x := a for a in b] for b in c]
            return x
        def g():
            global x
            [x := a for a in b]
        [x := a for a in b]
    """
    assert resolutions(source, "x") == ["local", "local", "global", "global"]


def test_module_level_names_are_global() -> None:
    source = """
        for x in y:
            with x as x: pass
        import x
        def x(): pass
        class x: pass
        match x:
            case x: pass
        try: pass
        except E as x: pass
        del x
    """
    assert set(resolutions(source, "x")) == {"global"}
    assert len(resolutions(source, "x")) == 10


def test_builtins_are_global() -> None:
    assert resolutions("def f():\n    return len([])\n", "len") == ["global"]


def test_definitions_bind_in_their_scope() -> None:
    source = """
        def f():
            def x(): pass
            class y:
                def x(self): pass
    """
    assert resolutions(source, "x") == ["local", "class f.y"]
    assert resolutions(source, "y") == ["local"]


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ("__x = 1", "_C__x", "class C"),
        ("def m(self):\n        return __x", "_C__x", "global"),
        ("def m(self, __x):\n        return __x", "_C__x", "local"),
        ("def m(self):\n        global __x\n        __x = 1", "_C__x", "global"),
        ("def m(self):\n        import __x", "_C__x", "local"),
        ("def m(self):\n        return [0 for __x in y]", "_C__x", "local '1"),
        ("y = __x__", "__x__", "global"),
        ("y = _x", "_x", "global"),
    ],
)
def test_private_names_are_mangled(body: str, name: str, expected: str) -> None:
    assert resolutions(f"class C:\n    {body}\n", name)[-1] == expected


def test_mangling_takes_the_innermost_class_without_leading_underscores() -> None:
    source = """
        class __Outer:
            class _Inner:
                def m(self):
                    return self.__x, f(__k=1)
            y = self.__x
        class __:
            y = self.__x
    """
    module = extract(dedent(source).encode())
    attributes = [node.name for node in nodes(module.functions + module.classes) if isinstance(node, facts.Attribute)]
    keywords = [node.keyword for node in nodes(module) if isinstance(node, facts.Argument)]
    assert sorted(attributes) == ["_Inner__x", "_Outer__x", "__x"]
    assert keywords == ["_Inner__k"]


def test_type_parameters_have_a_scope_of_their_own() -> None:
    source = """
        def f[T: (int, str)](x: T) -> T:
            return T
        class C[T](Base[T]):
            def m(self, x: T): pass
        type A[T] = list[T]
        T
        class D[__T]:
            def m(self, x: __T): pass
    """
    assert resolutions(source, "T") == [
        *["local '1", "local '1", "free <module> '1"],
        *["local '2", "free <module> '2"],
        "local '3",
        "global",
    ]
    assert resolutions(source, "_D__T") == ["free <module> '4"]


def test_identifiers_are_normalised() -> None:
    assert resolutions("def f(ﬁ):\n    return fi\n", "fi") == ["local"]
