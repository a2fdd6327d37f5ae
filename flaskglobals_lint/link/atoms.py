"""Atoms: what a value is, as far as that can be told without running the code.

An atom is a plain tuple, so that sets of them are cheap, ordered and serialisable:

=====================================  =================================================================
``("inst", class id)``                 an instance of a project class
``("class", class id)``                the class itself
``("func", function id, bindings)``    a function; bindings are what its closure's parameters were given
``("bound", function id, atom)``       a method and its receiver
``("module", path)``                   a module of the project (a folder ends in ``/``)
``("ext", dotted)``                    a name of a library
``("extinst", dotted)``                what calling that name gave
``("conn", model id, dotted)``         the same, where the models know it as a connection
``("extm", dotted, name)``             a method or attribute of such an object
``("cont", kind)``                     a list, dict, set, tuple or generator
``("const", kind)``                    an immutable value; kind none, int, str …
``("param", function id, index)``      whatever is passed as that parameter
``("super", class id)``                ``super()`` in that class
``("proxy", scope)``                   a context-local object of Flask: request, session or app
``("place", path, name)``              a module variable (from look-ups only)
=====================================  =================================================================
"""

from __future__ import annotations

from typing import Any, TypeAlias

from flaskglobals_lint import facts as f

Atom: TypeAlias = tuple[Any, ...]
Atoms: TypeAlias = tuple[Atom, ...]

BASE = 3
"""Length of a slot without the steps to its items."""

NUMBERS = frozenset({("const", "int"), ("const", "float"), ("const", "value"), ("const", "bool")})
"""Atoms of numbers."""

ITEM = "[]"
"""The step of a slot or path to an item whose key is not a constant."""


def key_step(node: f.Expression) -> str:
    """The step to the item that has this key."""
    if isinstance(node, f.Constant) and node.kind in ("str", "int", "bytes", "bool"):
        return f'["{node.text}"]' if node.kind == "str" else f"[{node.text}]"
    return ITEM


def may_be_same(one: object, other: object) -> bool:
    """Whether two steps can lead to the same item."""
    return one == other or ITEM in (one, other)
