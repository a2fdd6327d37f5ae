"""Paths: what they hold, whether every thread of the process sees them, and what to call them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.link.atoms import Atoms
from flaskglobals_lint.link.names import unique
from flaskglobals_lint.link.summary import Path

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import Binding, ScopeId
    from flaskglobals_lint.link.types import Slot, Types

SHARED_ROOTS = frozenset({"g", "k", "inst", "fn", "app", "v"})


def is_path(ref: Any) -> bool:
    """Whether a reference is a path (and not an atom)."""
    return isinstance(ref[0], tuple)


@dataclass(frozen=True, slots=True)
class Place:
    """A shared place in its canonical form: one key for all the ways that lead to it."""

    key: tuple[Any, ...]
    symbol: str
    label: str


class Paths:
    """Answers questions about paths; keeps the answers."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._atoms: dict[Path, Atoms] = {}
        self._slots: dict[Path, tuple[Slot, ...]] = {}
        self._places: dict[Path, Place | None] = {}
        self._instance_bound: dict[tuple[ScopeId, str], bool] = {}

    def atoms(self, path: Path) -> Atoms:
        """What the path's value can be."""
        found = self._atoms.get(path)
        if found is None:
            self._atoms[path] = ()
            found = self._atoms[path] = unique(self._compute(path))
        return found

    def _compute(self, path: Path) -> Atoms:
        types = self.types
        if len(path) == 1:
            root = path[0]
            match root[0]:
                case "g" | "v":
                    return types.expand(types.slot(root))
                case "k":
                    return (("class", root[1]),)
                case "p":
                    return types.expand((("param", root[1], root[2]),))
                case "inst":
                    return (root,)
                case "fn":
                    return (("func", root[1], ()),)
                case "app":
                    return (("extinst", "flask.Flask"),)
                case "new":
                    return (root[2],)
                case _:
                    return ()
        result = []
        for slot in self.slots(path):
            result.extend(types.expand(types.slot(slot)))
        if not result and path[-1].startswith("."):
            for atom in self.atoms(path[:-1]):
                if atom[0] in ("extinst", "conn", "module", "ext", "class", "inst"):
                    result.extend(types.expand(types.attribute(atom, path[-1][1:])))
        elif not result:
            for atom in self.atoms(path[:-1]):
                if atom[0] == "inst":
                    getter = types.names.method(atom[1], "__getitem__")
                    if getter is not None:
                        result.extend(types.expand(types.substitute(types.returns(getter), [(atom,)], getter)))
        return tuple(result)

    def slots(self, path: Path) -> tuple[Slot, ...]:
        """The slots that the path's last step reads."""
        found = self._slots.get(path)
        if found is not None:
            return found
        self._slots[path] = ()
        result: list[Slot] = []
        if len(path) == 1:
            root = path[0]
            if root[0] in ("g", "v"):
                result.append(root)
            elif root[0] == "p":
                parameters = self.types.index.functions[root[1]].facts.parameters
                result.append(("v", root[1], parameters[root[2]].name))
        elif path[-1].startswith("."):
            for atom in self.atoms(path[:-1]):
                if atom[0] in ("inst", "class"):
                    result.append(("a", atom[1], path[-1][1:]))
        else:
            result.extend((*slot, "[]") for slot in self.slots(path[:-1]))
        self._slots[path] = tuple(result)
        return self._slots[path]

    def bindings(self, path: Path) -> list[Binding]:
        """The project's assignments to the path's last variable or attribute; empty for an element."""
        found: list[Binding] = []
        for slot in self.slots(path):
            if slot[-1] != "[]":
                found.extend(self.types.bindings(slot))
        return found

    def instance_bound(self, cid: ScopeId, name: str) -> bool:
        """Whether some method assigns the attribute on an instance (so that a class-level value is only a default)."""
        key = (cid, name)
        if key not in self._instance_bound:
            types = self.types
            found = False
            for target, binding in types.index.attributes.get(name, ()):
                for atom in types.expand(types.of(target.value, binding.scope)):
                    if atom[0] == "inst" and types.related(atom[1], cid):
                        found = True
            self._instance_bound[key] = found
        return self._instance_bound[key]

    def attribute(self, path: Path, name: str) -> Path:
        """The path of an attribute; a class-level value that no instance overrides belongs to the class."""
        names = self.types.names
        for atom in self.atoms(path):
            if atom[0] == "inst":
                owner = names.owner(atom[1], name)
                if owner is not None and not self.instance_bound(owner, name):
                    return (("k", owner), f".{name}")
            elif atom[0] == "class":
                return (("k", names.owner(atom[1], name) or atom[1]), f".{name}")
        return (*path, f".{name}")

    def local(self, path: Path) -> bool:
        """Whether some step of the path is thread- or context-local."""
        for end in range(1, len(path) + 1):
            if path[0][0] == "proxy" and path[0][1] != "app":
                return True
            for atom in self.atoms(path[:end]):
                if atom[0] == "extinst" and self.types.models.local(atom[1]):
                    return True
                if atom[0] == "inst" and any(
                    self.types.models.local(dotted) for dotted in self.types.names.external_bases(atom[1])
                ):
                    return path[0][0] != "k" or end > 1
        return False

    def place(self, path: Path) -> Place | None:
        """The canonical place; None for what is made during the call, passed in, or thread- or context-local."""
        if path not in self._places:
            self._places[path] = self._place(path)
        return self._places[path]

    def _place(self, path: Path) -> Place | None:
        if path[0][0] not in SHARED_ROOTS or self.local(path):
            return None
        types = self.types
        best: tuple[int, tuple[Any, ...]] = (0, path[0])
        for end in range(1, len(path)):
            step = path[end]
            for atom in self.atoms(path[:end]):
                if atom[0] == "extinst" and self.is_app(atom[1]):
                    best = (end, ("app",))
                elif atom[0] == "inst" and step.startswith("."):
                    owner = self.declaring(atom[1], step[1:])
                    best = (end, ("k" if self._class_level(owner, step[1:]) else "a", owner))
                    break
        end, root = best
        rest = path[max(end, 1) :]
        return Place((root, *rest), self.symbol(root, rest), self.label(root, rest))

    def is_app(self, dotted: str) -> bool:
        models = self.types.models
        return dotted == "flask.Flask" or "flask.Flask" in models.supertypes(dotted)

    def _class_level(self, owner: ScopeId, name: str) -> bool:
        return name in self.types.index.classes[owner].names and not self.instance_bound(owner, name)

    def declaring(self, cid: ScopeId, name: str) -> ScopeId:
        """The class of the hierarchy that introduces the attribute: the one farthest up that assigns it."""
        types = self.types
        best = cid
        for atom in types.names.mro(cid):
            if atom[0] != "class":
                continue
            cls = types.index.classes[atom[1]]
            if name in cls.names or any(
                binding.scope in types.index.functions and types.index.functions[binding.scope].cls == atom[1]
                for _, binding in types.index.attributes.get(name, ())
            ):
                best = atom[1]
        return best

    def symbol(self, root: Any, rest: tuple[str, ...]) -> str:
        """Fully qualified, e.g. ``app.stats.Counter.total``."""
        return self.prefix(root, True) + render(rest)

    def label(self, root: Any, rest: tuple[str, ...]) -> str:
        """As a reader of the code would say it, e.g. ``Counter.total``."""
        text = self.prefix(root, False) + render(rest)
        return text.removeprefix(".")

    def prefix(self, root: Any, full: bool) -> str:
        index = self.types.index
        match root[0]:
            case "g":
                return f"{index.modules[root[1]].dotted}.{root[2]}" if full and root[1] in index.modules else root[2]
            case "v":
                owner = index.functions[root[1]]
                return f"{owner.module.dotted}.{owner.facts.qualname}.{root[2]}" if full else root[2]
            case "k" | "a" | "inst":
                cls = index.classes[root[1]]
                return f"{cls.module.dotted}.{cls.facts.qualname}" if full else cls.facts.name
            case "fn":
                function = index.functions[root[1]]
                return f"{function.module.dotted}.{function.facts.qualname}" if full else function.facts.name
            case _:
                return "app"


def render(steps: tuple[str, ...]) -> str:
    """Projections as code; an unknown key is ``[…]``."""
    return re.sub(r"\[\]", "[…]", "".join(steps))
