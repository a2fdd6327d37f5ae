"""A connection for each request, kept in ``flask.g``, in place of one for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import libcst as cst

from flaskglobals_lint.fixes import flask_names
from flaskglobals_lint.fixes.code import Block, Code, Statement, functions
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import ConnectPerRequest, ScopedSession

_CALLS_NOTHING = (cst.FunctionDef, cst.ClassDef)


def apply(remedy: ConnectPerRequest, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the drafts of its files; whether it is safe. Raises Refused."""
    _Change(remedy, drafts).apply()
    return False


class _Change:
    def __init__(self, remedy: ConnectPerRequest, drafts: Mapping[str, Draft]) -> None:
        self.drafts = drafts
        self.remedy = remedy
        self.name = remedy.home.name
        self.draft = drafts[remedy.home.path]
        self.code = self.draft.code
        self.made = _module_statement(self.code, remedy.call)
        self.short = self.name.strip("_").lower()
        self.get, self.close = f"get_{self.short}", f"close_{self.short}"
        self.cursors: dict[str, Statement] = {}
        self.settings: list[Statement] = []

    def apply(self) -> None:
        value = _assigned(self.made, self.name)
        text = self._call(value)
        self._free(self.code)
        self._derived()
        owner = self._app()
        self._module_uses(owner)
        users = {path: self._functions(path) for path in {self.remedy.home.path, *self.remedy.files}}
        if not any(users.values()):
            raise Refused("nothing uses it by its name")
        self._define(text, owner)
        for path in sorted(users):
            self._imports(path)
        for statement in self.cursors.values():
            self.draft.delete_line(statement.pos[0])

    # -- what is made --

    def _call(self, value: cst.BaseExpression) -> str:
        """The call that opens a connection, without what lets other threads use it."""
        code = self.code
        if not isinstance(value, cst.Call) or code.pos(value) != self.remedy.call:
            raise Refused("it is made by more than one call")
        if re.search(r":memory:|mode=memory|sqlite://[\"']", code.source(value)):
            raise Refused("a database in memory is gone with its connection")
        start, end = code.offset(*code.pos(value)[:2]), code.offset(*code.pos(value)[2:])
        text = code.text[start:end]
        kept = [argument for argument in value.args if not _is(argument, "check_same_thread")]
        if len(kept) < len(value.args):
            if "\n" in text:
                raise Refused("the call stands on several lines")
            text = f"{code.source(value.func)}({', '.join(_argument(code, argument) for argument in kept)})"
        lines = text.splitlines()
        if code.inside_texts & set(range(code.pos(value)[0], code.pos(value)[2] + 1)):
            raise Refused("the call holds a text of several lines")
        return "\n".join([lines[0], *(f"{code.unit * 2}{line}" for line in lines[1:])])

    def _free(self, code: Code) -> None:
        taken = {found.value for found in code.names(code.tree)}
        for name in (self.get, self.close):
            if name in taken:
                raise Refused(f"`{name}` is something else already")

    def _derived(self) -> None:
        """Cursors that are made once from the connection, and settings of it."""
        for statement in self.code.module.statements[self.made.index + 1 :]:
            small = statement.small
            if not isinstance(small, cst.Assign) or len(small.targets) != 1 or statement.pos[0] != statement.pos[2]:
                continue
            target, value = small.targets[0].target, self.code.source(small.value)
            if isinstance(target, cst.Name) and re.match(rf"{re.escape(self.name)}\.cursor\(", value):
                self.cursors[target.value] = statement
            elif (
                statement.index == self.made.index + 1 + len(self.settings) and _object(self.code, target) == self.name
            ):
                self.settings.append(statement)

    # -- the app --

    def _app(self) -> tuple[str, flask_names.App]:
        """The file and the app that is told to close the connection."""
        for path in (self.remedy.home.path, *self.remedy.files, *self.remedy.apps):
            found = flask_names.app(self.drafts[path].code)
            if found is not None and (found.decorator == "teardown_appcontext" or path == self.remedy.home.path):
                return path, found
        raise Refused("there is no app in sight that could close it after each request")

    # -- uses --

    def _mentions(self, node: cst.CSTNode) -> bool:
        return any(found.value in (self.name, *self.cursors) for found in self.code.names(node))

    def _module_uses(self, owner: tuple[str, flask_names.App]) -> None:
        """Statements of the module's body that need a connection: they get one in an app context."""
        users = self._users()
        runs = self._needing(self.code.module, users)
        if not runs:
            return
        path, app = owner
        if (
            path != self.remedy.home.path
            or app.decorator != "teardown_appcontext"
            or app.statement.block.owner is not None
        ):
            raise Refused("code that runs at import uses it, too")
        if any(run[0].pos < app.statement.pos for run in runs if run[0].block.owner is None):
            raise Refused("code that runs at import uses it before there is an app")
        for run in runs:
            self.draft.insert_line(run[0].pos[0], f"{self.code.indent(run[0])}with {app.name}.app_context():")
            self.draft.step(run[0].pos[0], run[-1].pos[2])
            for statement in run:
                self._call_getter(statement)

    def _call_getter(self, statement: Statement) -> None:
        for found in self.code.names(statement.node):
            if found.value == self.name:
                self._put(self.code, self.draft, found, f"{self.get}()")
            elif found.value in self.cursors:
                raise Refused("code that runs at import uses its cursor, too")

    def _needing(self, block: Block, users: set[str]) -> list[list[Statement]]:
        runs: list[list[Statement]] = []
        for statement in block.statements:
            if statement is self.made or statement in self.settings or statement in self.cursors.values():
                continue
            if isinstance(statement.node, _CALLS_NOTHING):
                continue
            if (
                isinstance(statement.node, cst.If)
                and statement.blocks
                and "__name__" in self.code.source(statement.node.test)
            ):
                runs += self._needing(statement.blocks[0], users)
                continue
            calls = {
                self.code.source(node.func) for node in self.code.nodes(statement.node) if isinstance(node, cst.Call)
            }
            if self._mentions(statement.node) or calls & users:
                if runs and runs[-1][-1].block is block and runs[-1][-1].index == statement.index - 1:
                    runs[-1].append(statement)
                else:
                    runs.append([statement])
        return runs

    def _users(self) -> set[str]:
        """Functions of the module that come to the connection, directly or by others."""
        bodies = {
            s.node.name.value: {found.value for found in self.code.names(s.node.body)}
            for s in self.code.module.statements
            if isinstance(s.node, cst.FunctionDef)
        }
        found: set[str] = set()
        while more := {
            name for name, names in bodies.items() if name not in found and names & {self.name, *self.cursors, *found}
        }:
            found |= more
        return found

    def _functions(self, path: str) -> int:
        """Fetch the connection at the top of each function that uses it; how many there are."""
        draft = self.drafts[path]
        code, count = draft.code, 0
        for statement in functions(code.module):
            node = statement.node
            assert isinstance(node, cst.FunctionDef)
            own = list(_own_names(node))
            wanted = [name for name in (self.name, *self.cursors) if any(found.value == name for found in own)]
            if path != self.remedy.home.path:
                wanted = [name for name in wanted if _imports(code, self.remedy.home.module, name)]
            params = {found.name.value for found in code.nodes(node.params) if isinstance(found, cst.Param)}
            wanted = [name for name in wanted if name not in params]
            if not wanted:
                continue
            self._usable(code, node, own, wanted)
            if self.get in {found.value for found in own}:
                raise Refused(f"`{self.get}` is something else already")
            body = statement.blocks[0].statements if statement.blocks else []
            if not body or body[0].pos[0] == statement.pos[0]:
                raise Refused("a function stands on one line")
            first = body[1] if len(body) > 1 and _is_text(body[0]) else body[0]
            lines = []
            if self.name in wanted or len(wanted) > 1:
                lines.append(f"{self.name} = {self.get}()")
            for name in wanted:
                if name in self.cursors:
                    small = self.cursors[name].small
                    assert isinstance(small, cst.Assign)
                    made = self.code.source(small.value)
                    if not lines:
                        made = f"{self.get}(){made[len(self.name) :]}"
                    lines.append(f"{name} = {made}")
            indent = code.indent(first)
            draft.insert_line(first.pos[0], code.newline.join(f"{indent}{line}" for line in lines))
            count += 1
        return count

    def _usable(self, code: Code, node: cst.FunctionDef, own: list[cst.Name], wanted: list[str]) -> None:
        for inner in code.nodes(node.body):
            if isinstance(inner, cst.Global | cst.Nonlocal) and any(i.name.value in wanted for i in inner.names):
                raise Refused("a function opens it anew")
            if (
                isinstance(inner, cst.AssignTarget)
                and isinstance(inner.target, cst.Name)
                and inner.target.value in wanted
            ):
                raise Refused("a function has a variable of that name")
            if isinstance(inner, cst.Yield):
                raise Refused("a streamed response uses it after the request's context has ended")
            if isinstance(inner, cst.Attribute) and inner.attr.value == "close" and code.source(inner.value) in wanted:
                raise Refused("a function closes it")
            if isinstance(inner, cst.Attribute) and inner.attr.value.startswith("fetch"):
                cursor = code.source(inner.value)
                if cursor in self.cursors and not re.search(
                    rf"\b{re.escape(cursor)}\.(?:execute|callproc)", code.source(node)
                ):
                    raise Refused("one function fetches what another one has asked for")

    def _imports(self, path: str) -> None:
        """Import the function in place of the connection."""
        if path == self.remedy.home.path:
            return
        draft = self.drafts[path]
        code = draft.code
        for alias in _aliases(code, self.remedy.home.module):
            if alias.name.value in self.cursors:
                raise Refused("another module imports its cursor")
            if alias.name.value == self.name:
                if alias.asname is not None:
                    raise Refused("another module gives it another name")
                self._free(code)
                rest = [
                    s for s in code.module.statements if not isinstance(s.node, _CALLS_NOTHING) and not _is_import(s)
                ]
                if any(found.value == self.name for statement in rest for found in code.names(statement.node)):
                    raise Refused("code that runs at import uses it, too")
                assert isinstance(alias.name, cst.Name)
                self._put(code, draft, alias.name, self.get)

    def _put(self, code: Code, draft: Draft, node: cst.Name, text: str) -> None:
        pos = code.pos(node)
        draft.replace(code.offset(*pos[:2]), code.offset(*pos[2:]), text)

    # -- the two functions --

    def _define(self, call: str, owner: tuple[str, flask_names.App]) -> None:
        code, unit = self.code, self.code.unit
        path, app = owner
        flask_names.import_names(code, self.draft, "flask", "g")
        behind = code.line(self.made.pos[2])[self.made.pos[3] - 1 :].rstrip()
        if "#" in code.text[code.offset(*self.made.pos[:2]) : code.offset(*self.made.pos[2:])]:
            raise Refused("a comment would be lost")
        settings = [self._text(statement) for statement in self.settings]
        lines = [
            f"def {self.get}():",
            f'{unit}if "{self.short}" not in g:',
            f"{unit * 2}g.{self.short} = {call}{behind}",
            *(f"{unit * 2}g.{self.short}{text[len(self.name) :]}" for text in settings),
            f"{unit}return g.{self.short}",
            "",
            "",
            f"def {self.close}(error):",
            f'{unit}{self.short} = g.pop("{self.short}", None)',
            f"{unit}if {self.short} is not None:",
            f"{unit * 2}{self.short}.close()",
        ]
        here = path == self.remedy.home.path and app.statement.block.owner is None
        if here:
            lines.insert(lines.index(f"def {self.close}(error):"), f"@{app.name}.{app.decorator}")
        elif path == self.remedy.home.path:
            self._register(self.draft, app, self.close)
        else:
            other = self.drafts[path]
            self._register(other, app, self.close)
            _import_beside(other, self.remedy.home.module, self.close, self.name)
        after = max([self.made, *self.settings, *self._cursors_below()], key=lambda s: s.pos)
        at = app.statement if here and app.statement.pos > after.pos else after
        for statement in (self.made, *self.settings):
            for number in range(statement.pos[0], statement.pos[2] + 1):
                self.draft.delete_line(number)
        flask_names.spaced(code, self.draft, at.pos[2] + 1, "\n".join(lines))

    def _cursors_below(self) -> list[Statement]:
        """Those made right below the connection, which go with it."""
        at = self.made.index + len(self.settings)
        return [s for s in self.cursors.values() if s.index <= at + len(self.cursors)]

    def _text(self, statement: Statement) -> str:
        """A statement of one line with the comment behind it."""
        return self.code.line(statement.pos[0])[statement.pos[1] - 1 :]

    def _register(self, draft: Draft, app: flask_names.App, name: str) -> None:
        indent = draft.code.indent(app.statement)
        draft.insert_line(app.statement.pos[2] + 1, f"{indent}{app.name}.{app.decorator}({name})")


def scope(remedy: ScopedSession, drafts: Mapping[str, Draft]) -> bool:
    """One session for each thread in place of one for all, removed after each request. Raises Refused."""
    draft = drafts[remedy.home.path]
    code = draft.code
    made = _module_statement(code, remedy.call)
    value = _assigned(made, remedy.home.name)
    if not isinstance(value, cst.Call) or code.pos(value) != remedy.call or made.pos[0] != made.pos[2]:
        raise Refused("it is made by more than one call")
    app = flask_names.app(code)
    if app is None or app.statement.block.owner is not None:
        raise Refused("there is no app in sight that could remove it after each request")
    maker = code.source(value.func)
    if value.args:
        raise Refused("the session is made with arguments of its own")
    start, end = code.offset(*code.pos(value)[:2]), code.offset(*code.pos(value)[2:])
    if re.search(rf"^{re.escape(maker)}\s*=\s*(?:\w+\.)*scoped_session\(", code.text, re.MULTILINE):
        draft.replace(start, end, maker)
    else:
        draft.replace(start, end, f"scoped_session({maker})")
        flask_names.import_names(code, draft, "sqlalchemy.orm", "scoped_session")
    name, unit = remedy.home.name, code.unit
    remove = f"remove_{name.strip('_').lower()}"
    if any(found.value == remove for found in code.names(code.tree)):
        raise Refused(f"`{remove}` is something else already")
    lines = [f"@{app.name}.{app.decorator}", f"def {remove}(error):", f"{unit}{name}.remove()"]
    at = max(made, app.statement, key=lambda s: s.pos)
    flask_names.spaced(code, draft, at.pos[2] + 1, "\n".join(lines))
    return False


# -- what stands where --


def _module_statement(code: Code, pos: tuple[int, int, int, int]) -> Statement:
    statement = code.module.find(pos)
    if statement is None or statement.blocks:
        raise Refused("it is not made in the module's own body")
    return statement


def _assigned(statement: Statement, name: str) -> cst.BaseExpression:
    small = statement.small
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        target = small.targets[0].target
        if isinstance(target, cst.Name) and target.value == name:
            return small.value
    raise Refused("it is kept in no plain variable")


def _object(code: Code, target: cst.CSTNode) -> str:
    """The object whose attribute is set."""
    return code.source(target.value) if isinstance(target, cst.Attribute) else ""


def _is(argument: cst.Arg, keyword: str) -> bool:
    return argument.keyword is not None and argument.keyword.value == keyword


def _argument(code: Code, argument: cst.Arg) -> str:
    return code.source(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT))


def _is_text(statement: Statement) -> bool:
    small = statement.small
    return isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)


def _is_import(statement: Statement) -> bool:
    return isinstance(statement.small, cst.Import | cst.ImportFrom)


def _own_names(function: cst.FunctionDef) -> Iterable[cst.Name]:
    """Names in a function's body that are variables, without those of functions inside."""
    waiting: list[cst.CSTNode] = [function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            continue
        if isinstance(node, cst.Name):
            yield node
        elif isinstance(node, cst.Attribute | cst.Arg):
            waiting.append(node.value)
        else:
            waiting.extend(node.children)


def _from(code: Code, module: str) -> Iterable[cst.ImportFrom]:
    """The imports from a module, however it is called there."""
    for node in code.nodes(code.tree):
        if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar) and node.module is not None:
            last = code.source(node.module).split(".")[-1]
            if last == module.split(".")[-1]:
                yield node


def _aliases(code: Code, module: str) -> Iterable[cst.ImportAlias]:
    for node in _from(code, module):
        if not isinstance(node.names, cst.ImportStar):
            yield from node.names


def _imports(code: Code, module: str, name: str) -> bool:
    return any(code.source(alias.name) == name for alias in _aliases(code, module))


def _import_beside(draft: Draft, module: str, name: str, known: str) -> None:
    """Import a function from the module from which the file imports already, best beside the connection."""
    code = draft.code
    aliases = list(_aliases(code, module))
    if not aliases:
        raise Refused("the app's module does not import it")
    beside = next((alias for alias in aliases if code.source(alias.name) == known), None)
    at = code.offset(*code.pos(beside)[:2]) if beside is not None else code.offset(*code.pos(aliases[-1].name)[2:])
    draft.replace(at, at, f"{name}, " if beside is not None else f", {name}")
