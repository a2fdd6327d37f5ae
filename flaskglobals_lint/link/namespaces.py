"""``globals()``: a module's variables by their names as texts."""

from __future__ import annotations

from flaskglobals_lint import facts as f


def item(node: f.Item) -> f.Global | None:
    """``globals()["name"]`` as the variable that it is."""
    return _variable(node.value, node.key, node.pos)


def got(node: f.Call) -> f.Global | None:
    """``globals().get("name")`` as the variable that it is."""
    called = node.function
    if isinstance(called, f.Attribute) and called.name == "get" and node.arguments and not node.arguments[0].star:
        return _variable(called.value, node.arguments[0].value, node.pos)
    return None


def asked_for(node: f.Compare) -> f.Global | None:
    """``"name" in globals()`` as the variable of which it asks whether it is there."""
    if node.operators in (("in",), ("not in",)):
        return _variable(node.operands[1], node.operands[0], node.pos)
    return None


def _variable(namespace: f.Expression, name: f.Expression, pos: f.Position) -> f.Global | None:
    if (
        isinstance(namespace, f.Call)
        and isinstance(namespace.function, f.Global)
        and namespace.function.name == "globals"
        and not namespace.arguments
        and isinstance(name, f.Constant)
        and name.kind == "str"
    ):
        return f.Global(name.text, f.place(*pos))
    return None
