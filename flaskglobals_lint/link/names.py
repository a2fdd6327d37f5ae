"""What names mean: imports, modules, classes and their methods, across all files of the program."""

from __future__ import annotations

import posixpath
from collections import deque
from sys import intern
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.atoms import Atom, Atoms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flaskglobals_lint.link.index import Binding, ClassIndex, Index, ModuleIndex, ScopeId
    from flaskglobals_lint.models import Models


class Modules:
    """Finds a project's modules by import statement; an import root is any folder above the importing file."""

    def __init__(self, index: Index) -> None:
        self.paths = {path: posixpath.dirname(path) for path in index.modules}
        """The folder of each module."""
        self.folders: set[str] = {""}
        for above in self.paths.values():
            folder = above
            while folder and folder not in self.folders:
                self.folders.add(folder)
                folder = posixpath.dirname(folder)
        self._names = {posixpath.basename(folder) for folder in self.folders}
        """Parts of what can be imported: the names of the project's folders and modules."""
        self._names |= {posixpath.basename(path).rpartition(".")[0] for path in self.paths}
        self._cache: dict[tuple[str, str, int], str | None] = {}

    def find(self, importer: str, dotted: str, level: int) -> str | None:
        """The path of module ``dotted`` as seen from ``importer``; a folder without ``__init__.py`` ends in ``/``.

        None where it is not part of the project.
        """
        if not level and not (dotted.partition(".")[0] in self._names and dotted.rpartition(".")[2] in self._names):
            return None  # most of what is imported
        folder = self.paths[importer]
        key = (folder, dotted, level)
        if key not in self._cache:
            self._cache[key] = self._find(folder, dotted, level)
        return self._cache[key]

    def _find(self, folder: str, dotted: str, level: int) -> str | None:
        tail = dotted.replace(".", "/")
        if level:
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            return self.at(posixpath.join(folder, tail)) if tail else self.package(folder)
        while True:
            for root in (folder, posixpath.join(folder, "src")):
                found = self.at(posixpath.join(root, tail))
                if found is not None and not (found.endswith("/") and self._foreign(found)):
                    return found
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def _foreign(self, folder: str) -> bool:
        """A folder without any module of its own right below it says nothing about an import of that name."""
        return not any(path.startswith(folder) for path in self.paths)

    def at(self, base: str) -> str | None:
        """The module or package at ``base`` (a path without extension); a package wins, as in Python's import system."""
        for path in (f"{base}/__init__.py" if base else "__init__.py", f"{base}.py", f"{base}.pyw"):
            if path in self.paths:
                return path
        return f"{base}/" if base in self.folders else None

    def package(self, folder: str) -> str | None:
        """The package that a folder is."""
        path = posixpath.join(folder, "__init__.py")
        return path if path in self.paths else f"{folder}/" if folder in self.folders else None

    def child(self, path: str, name: str) -> str | None:
        """Submodule ``name`` of the package at ``path``."""
        if path.endswith("/"):
            return self.at(path + name)
        if path.endswith("__init__.py"):
            return self.at(posixpath.join(posixpath.dirname(path), name))
        return None


class Names:
    """Looks names up in modules and classes."""

    def __init__(self, index: Index, models: Models) -> None:
        self.index = index
        self.models = models
        self.modules = Modules(index)
        self._lookups: dict[tuple[str, str], Atoms | None] = {}
        self._mro: dict[ScopeId, tuple[Atom, ...]] = {}
        self._kinds: dict[ScopeId, str] = {}
        self._methods: dict[tuple[ScopeId, str], list[ScopeId]] = {}
        self._method: dict[tuple[ScopeId, str], ScopeId | None] = {}
        self._owner: dict[tuple[ScopeId, str], ScopeId | None] = {}
        self._bases: dict[ScopeId, Atoms] = {}
        self.defined = frozenset(name for cls in index.classes.values() for name in cls.methods)
        """Names of the methods that any class of the project has."""
        self.subclasses: dict[ScopeId, list[ScopeId]] = {}
        for cls in index.classes.values():
            for base in self.bases(cls):
                if base[0] == "class":
                    self.subclasses.setdefault(base[1], []).append(cls.id)

    # -- modules --

    def lookup(self, path: str, name: str) -> Atoms | None:
        """What ``name`` is in the module at ``path``: atoms; ``("place", path, name)`` for a variable; None if unknown."""
        key = (path, name)
        if key not in self._lookups:
            path = intern(path)  # it was cut out of a scope
            key = (path, name)
            self._lookups[key] = None
            self._lookups[key] = self._lookup(path, name)
        return self._lookups[key]

    def _lookup(self, path: str, name: str) -> Atoms | None:
        module = self.index.modules.get(path)
        if module is None:
            child = self.modules.child(path, name)
            return (("module", child),) if child else None
        bindings = module.names.get(name)
        if not bindings:
            for star in module.stars:
                found = self.imported(path, f.Import(None, star.module, name, star.level, "", star.pos), strict=True)
                if found:
                    return found
            child = self.modules.child(path, name)
            return (("module", child),) if child else None
        place: Atom = ("place", path, name)
        found = self.of_bindings(bindings, path, place)
        if all(atom[0] in ("place", "ext") for atom in found) and any(
            binding.how not in _DEFINES and binding.scope != f"{path}:" for binding in bindings
        ):
            # `global` rebinds the name in this module only, wherever its first value was imported from.
            return (place,)
        return found

    def of_bindings(self, bindings: Sequence[Binding], path: str, place: Atom) -> Atoms:
        """Definitions and imports win over plain assignments (``x = None`` in an ``except ImportError``)."""
        found: list[Atom] = []
        proxies = {self.proxy(b.value, path) if b.how == "is" else None for b in bindings if b.how != "annotation"}
        if len(proxies) == 1 and (one := proxies.pop()) is not None:
            return (one,)
        for binding in bindings:
            if binding.how == "function":
                found.append(("func", binding.name, ()))
            elif binding.how == "class":
                found.append(("class", binding.name))
            elif binding.how == "import" and binding.imported is not None:
                found.extend(self.imported(path, binding.imported) or ())
            elif binding.how == "is" and not isinstance(binding.value, f.Constant):
                found = [atom for atom in found if atom[0] != "ext"]
                if not found:
                    return (place,)
        if not found and all(binding.how == "import" for binding in bindings):
            return tuple(
                ("ext", f"{b.imported.module}.{b.imported.name}") for b in bindings[:1] if b.imported is not None
            )
        return unique(found) or (place,)

    def proxy(self, node: f.Expression | None, path: str) -> Atom | None:
        """The context-local proxy that a module gives another name: ``req = typing.cast(Request, flask.request)``."""
        while isinstance(node, f.Call) and len(node.arguments) == 2 and _is_cast(node.function):
            node = node.arguments[1].value
        if not isinstance(node, f.Global | f.Attribute):
            return None
        for atom in self.simple(node, self.index.modules[path], None):
            if atom[0] == "ext" and atom[1] in self.models.proxies:
                return atom
        return None

    def imported(self, path: str, node: f.Import, strict: bool = False) -> Atoms | None:
        """What an import binds. ``strict``: only what is certainly there (a star import)."""
        target = self.modules.find(path, node.module, node.level)
        if node.name is None:
            if target is not None:
                return (("module", target),)
            return (("ext", self.models.canonical(node.module)),)
        if target is not None:
            found = self.lookup(target, node.name)
            if found:
                return found
            if strict:
                return None
            child = self.modules.child(target, node.name)
            if child is not None:
                return (("module", child),)
            module = self.index.modules.get(target)
            if module is not None and (module.dynamic or f"{target}:__getattr__" in self.index.functions):
                return (("place", target, node.name),)
            return ()
        if strict or node.level:
            return None
        return (("ext", self.models.canonical(f"{node.module}.{node.name}")),)

    def exported(self, atom: Atom) -> bool:
        """Whether a module's variable is made at run time, of an object's attribute."""
        module = self.index.modules.get(atom[1])
        return module is not None and bool(module.dynamic) and atom[2] not in module.names

    # -- classes --

    def bases(self, cls: ClassIndex) -> Atoms:
        """Base classes as atoms; a base that is an attribute of a library object (``db.Model``) is external."""
        if cls.id not in self._bases:
            self._bases[cls.id] = ()
            found: list[Atom] = []
            for base in cls.facts.bases:
                found.extend(self.simple(base, cls.module, cls.facts.function))
            self._bases[cls.id] = unique(found)
        return self._bases[cls.id]

    def simple(self, node: f.Expression, module: ModuleIndex, function: str | None) -> Atoms:
        """Classes, modules and library names named by a dotted expression, without types."""
        match node:
            case f.Global():
                found = self.lookup(module.path, node.name)
                if found is None:
                    return (("ext", node.name),)
                return tuple(atom for atom in found if atom[0] != "place")
            case f.Local() | f.Free():
                owner = node.owner if isinstance(node, f.Free) else function
                scope = self.index.functions.get(f"{module.path}:{owner}")
                if scope is None or node.name not in scope.names:
                    return ()
                found = self.of_bindings(scope.names[node.name], module.path, ("place", "", ""))
                return tuple(atom for atom in found if atom[0] != "place")
            case f.ClassName():
                cls = self.index.classes.get(f"{module.path}:{node.owner}")
                if cls is None or node.name not in cls.names:
                    return ()
                found = self.of_bindings(cls.names[node.name], module.path, ("place", "", ""))
                return tuple(atom for atom in found if atom[0] != "place")
            case f.Attribute():
                result: list[Atom] = []
                for atom in self.simple(node.value, module, function):
                    result.extend(self.member(atom, node.name))
                return tuple(result)
            case f.Item():
                return self.simple(node.value, module, function)
            case _:
                return ()

    def member(self, atom: Atom, name: str) -> Atoms:
        """Attribute ``name`` of a module, package, class or library name."""
        if atom[0] == "module":
            found = self.lookup(atom[1], name)
            return tuple(a for a in found or () if a[0] != "place")
        if atom[0] == "ext":
            return (("ext", self.models.canonical(f"{atom[1]}.{name}")),)
        if atom[0] == "class":
            cls = self.index.classes[atom[1]]
            return tuple(("class", binding.name) for binding in cls.names.get(name, ()) if binding.how == "class")
        return ()

    def mro(self, cid: ScopeId) -> tuple[Atom, ...]:
        """The class, then its bases, depth first; ``("class", id)`` and ``("ext", dotted)``."""
        if cid not in self._mro:
            self._mro[cid] = (("class", cid),)
            order: list[Atom] = [("class", cid)]
            for base in self.bases(self.index.classes[cid]):
                order.extend(self.mro(base[1]) if base[0] == "class" else (base,))
            self._mro[cid] = unique(order)
        return self._mro[cid]

    def external_bases(self, cid: ScopeId) -> list[str]:
        """Dotted names of the library classes it derives from, their supertypes included."""
        found: list[str] = []
        for atom in self.mro(cid):
            if atom[0] == "ext":
                found.append(atom[1])
                found.extend(self.models.supertypes(atom[1]))
        return found

    def inherits_unseen(self, cid: ScopeId) -> bool:
        """Whether it has attributes that no code of the project defines: of a library's class, or of a base that cannot be
        told, such as ``db.Model``."""
        for atom in self.mro(cid):
            if atom[0] == "ext" and atom[1] != "object":
                return True
            cls = self.index.classes.get(atom[1])
            if cls is not None and any(not self.simple(b, cls.module, cls.facts.function) for b in cls.facts.bases):
                return True
        return False

    def methods(self, cid: ScopeId, name: str) -> list[ScopeId]:
        """The definitions of method ``name`` that an instance of the class finds first."""
        key = (cid, name)
        found = self._methods.get(key)
        if found is None:
            found = self._methods[key] = self._found(cid, name)
        return found

    def _found(self, cid: ScopeId, name: str) -> list[ScopeId]:
        for atom in self.mro(cid):
            if atom[0] == "class":
                found = self.index.classes[atom[1]].methods.get(name)
                if found:
                    return found
        return []

    def method(self, cid: ScopeId, name: str) -> ScopeId | None:
        """The one definition that counts: the last, or the getter of a property."""
        key = (cid, name)
        if key not in self._method:
            found = self.methods(cid, name)
            getters = (fid for fid in found if self.is_property(fid))
            self._method[key] = next(getters, found[-1]) if found else None
        return self._method[key]

    def setter(self, cid: ScopeId, name: str) -> ScopeId | None:
        """The setter of property ``name``."""
        for fid in self.methods(cid, name):
            for decorator in self.index.functions[fid].facts.decorators:
                if isinstance(decorator, f.Attribute) and decorator.name == "setter":
                    return fid
        return None

    def derived(self, *bases: ScopeId) -> list[ScopeId]:
        """The classes that derive from any of these, however far, nearest first."""
        found: dict[ScopeId, None] = {}
        pending = deque(bases)
        while pending:
            for sub in self.subclasses.get(pending.popleft(), ()):
                if sub not in found and sub not in bases:
                    found[sub] = None
                    pending.append(sub)
        return list(found)

    def overrides(self, cid: ScopeId, name: str) -> list[ScopeId]:
        """Definitions of the method in subclasses."""
        return [fid for sub in self.derived(cid) for fid in self.index.classes[sub].methods.get(name, ())[-1:]]

    def fillers(self, cid: ScopeId, fid: ScopeId) -> list[ScopeId]:
        """The subclasses that define a method which the class itself leaves to them."""
        if not self._left_open(fid):
            return []
        defined = self.overrides(cid, self.index.functions[fid].facts.name)
        owners = (self.index.functions[one].cls for one in defined if not self._left_open(one))
        return [owner for owner in owners if owner is not None]

    def _left_open(self, fid: ScopeId) -> bool:
        """Whether a method is abstract, or only raises ``NotImplementedError``."""
        body = self.index.functions[fid].facts.body
        if any(not isinstance(one, f.Raise) for one in body):
            return False
        raised = [one.value for one in body if isinstance(one, f.Raise)]
        called = [one.function if isinstance(one, f.Call) else one for one in raised]
        unwritten = any(isinstance(one, f.Global) and one.name == "NotImplementedError" for one in called)
        return unwritten or "abstractmethod" in self.decorator_names(fid)

    def owner(self, cid: ScopeId, name: str) -> ScopeId | None:
        """The class in the MRO whose body binds attribute ``name`` to a value that its instances share."""
        key = (cid, name)
        if key not in self._owner:
            self._owner[key] = self._find_owner(cid, name)
        return self._owner[key]

    def _find_owner(self, cid: ScopeId, name: str) -> ScopeId | None:
        for atom in self.mro(cid):
            if atom[0] == "class":
                bindings = self.index.classes[atom[1]].names.get(name, ())
                if any(binding.how != "annotation" and not _describes(binding.value) for binding in bindings):
                    return str(atom[1])
        return None

    def decorator_names(self, fid: ScopeId) -> list[str]:
        """Last names of a function's decorators."""
        names = []
        for decorator in self.index.functions[fid].facts.decorators:
            node = decorator.function if isinstance(decorator, f.Call) else decorator
            names.append(node.name if isinstance(node, f.Attribute | f.Global | f.Local | f.Free) else "")
        return names

    def is_property(self, fid: ScopeId) -> bool:
        if not self.index.functions[fid].facts.decorators:
            return False
        return any(name in ("property", "cached_property", "hybrid_property") for name in self.decorator_names(fid))

    def kind(self, fid: ScopeId) -> str:
        """method, classmethod, staticmethod or function."""
        found = self._kinds.get(fid)
        if found is None:
            found = self._kinds[fid] = self._kind(fid)
        return found

    def _kind(self, fid: ScopeId) -> str:
        function = self.index.functions[fid]
        if function.cls is None:
            return "function"
        names = self.decorator_names(fid)
        if "staticmethod" in names:
            return "staticmethod"
        if "classmethod" in names or function.facts.name in ("__new__", "__init_subclass__", "__class_getitem__"):
            return "classmethod"
        return "method"


_DEFINES = ("import", "function", "class", "annotation")


def _is_cast(node: f.Expression) -> bool:
    return isinstance(node, f.Global | f.Attribute) and node.name == "cast"


_DESCRIPTIONS = {
    "Column", "relationship", "mapped_column", "backref", "deferred", "column_property", "synonym", "association_proxy",
    "composite", "query_expression", "property", "field", "Field", "attrib", "ib", "Factory", "reference", "Relationship",
}  # fmt: skip


def _describes(node: f.Expression | None) -> bool:
    """Whether a class-level value only describes what each instance has of its own: a property, a column, a field."""
    if not isinstance(node, f.Call) or not isinstance(node.function, f.Attribute | f.Global):
        return False
    return node.function.name in _DESCRIPTIONS or node.function.name.endswith("Field")


def unique(atoms: list[Atom] | Atoms) -> Atoms:
    """Without repetitions, in order."""
    return tuple(dict.fromkeys(atoms)) if len(atoms) > 1 else tuple(atoms)
