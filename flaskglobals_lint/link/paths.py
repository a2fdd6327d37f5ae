"""Paths: what they hold, whether every thread of the process sees them, and what to call them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import memo
from flaskglobals_lint.link.atoms import BASE, Atom, Atoms
from flaskglobals_lint.link.names import unique
from flaskglobals_lint.link.summary import Path

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import Binding, ScopeId
    from flaskglobals_lint.link.types import Slot, Types

PER_REQUEST = ("flask.Request", "flask.Response")
"""Library classes of which each request has its own instance."""

FIELDS = frozenset({"msgspec.Struct", "pydantic.BaseModel", "pydantic_settings.BaseSettings", "sqlmodel.SQLModel"})
"""Library classes that give each instance a copy of what their subclasses' annotated names hold (their docs on defaults)."""

SHARED_ROOTS = frozenset({"g", "k", "inst", "fn", "app", "v", "lib"})


def is_path(ref: Any) -> bool:
    """Whether a reference is a path (and not an atom)."""
    return isinstance(ref[0], tuple)


def _third_party(dotted: str) -> bool:
    package = dotted.split(".")[0]
    return package not in sys.stdlib_module_names and package != "builtins"


class Place(msgspec.Struct, frozen=True, gc=False):
    """A shared place in its canonical form: one key for all the ways that lead to it."""

    key: tuple[Any, ...]
    base: tuple[Any, ...]
    """The key without its item steps: all items of one container together."""

    symbol: str
    label: str
    receiver: Path | None = None
    """The object that the place is an attribute of, as this way leads to it."""


_NAMES = (f.Attribute, f.ClassName, f.Global, f.Item)


def _viewed(node: f.Expression) -> f.Expression:
    """The dictionary behind a live view of it, ``d.keys()``."""
    if isinstance(node, f.Call) and isinstance(node.function, f.Attribute) and not node.arguments:
        return node.function.value if node.function.name in ("items", "keys", "values") else node
    return node


class Paths:
    """Answers questions about paths; keeps the answers."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._atoms: dict[Path, Atoms] = {}
        self._slots: dict[Path, tuple[Slot, ...]] = {}
        self._alias_of: dict[Slot, Path | None] = {}
        self._aliased: dict[tuple[Path, bool], list[Path]] = {}
        self._places: dict[Path, Place | None] = {}
        self._instance_bound: dict[tuple[ScopeId, str], bool] = {}
        self._own: dict[Path, bool] = {}

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
        kept = self._kept(path)
        if kept:
            return kept
        result: list[Atom] = []
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

    def _kept(self, path: Path) -> Atoms:
        """What a memoized function or a property keeps."""
        kept = memo.results(self.types, path)
        if kept or not path[-1].startswith("."):
            return kept
        names = self.types.names
        found: list[Atom] = []
        for atom in self.atoms(path[:-1]):
            method = names.method(atom[1], path[-1][1:]) if atom[0] == "inst" else None
            if method is not None and names.is_property(method):
                found.extend(self.types.expand(self.types.attribute(atom, path[-1][1:])))
        return tuple(found)

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
        elif path[0][0] == "proxy" and len(path) == 2:
            result.append(("x", "flask.g", path[-1][1:]))
        elif path[-1].startswith("."):
            for atom in self.atoms(path[:-1]):
                if atom[0] in ("inst", "class"):
                    result.append(("a", atom[1], path[-1][1:]))
                elif atom[0] == "extinst":
                    result.append(("x", atom[1], path[-1][1:]))
        else:
            result.extend((*slot, path[-1]) for slot in self.slots(path[:-1]))
        self._slots[path] = tuple(result)
        return self._slots[path]

    def bindings(self, path: Path) -> list[Binding]:
        """The project's assignments to the path's last variable or attribute; empty for an element."""
        found: list[Binding] = []
        for slot in self.slots(path):
            if len(slot) == BASE:
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
                if (
                    owner is not None
                    and not self.instance_bound(owner, name)
                    and not self._declared(atom[1], owner, name)
                ):
                    return (("k", owner), f".{name}")
            elif atom[0] == "class":
                return (("k", names.owner(atom[1], name) or atom[1]), f".{name}")
        return (*path, f".{name}")

    def _declared(self, cid: ScopeId, owner: ScopeId, name: str) -> bool:
        """Whether a library makes of a class-level value, such as a form's field, one for each instance."""
        bases = self.types.names.external_bases(cid)
        if not FIELDS.isdisjoint(bases):
            own = self.types.index.classes[owner].names.get(name, ())
            return any(binding.annotation is not None for binding in own)
        if not any(_third_party(dotted) for dotted in bases):
            return False
        atoms = self.types.expand(self.types.slot(("a", owner, name)))
        return any(atom[0] == "extinst" and _third_party(atom[1]) for atom in atoms)

    def local(self, path: Path) -> bool:
        """Whether some step of the path is thread- or context-local."""
        for end in range(1, len(path) + 1):
            if path[0][0] == "proxy" and path[0][1] != "app":
                return True
            for atom in self.atoms(path[:end]):
                if atom[0] == "extinst" and self.types.models.local(atom[1]):
                    return True
                bases = self.types.names.external_bases(atom[1]) if atom[0] == "inst" else []
                if any(dotted in PER_REQUEST or self.types.models.local(dotted) for dotted in bases):
                    return path[0][0] != "k" or end > 1
        return False

    def aliased(self, path: Path, *, bound: bool) -> list[Path]:
        """Shared paths of what an object made per request refers to: ``self.client``, if all that is ever assigned to it
        is one and the same shared object; not of the last attribute, where that is ``bound`` to something."""
        key = (path, bound)
        found = self._aliased.get(key)
        if found is None:
            found = self._aliased[key] = self._find_aliased(path, bound)
        return found

    def _find_aliased(self, path: Path, bound: bool) -> list[Path]:
        for end in range(len(path) - 1 - bound, 0, -1):
            if not str(path[end]).startswith("."):
                continue
            for slot in self.slots(path[: end + 1]):
                found = self._alias(slot, 0)
                if found is not None:
                    return [(*found, *path[end + 1 :])]
        return []

    def given(self, path: Path, name: str) -> Path | None:
        """The one shared object that an attribute of something made here always refers to: what its constructor got."""
        for atom in self.atoms(path):
            if atom[0] == "inst" and self.types.names.method(atom[1], name) is None:
                return self.alias_of(("a", atom[1], name))
        return None

    def alias_of(self, slot: Slot) -> Path | None:
        """The one shared path that a slot always denotes, if there is one."""
        if slot not in self._alias_of:
            self._alias_of[slot] = None
            self._alias_of[slot] = self._alias(slot, 0)
        return self._alias_of[slot]

    def other_name_of(self, slot: Slot) -> Path | None:
        """The shared path that a variable is another name of: nothing is called to get it, so that it is no copy."""
        values = [_viewed(b.value) if b.value is not None else None for b in self.types.bindings(slot)]
        named = all(isinstance(value, _NAMES) for value in values)
        return self.alias_of(slot) if values and named else None

    def _alias(self, slot: Slot, depth: int) -> Path | None:
        """The one shared path that a slot always denotes."""
        if depth > 8:
            return None
        slot, steps = slot[:BASE], slot[BASE:]
        if slot[0] == "g" and (steps or not self._by_value(slot)):
            return (slot, *steps)
        found: set[Path] = set()
        sources: list[tuple[f.Expression, ScopeId]] = []
        for binding in self.types.bindings(slot):
            if binding.how == "is" and binding.value is not None:
                passed = self._by_keyword(binding.value, binding.scope)
                sources.extend(passed or [(binding.value, binding.scope)])
        if any(b.how not in ("is", "annotation") for b in self.types.bindings(slot)):
            return None
        if slot[0] == "v":
            function = self.types.index.functions.get(slot[1])
            at = self.types.parameter_index(function, slot[2]) if function is not None else -1
            if at >= 0:
                sources.extend(self.types.arguments(slot[1], at))
        for value, scope in sources:
            if isinstance(value, f.Constant):
                continue
            if self.types.elements.makes_copy(value, scope):
                return None
            handed = self._handed_object(value, scope)
            if handed is not None:
                found.add(handed)
                continue
            slots = [s for s in self.types.slots_of(_viewed(value), scope) if not self._never_passed(s)]
            aliases = {self._alias(s, depth + 1) for s in slots}
            if None in aliases or (not slots and not self._made(value, scope)):
                return None
            found |= {alias for alias in aliases if alias is not None}
        return (*found.pop(), *steps) if len(found) == 1 else None

    def _by_keyword(self, value: f.Expression, scope: ScopeId) -> list[tuple[f.Expression, ScopeId]]:
        """What callers pass for ``kwargs["key"]``."""
        if (
            not isinstance(value, f.Item)
            or not isinstance(value.value, f.Local)
            or not isinstance(value.key, f.Constant)
        ):
            return []
        return self.types.elements.keyword_arguments(scope, value.value.name, value.key.text)

    def _handed_object(self, value: f.Expression, scope: ScopeId) -> Path | None:
        """The one object that a registration makes for all instances of a view class."""
        if not self.types.constructors.makes(value):
            return None
        for atom in self.types.expand(self.types.of(value, scope)):
            if atom[0] == "inst":
                return (atom,)
        return None

    def _never_passed(self, slot: Slot) -> bool:
        """Whether it is a parameter with a default that no caller gives a value."""
        function = self.types.index.functions.get(slot[1]) if slot[0] == "v" else None
        at = self.types.parameter_index(function, slot[2]) if function is not None else -1
        if function is None or at < 0 or function.facts.parameters[at].default is None:
            return False
        return not self.types.arguments(slot[1], at)

    def _made(self, value: f.Expression, scope: ScopeId) -> bool:
        """Whether the expression makes an object (on a cache miss, say), rather than denote an existing one."""
        if isinstance(value, f.Boolean | f.Call) and self.types.slots_of(value, scope):
            return True
        return isinstance(value, f.Call) and any(
            atom[0] == "class" for atom in self.types.expand(self.types.of(value.function, scope))
        )

    def _by_value(self, slot: Slot) -> bool:
        """Whether the variable holds plain values, which are copied, not shared."""
        atoms = self.types.slot(slot)
        return bool(atoms) and all(atom[0] == "const" for atom in atoms)

    def place(self, path: Path) -> Place | None:
        """The canonical place; None for what is made during the call, passed in, or thread- or context-local."""
        if path not in self._places:
            self._places[path] = self._place(path)
        return self._places[path]

    def _place(self, path: Path) -> Place | None:
        if path[0][0] not in SHARED_ROOTS or self.local(path) or self._of_others(path):
            return None
        types = self.types
        best: tuple[int, tuple[Any, ...]] = (0, path[0])
        receiver: Path | None = None
        for end in range(1, len(path)):
            step = path[end]
            atoms = self.atoms(path[:end])
            if any(atom[0] == "extinst" and types.models.is_flask(atom[1]) for atom in atoms):
                best, receiver = (end, ("app",)), None
                continue
            if not step.startswith("."):
                continue
            instances = [atom[1] for atom in atoms if atom[0] == "inst"]
            having = [cid for cid in instances if types.bindings(("a", cid, step[1:]))]
            for cid in (having or instances)[:1]:
                owner = self.declaring(cid, step[1:])
                level = "k" if self._class_level(owner, step[1:]) else "a"
                best, receiver = (end, (level, owner)), path[:end] if level == "a" else None
        end, root = best
        rest = path[max(end, 1) :]
        items = len(rest)
        while items and str(rest[items - 1]).startswith("["):
            items -= 1
        return Place((root, *rest), (root, *rest[:items]), self.symbol(root, rest), self.label(root, rest), receiver)

    def _of_others(self, path: Path) -> bool:
        """Whether it is an attribute of a mixin that neither it nor its bases have: a class that inherits it gets it from a
        library, and nobody knows what it is."""
        if path[0][0] != "k" or len(path) < 2 or not path[1].startswith("."):
            return False
        cid, name = path[0][1], path[1][1:]
        names = self.types.names
        return (
            names.owner(cid, name) is None
            and not names.inherits_unseen(cid)
            and any(names.inherits_unseen(user) for user in names.derived(cid))
            and not self.types.bindings(("a", cid, name))
            and not any(k.keyword == "metaclass" for k in self.types.index.classes[cid].facts.keywords)
        )

    def own(self, path: Path) -> bool:
        """Whether the path always denotes one and the same object, which no other such path denotes: what a module's or
        factory's variable, or an attribute of such an object, is given where it is bound."""
        found = self._own.get(path)
        if found is None:
            self._own[path] = False
            found = self._own[path] = self._is_own(path)
        return found

    def _is_own(self, path: Path) -> bool:
        if len(path) == 1:
            if path[0][0] not in ("g", "v"):
                return False
        elif not str(path[-1]).startswith(".") or not (
            (path[:-1] == path[:1] and path[0][0] == "k") or self.own(path[:-1])
        ):
            return False
        bindings = [b for b in self.bindings(path) if not isinstance(b.value, f.Constant) and b.how != "annotation"]
        if len(bindings) != 1 or bindings[0].how != "is" or not isinstance(bindings[0].value, f.Call):
            return False
        called = self.types.expand(self.types.of(bindings[0].value.function, bindings[0].scope))
        return len(called) == 1 and called[0][0] == "class" and not self._one_for_all(called[0][1])

    def _one_for_all(self, cid: ScopeId) -> bool:
        """Whether calling the class may give an object that was made before."""
        names = self.types.names
        if names.method(cid, "__new__") is not None:
            return True
        classes = [names.index.classes[atom[1]].facts for atom in names.mro(cid) if atom[0] == "class"]
        return any(cls.decorators or any(k.keyword == "metaclass" for k in cls.keywords) for cls in classes)

    def exact(self, place: Place) -> tuple[Any, ...]:
        """The place's key and, as far as it can be told, which of the objects of its class it belongs to."""
        root, *rest = place.key
        if place.receiver is None or not self.own(place.receiver):
            return place.key
        return ((*root, place.receiver), *rest)

    def apart(self, one: Path, other: Path) -> bool:
        """Whether two paths to places with one key lead to different objects, or to different items of one."""
        first, second = self.place(one), self.place(other)
        if first is None or second is None:
            return False
        for a, b in zip(first.key[1:], second.key[1:], strict=False):
            if a != b:
                return "[]" not in (a, b)
        if first.receiver is None or second.receiver is None or first.receiver == second.receiver:
            return False
        if self.own(first.receiver) and self.own(second.receiver):
            return True
        classes = [{a[1] for a in self.atoms(path) if a[0] == "inst"} for path in (first.receiver, second.receiver)]
        return all(classes) and not any(self.types.related(a, b) for a in classes[0] for b in classes[1])

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
            case "lib":
                return str(root[1])
            case "fn":
                function = index.functions[root[1]]
                return f"{function.module.dotted}.{function.facts.qualname}" if full else function.facts.name
            case _:
                return "app"


def render(steps: tuple[str, ...]) -> str:
    """Projections as code; an unknown key is ``[…]``, a private name is shown as it was written."""
    return re.sub(r"\[\]", "[…]", re.sub(r"\._[A-Za-z0-9]\w*?__(?=[a-z])", ".__", "".join(steps)))
