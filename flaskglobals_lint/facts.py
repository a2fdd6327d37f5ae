"""The facts that extraction records about one module, and that every later stage works on.

A module's facts are its code without trivia: a compact, resolved, serialisable tree. They depend on the source text
alone – not on options, models or other modules – so they can be cached by content hash. Names are resolved to Python's
own scopes; what a name *means* in another module is for the link stage.

Positions are ``(line, column, end_line, end_column)``: 1-based lines, 1-based columns that count Unicode characters, the
end exclusive. There is one for nearly every node, so a node keeps it as a *place*: one integer in place of a tuple of four.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

FACTS_VERSION = 4
"""Part of every cache key: raise it whenever a class below changes its shape or meaning."""

Position: TypeAlias = tuple[int, int, int, int]

NOWHERE: Position = (1, 1, 1, 1)

Place: TypeAlias = int | Position
"""A position in one integer of at most 59 bits; as it is where it does not fit: in very long files, parts or lines."""

_LINE: Final = 1 << 20
_COLUMN: Final = 1 << 13
_HEIGHT: Final = 1 << 13


def place(line: int, column: int, end_line: int, end_column: int) -> Place:
    """A position as it is kept."""
    height = end_line - line
    if line < _LINE and column < _COLUMN and 0 <= height < _HEIGHT and end_column < _COLUMN:
        return line << 39 | column << 26 | height << 13 | end_column
    return (line, column, end_line, end_column)


def position(place: Place) -> Position:
    """The position that was kept as ``place``."""
    if place.__class__ is int:
        line = place >> 39
        return (line, place >> 26 & 0x1FFF, line + (place >> 13 & 0x1FFF), place & 0x1FFF)
    return place  # type: ignore[return-value]


def start_of(whole: Place, length: int) -> Place:
    """The place of the first ``length`` characters, which are in one line."""
    line, column, _, _ = position(whole)
    return place(line, column, line, column + length)


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of every part of the tree."""


class Placed(Node, frozen=True):
    """A part whose position is kept, in its field ``place``."""

    @property
    def pos(self) -> Position:
        # The same as ``position`` does, without another call: this is asked for everywhere.
        place: Place = self.place  # type: ignore[attr-defined]
        if place.__class__ is int:
            line = place >> 39
            return (line, place >> 26 & 0x1FFF, line + (place >> 13 & 0x1FFF), place & 0x1FFF)
        return place  # type: ignore[return-value]


# --- expressions ------------------------------------------------------------------------------------------------------


class Local(Placed, frozen=True, tag="l"):
    """A name bound in the function it is used in. A comprehension's own variable is renamed ``name'N``."""

    name: str
    place: Place


class Free(Placed, frozen=True, tag="f"):
    """A name bound in an enclosing function (a closure's variable); ``owner`` is that function's qualified name."""

    name: str
    owner: str
    place: Place


class Global(Placed, frozen=True, tag="g"):
    """A name of the module, or a builtin."""

    name: str
    place: Place


class ClassName(Placed, frozen=True, tag="k"):
    """A name bound in the class body it is used in; ``owner`` is the class's qualified name."""

    name: str
    owner: str
    place: Place


class Attribute(Placed, frozen=True, tag="a"):
    """``value.name``; ``place`` covers the whole expression. ``__x`` in a class body is stored mangled (``_Class__x``)."""

    value: Expression
    name: str
    place: Place


class Item(Placed, frozen=True, tag="i"):
    """``value[key]``; a slice's key is ``Operation("slice", …)``."""

    value: Expression
    key: Expression
    place: Place


class Argument(Placed, frozen=True):
    """One argument: ``keyword=value``, ``*value`` (``star`` 1), ``**value`` (``star`` 2) or ``value``."""

    value: Expression
    keyword: str | None
    star: int
    place: Place


class Call(Placed, frozen=True, tag="c"):
    function: Expression
    arguments: tuple[Argument, ...]
    place: Place


class Constant(Node, frozen=True, tag="n"):
    """``kind`` is none, bool, int, float, complex, str, bytes or ellipsis; ``text`` the value's ``str()`` (for str and
    bytes the content), cut to 200 characters. Neighbouring string literals are joined."""

    kind: str
    text: str


class Display(Placed, frozen=True, tag="d"):
    """A list, tuple, set or dict display. ``keys`` is empty but for a dict, where ``**x`` has the key None."""

    kind: str
    keys: tuple[Expression | None, ...]
    values: tuple[Expression, ...]
    place: Place


class Operation(Node, frozen=True, tag="o"):
    """Any operator whose result is a new value: arithmetic, unary (``not``, ``-``), ``fstring``, ``slice``."""

    operator: str
    operands: tuple[Expression, ...]


class Compare(Placed, frozen=True, tag="m"):
    """``a < b <= c``: two operators and three operands. ``operators`` as written: ``in``, ``not in``, ``is``, ``==`` …"""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]
    place: Place


class Boolean(Node, frozen=True, tag="b"):
    """``and`` / ``or``: the later operand is evaluated only if the earlier one decides so."""

    operator: str
    operands: tuple[Expression, ...]


class Conditional(Node, frozen=True, tag="t"):
    """``body if test else orelse``"""

    test: Expression
    body: Expression
    orelse: Expression


class Clause(Placed, frozen=True):
    """One ``for target in iterable if …`` of a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]
    place: Place


class Comprehension(Placed, frozen=True, tag="h"):
    """``kind`` is list, set, dict or generator; ``key`` is given for a dict only."""

    kind: str
    key: Expression | None
    element: Expression
    clauses: tuple[Clause, ...]
    place: Place


class Lambda(Placed, frozen=True, tag="L"):
    """A lambda; its body is the function of that qualified name, with one Return."""

    function: str
    place: Place


class Await(Placed, frozen=True, tag="w"):
    value: Expression
    place: Place


class Yield(Placed, frozen=True, tag="y"):
    """``yield value`` or, if ``delegate``, ``yield from value``."""

    value: Expression | None
    delegate: bool
    place: Place


class Starred(Node, frozen=True, tag="s"):
    value: Expression


class Walrus(Placed, frozen=True, tag="W"):
    target: Expression
    value: Expression
    place: Place


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


class Assign(Placed, frozen=True, tag="A"):
    """``a = b = value``. A tuple target is a ``Display("tuple", …)``, which may hold Starred."""

    targets: tuple[Expression, ...]
    value: Expression
    place: Place


class AugmentedAssign(Placed, frozen=True, tag="U"):
    """``target operator= value``; ``operator`` without the ``=``."""

    target: Expression
    operator: str
    value: Expression
    place: Place


class AnnotatedAssign(Placed, frozen=True, tag="N"):
    target: Expression
    annotation: Expression
    value: Expression | None
    place: Place


class Evaluate(Placed, frozen=True, tag="E"):
    """An expression as a statement."""

    value: Expression
    place: Place


class Return(Placed, frozen=True, tag="R"):
    value: Expression | None
    place: Place


class Raise(Placed, frozen=True, tag="X"):
    value: Expression | None
    place: Place


class Assert(Placed, frozen=True, tag="T"):
    test: Expression
    place: Place


class Delete(Placed, frozen=True, tag="D"):
    targets: tuple[Expression, ...]
    place: Place


class If(Placed, frozen=True, tag="I"):
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    place: Place


class While(Placed, frozen=True, tag="H"):
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    place: Place


class For(Placed, frozen=True, tag="F"):
    target: Expression
    iterable: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    is_async: bool
    place: Place


class Handler(Node, frozen=True):
    """``except type as name``"""

    type: Expression | None
    name: Expression | None
    body: tuple[Statement, ...]


class Try(Placed, frozen=True, tag="Y"):
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Statement, ...]
    final: tuple[Statement, ...]
    place: Place


class WithItem(Placed, frozen=True):
    value: Expression
    target: Expression | None
    place: Place


class With(Placed, frozen=True, tag="V"):
    items: tuple[WithItem, ...]
    body: tuple[Statement, ...]
    is_async: bool
    place: Place


class Case(Node, frozen=True):
    """One ``case``: ``names`` are bound by its pattern, ``values`` are the expressions it compares with."""

    names: tuple[Expression, ...]
    values: tuple[Expression, ...]
    guard: Expression | None
    body: tuple[Statement, ...]


class Match(Placed, frozen=True, tag="M"):
    subject: Expression
    cases: tuple[Case, ...]
    place: Place


class Define(Placed, frozen=True, tag="P"):
    """The point where a ``def`` is executed; ``target`` is the name it binds."""

    target: Expression
    function: str
    place: Place


class DefineClass(Placed, frozen=True, tag="C"):
    target: Expression
    cls: str
    place: Place


class Import(Placed, frozen=True, tag="J"):
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
    place: Place


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


class Parameter(Placed, frozen=True):
    """``kind`` is positional, keyword, ``*`` or ``**``."""

    name: str
    kind: str
    default: Expression | None
    annotation: Expression | None
    place: Place


class Function(Placed, frozen=True):
    """A ``def`` or lambda.

    ``qualname`` is its dotted path in the module, without ``<locals>`` (``create_app.index``, ``Store.add``); a second
    definition of the same path gets ``#2`` and so on; a lambda is ``<lambda>`` (``f.<lambda>``). ``function`` and ``cls``
    name the innermost enclosing function and, where the definition stands directly in a class body, that class.
    ``globals`` are the names it declares ``global``. ``place`` covers the line of the ``def``, not its decorators.
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
    place: Place


class Class(Placed, frozen=True):
    """A class; ``body`` holds its statements, methods as Define."""

    qualname: str
    name: str
    bases: tuple[Expression, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    function: str | None
    cls: str | None
    place: Place


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
