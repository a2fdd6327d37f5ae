"""The facts that extraction records about one module, and that every later stage works on.

A module's facts are its code without trivia: a compact, resolved, serialisable tree. They depend on the source text
alone – not on options, models or other modules – so they can be cached by content hash. Names are resolved to Python's
own scopes; what a name *means* in another module is for the link stage.

Positions are ``(line, column, end_line, end_column)``: 1-based lines, 1-based columns that count Unicode characters, the
end exclusive.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

FACTS_VERSION = 2
"""Part of every cache key: raise it whenever a class below changes its shape or meaning."""

Position: TypeAlias = tuple[int, int, int, int]

NOWHERE: Position = (1, 1, 1, 1)


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of every part of the tree."""


# --- expressions ------------------------------------------------------------------------------------------------------


class Local(Node, frozen=True, tag="l"):
    """A name bound in the function it is used in. A comprehension's own variable is renamed ``name'N``."""

    name: str
    pos: Position


class Free(Node, frozen=True, tag="f"):
    """A name bound in an enclosing function (a closure's variable); ``owner`` is that function's qualified name."""

    name: str
    owner: str
    pos: Position


class Global(Node, frozen=True, tag="g"):
    """A name of the module, or a builtin."""

    name: str
    pos: Position


class ClassName(Node, frozen=True, tag="k"):
    """A name bound in the class body it is used in; ``owner`` is the class's qualified name."""

    name: str
    owner: str
    pos: Position


class Attribute(Node, frozen=True, tag="a"):
    """``value.name``; ``pos`` covers the whole expression. ``__x`` in a class body is stored mangled (``_Class__x``)."""

    value: Expression
    name: str
    pos: Position


class Item(Node, frozen=True, tag="i"):
    """``value[key]``; a slice's key is ``Operation("slice", …)``."""

    value: Expression
    key: Expression
    pos: Position


class Argument(Node, frozen=True):
    """One argument: ``keyword=value``, ``*value`` (``star`` 1), ``**value`` (``star`` 2) or ``value``."""

    value: Expression
    keyword: str | None
    star: int
    pos: Position


class Call(Node, frozen=True, tag="c"):
    function: Expression
    arguments: tuple[Argument, ...]
    pos: Position


class Constant(Node, frozen=True, tag="n"):
    """``kind`` is none, bool, int, float, complex, str, bytes or ellipsis; ``text`` the value's ``str()`` (for str and
    bytes the content), cut to 200 characters. Neighbouring string literals are joined."""

    kind: str
    text: str


class Display(Node, frozen=True, tag="d"):
    """A list, tuple, set or dict display. ``keys`` is empty but for a dict, where ``**x`` has the key None."""

    kind: str
    keys: tuple[Expression | None, ...]
    values: tuple[Expression, ...]
    pos: Position


class Operation(Node, frozen=True, tag="o"):
    """Any operator whose result is a new value: arithmetic, unary (``not``, ``-``), ``fstring``, ``slice``."""

    operator: str
    operands: tuple[Expression, ...]


class Compare(Node, frozen=True, tag="m"):
    """``a < b <= c``: two operators and three operands. ``operators`` as written: ``in``, ``not in``, ``is``, ``==`` …"""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]
    pos: Position


class Boolean(Node, frozen=True, tag="b"):
    """``and`` / ``or``: the later operand is evaluated only if the earlier one decides so."""

    operator: str
    operands: tuple[Expression, ...]


class Conditional(Node, frozen=True, tag="t"):
    """``body if test else orelse``"""

    test: Expression
    body: Expression
    orelse: Expression


class Clause(Node, frozen=True):
    """One ``for target in iterable if …`` of a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]
    pos: Position


class Comprehension(Node, frozen=True, tag="h"):
    """``kind`` is list, set, dict or generator; ``key`` is given for a dict only."""

    kind: str
    key: Expression | None
    element: Expression
    clauses: tuple[Clause, ...]
    pos: Position


class Lambda(Node, frozen=True, tag="L"):
    """A lambda; its body is the function of that qualified name, with one Return."""

    function: str
    pos: Position


class Await(Node, frozen=True, tag="w"):
    value: Expression
    pos: Position


class Yield(Node, frozen=True, tag="y"):
    """``yield value`` or, if ``delegate``, ``yield from value``."""

    value: Expression | None
    delegate: bool
    pos: Position


class Starred(Node, frozen=True, tag="s"):
    value: Expression


class Walrus(Node, frozen=True, tag="W"):
    target: Expression
    value: Expression
    pos: Position


Expression: TypeAlias = (
    Local
    | Free
    | Global
    | ClassName
    | Attribute
    | Item
    | Call
    | Constant
    | Display
    | Operation
    | Compare
    | Boolean
    | Conditional
    | Comprehension
    | Lambda
    | Await
    | Yield
    | Starred
    | Walrus
)

# --- statements -------------------------------------------------------------------------------------------------------


class Assign(Node, frozen=True, tag="A"):
    """``a = b = value``. A tuple target is a ``Display("tuple", …)``, which may hold Starred."""

    targets: tuple[Expression, ...]
    value: Expression
    pos: Position


class AugmentedAssign(Node, frozen=True, tag="U"):
    """``target operator= value``; ``operator`` without the ``=``."""

    target: Expression
    operator: str
    value: Expression
    pos: Position


class AnnotatedAssign(Node, frozen=True, tag="N"):
    target: Expression
    annotation: Expression
    value: Expression | None
    pos: Position


class Evaluate(Node, frozen=True, tag="E"):
    """An expression as a statement."""

    value: Expression
    pos: Position


class Return(Node, frozen=True, tag="R"):
    value: Expression | None
    pos: Position


class Raise(Node, frozen=True, tag="X"):
    value: Expression | None
    pos: Position


class Assert(Node, frozen=True, tag="T"):
    test: Expression
    pos: Position


class Delete(Node, frozen=True, tag="D"):
    targets: tuple[Expression, ...]
    pos: Position


class If(Node, frozen=True, tag="I"):
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    pos: Position


class While(Node, frozen=True, tag="H"):
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    pos: Position


class For(Node, frozen=True, tag="F"):
    target: Expression
    iterable: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    is_async: bool
    pos: Position


class Handler(Node, frozen=True):
    """``except type as name``"""

    type: Expression | None
    name: Expression | None
    body: tuple[Statement, ...]


class Try(Node, frozen=True, tag="Y"):
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Statement, ...]
    final: tuple[Statement, ...]
    pos: Position


class WithItem(Node, frozen=True):
    value: Expression
    target: Expression | None
    pos: Position


class With(Node, frozen=True, tag="V"):
    items: tuple[WithItem, ...]
    body: tuple[Statement, ...]
    is_async: bool
    pos: Position


class Case(Node, frozen=True):
    """One ``case``: ``names`` are bound by its pattern, ``values`` are the expressions it compares with."""

    names: tuple[Expression, ...]
    values: tuple[Expression, ...]
    guard: Expression | None
    body: tuple[Statement, ...]


class Match(Node, frozen=True, tag="M"):
    subject: Expression
    cases: tuple[Case, ...]
    pos: Position


class Define(Node, frozen=True, tag="P"):
    """The point where a ``def`` is executed; ``target`` is the name it binds."""

    target: Expression
    function: str
    pos: Position


class DefineClass(Node, frozen=True, tag="C"):
    target: Expression
    cls: str
    pos: Position


class Import(Node, frozen=True, tag="J"):
    """One imported name.

    ``import a.b`` binds ``a`` (``module`` "a", and "a.b" is in ``loads``); ``import a.b as c`` binds ``c`` to "a.b";
    ``from .m import n as k`` has ``level`` 1, ``module`` "m", ``name`` "n". A star import has ``name`` "*" and the target
    None.
    """

    target: Expression | None
    module: str
    name: str | None
    level: int
    loads: str
    pos: Position


class Jump(Node, frozen=True, tag="B"):
    """``break`` or ``continue``"""

    kind: str


Statement: TypeAlias = (
    Assign
    | AugmentedAssign
    | AnnotatedAssign
    | Evaluate
    | Return
    | Raise
    | Assert
    | Delete
    | If
    | While
    | For
    | Try
    | With
    | Match
    | Define
    | DefineClass
    | Import
    | Jump
)

# --- definitions ------------------------------------------------------------------------------------------------------


class Parameter(Node, frozen=True):
    """``kind`` is positional, keyword, ``*`` or ``**``."""

    name: str
    kind: str
    default: Expression | None
    annotation: Expression | None
    pos: Position


class Function(Node, frozen=True):
    """A ``def`` or lambda.

    ``qualname`` is its dotted path in the module, without ``<locals>`` (``create_app.index``, ``Store.add``); a second
    definition of the same path gets ``#2`` and so on; a lambda is ``<lambda>`` (``f.<lambda>``). ``function`` and ``cls``
    name the innermost enclosing function and, where the definition stands directly in a class body, that class.
    ``globals`` are the names it declares ``global``. ``pos`` covers the line of the ``def``, not its decorators.
    """

    qualname: str
    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    returns: Expression | None
    body: tuple[Statement, ...]
    is_async: bool
    is_generator: bool
    function: str | None
    cls: str | None
    globals: tuple[str, ...]
    pos: Position


class Class(Node, frozen=True):
    """A class; ``body`` holds its statements, methods as Define."""

    qualname: str
    name: str
    bases: tuple[Expression, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    function: str | None
    cls: str | None
    pos: Position


class Comment(Node, frozen=True):
    """A comment that speaks to the linter. ``kind`` is noqa, ignore-file or guarded-by.

    ``names`` are the codes of a ``noqa`` (empty: all), or the guard's name.
    """

    kind: str
    names: tuple[str, ...]
    line: int
    column: int


class SyntaxProblem(Node, frozen=True):
    """Why a file could not be read or parsed."""

    message: str
    line: int
    column: int


class Module(Node, frozen=True):
    """All facts about one file."""

    body: tuple[Statement, ...]
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    comments: tuple[Comment, ...]
    problem: SyntaxProblem | None
