"""Changes to a program that must change its findings in a known way, for the metamorphic tests.

Each takes the files of a program and returns the changed ones, or None where it does not apply.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TypeAlias

Files: TypeAlias = Mapping[str, str]
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_HOOKS = "before_request|after_request|teardown_request|teardown_appcontext|context_processor|url_value_preprocessor"
_APP_HOOKS = (
    "before_app_request|after_app_request|teardown_app_request|app_context_processor|app_url_value_preprocessor"
)
_REGISTERS = re.compile(rf"(?:route|get|post|put|patch|delete|endpoint|errorhandler|{_HOOKS}|{_APP_HOOKS})$")
_OTHER_ENTRY = re.compile(
    r"\badd_url_rule\(|\b(?:Thread|Timer|Process)\(|\.(?:connect|submit|add_job|start_background_task|map)\(|"
    r"\bView\b|\bMethodView\b|\bResource\b|\bNamespace\b|@\w+\.(?:on|task|event|job|command|cli|callback|"
    r"user_loader|template_filter|template_global|teardown\w*|\w*_error\w*)\b|@(?:\w+\.)*(?:receiver|connect_via)\b"
)


def _trees(files: Files) -> dict[str, ast.Module] | None:
    try:
        return {path: ast.parse(source) for path, source in files.items() if path.endswith(".py")}
    except SyntaxError:
        return None


def _is_python_alone(files: Files) -> bool:
    """Whether no file's name means something to a server or to Python."""
    return all(path.endswith(".py") and path != "gunicorn.conf.py" for path in files)


def registrations(function: Function) -> list[ast.expr]:
    """The decorators that make a function a view or a hook of an app or a blueprint."""
    found = []
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and _REGISTERS.match(called.attr):
            found.append(decorator)
    return found


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def without_routes(files: Files) -> dict[str, str] | None:
    """The program without the decorators that register views and hooks; None if it has other ways in, or none at all."""
    trees = _trees(files)
    if trees is None or any(_OTHER_ENTRY.search(source) for source in files.values()):
        return None
    changed = dict(files)
    for path, tree in trees.items():
        lines = files[path].splitlines(keepends=True)
        for function in _functions(tree):
            for decorator in registrations(function):
                for number in range(decorator.lineno, (decorator.end_lineno or decorator.lineno) + 1):
                    lines[number - 1] = "\n"
        changed[path] = "".join(lines)
    return changed if changed != dict(files) else None


class _Locked(ast.NodeTransformer):
    """Puts the body of every function that is not a generator into ``with everything:``."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._wrap(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._wrap(node)

    def _wrap(self, node: Function) -> ast.AST:
        self.generic_visit(node)
        start = 0
        while start < len(node.body) and (
            isinstance(node.body[start], ast.Global | ast.Nonlocal)
            or (start == 0 and ast.get_docstring(node, clean=False) is not None)
        ):
            start += 1
        if body := node.body[start:]:
            held = ast.withitem(ast.Name("everything", ast.Load()))
            node.body[start:] = [ast.With([held], body)]
        return node


def with_one_lock(files: Files) -> dict[str, str] | None:
    """The program with every function's body in one section of one lock; None if it has generators or lambdas."""
    trees = _trees(files)
    if trees is None:
        return None
    lazy = (ast.Yield, ast.YieldFrom, ast.Lambda, ast.GeneratorExp)
    if any(isinstance(node, lazy) for tree in trees.values() for node in ast.walk(tree)):
        return None
    changed = dict(files)
    for path, tree in trees.items():
        _Locked().visit(tree)
        head = 0
        while head < len(tree.body) and (
            (isinstance(item := tree.body[head], ast.Expr) and isinstance(item.value, ast.Constant))
            or (isinstance(item, ast.ImportFrom) and item.module == "__future__")
        ):
            head += 1
        tree.body.insert(head, ast.ImportFrom("locked_by", [ast.alias("everything")], 0))
        changed[path] = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    return {"locked_by.py": "import threading\n\neverything = threading.RLock()\n", **changed}


def with_other_identifiers(files: Files) -> dict[str, str] | None:
    """The program with the names renamed that its modules and functions define; lines stay."""
    trees = _trees(files)
    if trees is None or not _is_python_alone(files):
        return None
    own: set[str] = set()
    taken: set[str] = {"self", "cls", "create_app", "make_app"}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                own.add(node.name)
                arguments = node.args
                taken |= {item.arg for item in ast.walk(arguments) if isinstance(item, ast.arg)}
            elif isinstance(node, ast.ClassDef):
                own.add(node.name)
                taken |= {item.name for item in node.body if isinstance(item, Function)}
                taken |= {
                    item.id
                    for part in node.body
                    for item in ast.walk(part)
                    if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store) and not isinstance(part, Function)
                }
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.Attribute):
                taken.add(node.attr)
            elif isinstance(node, ast.keyword):
                taken.add(node.arg or "")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                taken |= set(re.findall(r"\w+", node.value))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                taken |= set((node.module or "").split("."))
                if f"{(node.module or '').replace('.', '/')}.py" not in files:
                    taken |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                taken |= {part for alias in node.names for part in (alias.asname or alias.name).split(".")}
    taken |= {part for path in files for part in PurePosixPath(path).with_suffix("").parts}
    names = {
        name: f"{name}_renamed" for name in own - taken if not keyword.iskeyword(name) and not name.startswith("__")
    }
    return {path: _with_names(source, names) for path, source in files.items()} if names else None


def _with_names(source: str, names: Mapping[str, str]) -> str:
    lines = source.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.NAME and token.string in names:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + names[token.string] + line[column + len(token.string) :]
    return "".join(lines)


def in_two_modules(files: Files) -> dict[str, str] | None:
    """The program with what stands before the first function or class of each module in a module of its own."""
    trees = _trees(files)
    if trees is None or not _is_python_alone(files):
        return None
    changed = dict(files)
    for path, tree in trees.items():
        if PurePosixPath(path).stem == "__init__" or not tree.body:
            continue
        defined = [node for node in tree.body if isinstance(node, Function | ast.ClassDef)]
        if not defined:
            continue
        first = min([item.lineno for item in defined[0].decorator_list] + [defined[0].lineno])
        before = [node for node in tree.body if (node.end_lineno or node.lineno) < first]
        if any(isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.level) for node in before):
            continue
        if not any(isinstance(node, ast.Assign | ast.AnnAssign) for node in before):
            continue
        names = sorted({name for node in before for name in _bound(node)})
        if not names or "*" in names or any("." in name for name in names):
            continue
        lines = files[path].splitlines(keepends=True)
        head = PurePosixPath(path).with_name(f"{PurePosixPath(path).stem}_state.py")
        module = ".".join(head.with_suffix("").parts)
        changed[str(head)] = "".join(lines[: first - 1])
        changed[path] = f"from {module} import {', '.join(names)}\n\n\n" + "".join(lines[first - 1 :])
    return changed if changed != dict(files) else None


def _bound(node: ast.stmt) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            yield item.id
        elif isinstance(item, ast.alias):
            yield item.asname or item.name.partition(".")[0]


_APP = re.compile(r"^(\w+) = (?:flask\.)?Flask\(__name__\)[ \t]*$", re.MULTILINE)


def in_a_blueprint(files: Files) -> dict[str, str] | None:
    """The program with the routes of its app on a blueprint, which an app registers at the end; lines stay."""
    trees = _trees(files)
    if trees is None or not _is_python_alone(files):
        return None
    changed = dict(files)
    for path, tree in trees.items():
        found = list(_APP.finditer(files[path]))
        if len(found) != 1:
            continue
        name = found[0][1]
        uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
        decorating = {
            id(item)
            for function in _functions(tree)
            for decorator in registrations(function)
            for item in ast.walk(decorator)
        }
        if any(isinstance(node.ctx, ast.Load) and id(node) not in decorating for node in uses):
            continue
        if re.search(rf"@{name}\.(?:teardown_appcontext|endpoint)\b", files[path]):  # no method of a blueprint
            continue
        if any(re.search(rf"import .*\b{name}\b", other) for other in files.values()):
            continue
        source = _APP.sub(r'\1 = __import__("flask").Blueprint("pages", __name__)', files[path])
        source = source.replace('__import__("flask").Blueprint', "Blueprint")
        source = re.sub(
            r"^from flask import (.*)$", r"from flask import Blueprint, \1", source, count=1, flags=re.MULTILINE
        )
        changed[path] = f"{source}\n\nserved = Flask(__name__)\nserved.register_blueprint({name})\n"
    return changed if changed != dict(files) else None


def in_methods(files: Files) -> dict[str, str] | None:
    """The program with the body of each plain view in a method of an object that the view calls."""
    trees = _trees(files)
    if trees is None:
        return None
    changed = dict(files)
    for path, tree in trees.items():
        lines = files[path].splitlines(keepends=True)
        for node in reversed(tree.body):
            if not isinstance(node, Function) or not registrations(node):
                continue
            arguments = node.args
            simple = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults)
            first = node.decorator_list[0].lineno
            body = node.body[0].lineno
            if (
                not simple
                or node.lineno != node.body[0].lineno - 1
                or len(registrations(node)) != len(node.decorator_list)
            ):
                continue
            end = node.end_lineno or node.lineno
            names = [item.arg for item in [*arguments.posonlyargs, *arguments.args]]
            is_async = isinstance(node, ast.AsyncFunctionDef)
            kind, wait = ("async def", "await ") if is_async else ("def", "")
            moved = [f"class {node.name.title()}Page:\n", f"    {kind} show({', '.join(['self', *names])}):\n"]
            moved += [f"    {line}" if line.strip() else line for line in lines[body - 1 : end]]
            moved += ["\n", "\n", f"{node.name}_page = {node.name.title()}Page()\n", "\n", "\n"]
            moved += lines[first - 1 : node.lineno]
            moved.append(f"    return {wait}{node.name}_page.show({', '.join(names)})\n")
            lines[first - 1 : end] = moved
        changed[path] = "".join(lines)
    return changed if changed != dict(files) else None


def with_other_modules(files: Files) -> dict[str, str] | None:
    """The program with all its modules renamed; None if one of them is in a package of its own."""
    names = {PurePosixPath(path).stem: f"other_{PurePosixPath(path).stem}" for path in files}
    return _moved(files, {path: f"{names[PurePosixPath(path).stem]}.py" for path in files}, names)


def in_a_package(files: Files) -> dict[str, str] | None:
    """The program moved into a package; None if one of its modules is in one already."""
    names = {PurePosixPath(path).stem: f"shop.{PurePosixPath(path).stem}" for path in files}
    moved = _moved(files, {path: f"shop/{path}" for path in files}, names)
    return moved and {"shop/__init__.py": "", **moved}


def _moved(files: Files, paths: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str] | None:
    """Files at other paths, with the modules that they import renamed; the names that they bind stay."""
    if not _is_python_alone(files) or any("/" in path for path in files):
        return None

    def whole(found: re.Match[str]) -> str:
        return f"import {names[found[1]]} as {found[1]}" if found[1] in names else found[0]

    changed = {}
    for path, source in files.items():
        moved = re.sub(
            r"^from (\w+) import ",
            lambda found: f"from {names.get(found[1], found[1])} import ",
            source,
            flags=re.MULTILINE,
        )
        changed[paths[path]] = re.sub(r"^import (\w+)$", whole, moved, flags=re.MULTILINE)
    return changed


# --- changes of a program's tree: its comments and layout are lost ------------------------------------------------------


def plain(files: Files) -> dict[str, str] | None:
    """The program without comments, in the layout that the changes below give it; None if a comment means something."""
    trees = _trees(files)
    if trees is None or re.search(r"#\s*(?:noqa|guarded-by|flaskglobals)", "".join(files.values())):
        return None
    return {path: f"{ast.unparse(trees[path])}\n" if path in trees else source for path, source in files.items()}


def _transformed(files: Files, change: Callable[[ast.Module], None]) -> dict[str, str] | None:
    before = plain(files)
    if before is None:
        return None
    after = dict(before)
    for path, tree in (_trees(before) or {}).items():
        change(tree)
        after[path] = f"{ast.unparse(ast.fix_missing_locations(tree))}\n"
    return after if after != before else None


def _each_statement(tree: ast.AST, change: Callable[[ast.stmt], list[ast.stmt]]) -> None:
    """Replace every statement, inner ones first, by what the change makes of it."""
    for node in ast.iter_child_nodes(tree):
        _each_statement(node, change)
    for name in ("body", "orelse", "finalbody"):
        body = getattr(tree, name, None)
        if isinstance(body, list):
            body[:] = [new for old in body for new in change(old)]


def _parsed(source: str) -> list[ast.stmt]:
    return ast.parse(source).body


def with_add_url_rule(files: Files) -> dict[str, str] | None:
    """The program with its views registered by a call after their definition."""

    def change(node: ast.stmt) -> list[ast.stmt]:
        if not isinstance(node, Function) or len(node.decorator_list) != 1:
            return [node]
        made = node.decorator_list[0]
        if not (isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and len(made.args) == 1):
            return [node]
        if made.func.attr not in ("route", "get", "post", "put", "patch", "delete"):
            return [node]
        methods = [] if made.func.attr == "route" else [f"methods=[{made.func.attr.upper()!r}]"]
        given = [ast.unparse(made.args[0]), *map(ast.unparse, made.keywords), *methods, f"view_func={node.name}"]
        node.decorator_list = []
        return [node, *_parsed(f"{ast.unparse(made.func.value)}.add_url_rule({', '.join(given)})")]

    return _transformed(files, lambda tree: _each_statement(tree, change))


_DECORATOR = """
def called(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        print("called")
        return function(*args, **kwargs)
    return inner
"""


def with_a_decorator(files: Files) -> dict[str, str] | None:
    """The program with its views in a decorator of its own."""

    def change(tree: ast.Module) -> None:
        found = [
            node for node in _functions(tree) if registrations(node) and not isinstance(node, ast.AsyncFunctionDef)
        ]
        for node in found:
            node.decorator_list.append(ast.Name("called", ast.Load()))
        if found:
            first = next(at for at, node in enumerate(tree.body) if not _is_head(node, at))
            tree.body[first:first] = _parsed(f"import functools\n{_DECORATOR}")

    return _transformed(files, change)


def _is_head(node: ast.stmt, at: int) -> bool:
    """Whether a statement must stay at the start of a module."""
    return (at == 0 and isinstance(node, ast.Expr)) or (
        isinstance(node, ast.ImportFrom) and node.module == "__future__"
    )


def with_acquire(files: Files) -> dict[str, str] | None:
    """The program with ``acquire``, ``try`` and ``finally: release`` in place of ``with lock``."""

    def change(node: ast.stmt) -> list[ast.stmt]:
        if not isinstance(node, ast.With) or len(node.items) != 1 or node.items[0].optional_vars is not None:
            return [node]
        lock = ast.unparse(node.items[0].context_expr)
        if not re.fullmatch(r"[\w.]*lock", lock):
            return [node]
        taken, released = _parsed(f"{lock}.acquire()\n{lock}.release()")
        return [taken, ast.Try(node.body, [], [], [released])]

    return _transformed(files, lambda tree: _each_statement(tree, change))


def in_a_factory(files: Files) -> dict[str, str] | None:
    """The program with the app and its views inside ``create_app``; state and helpers stay outside."""
    if not _is_python_alone(files):
        return None

    def change(tree: ast.Module) -> None:
        apps = [node for node in tree.body if re.fullmatch(r"\w+ = (flask\.)?Flask\(__name__\)", ast.unparse(node))]
        views = [node for node in tree.body if isinstance(node, Function) and registrations(node)]
        if len(apps) != 1 or not views:
            return
        name = ast.unparse(apps[0]).partition(" ")[0]
        names = {name, *(view.name for view in views)}
        moved = {id(item) for view in views for part in view.decorator_list for item in ast.walk(part)}
        used = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        if any(node.id in names and id(node) not in moved for node in used):
            return
        if any(re.search(rf"import .*\b{name}\b", source) for source in files.values()):
            return
        [factory] = _parsed(f"def create_app():\n    return {name}")
        assert isinstance(factory, ast.FunctionDef)
        factory.body[:0] = [*apps, *views]
        tree.body[:] = [node for node in tree.body if node not in apps and node not in views] + [factory]

    return _transformed(files, change)
