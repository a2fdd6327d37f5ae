"""The lock of a place: what to call it, where to define it, how other code refers to it."""

from __future__ import annotations

import re
import sys

import libcst as cst

from flaskglobals_lint.fixes import imports
from flaskglobals_lint.fixes.code import Block, Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import Home, Site

_MADE = re.compile(r"\b(?:R?Lock|Condition)\(\s*\)\s*(?:#.*)?$")


def lock_name(home: Home) -> str:
    """``hits_lock``; an instance keeps its lock private."""
    base = re.sub(r"(^|_)_[^\W_]\w*?__", r"\1", home.name)  # what the class's own name was put in front of
    base = re.sub(r"(?<=[^\W_])__+", "_", base)
    if not base.isupper():
        base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base).lower()
    if home.scope == "instance" and not base.startswith("_"):
        base = f"_{base}"
    return f"{base}_LOCK" if base.isupper() else f"{base}_lock"


def define(code: Code, draft: Draft, home: Home, kind: str) -> str:
    """Define the lock of a place beside it, unless there is one of that name already; its name."""
    name = lock_name(home)
    block, at = _place(code, home)
    for statement in block.statements:
        text = code.line(statement.pos[0]).strip()
        if re.match(rf"(?:self\.)?{re.escape(name)}\b\s*(?::[^=]*)?=", text):
            if _MADE.search(text):
                if kind == "RLock":
                    take_again(code, draft, home, name)
                return name
            raise Refused(f"`{name}` is something else already")
    if any(found.value == name for found in code.names(code.tree)):
        raise Refused(f"`{name}` is something else already")
    make = f"{threading(code, draft)}{kind}()"
    owner = "self." if home.scope == "instance" else ""
    if home.scope == "instance":
        owner = f"{_receiver(block)}."
    before = home.scope == "before"
    statement = block.statements[min(at, len(block.statements) - 1)]
    text = f"{code.indent(statement)}{owner}{name} = {make}"
    if before:
        line = statement.pos[0]
        # Comments directly above a definition belong to it.
        while line > 1 and code.line(line - 1).lstrip().startswith("#"):
            line -= 1
        draft.insert_line(line, code.newline.join([text, "", ""]))
    elif home.line:
        draft.insert_line(_below(code, statement), text)
    else:
        draft.insert_line(statement.pos[0], code.newline.join([text, ""]))
    return name


def take_again(code: Code, draft: Draft, home: Home, name: str = "") -> None:
    """See that a lock can be taken again by the thread that has it. Raises Refused if its definition cannot be found."""
    made = rf"\s*(?:\w+\.)*{re.escape(name or home.name)}\b[^=]*=\s*(?:[\w.]+\.)?(R?Lock|Condition)\(\s*\)\s*(?:#.*)?"
    found = [
        (number, match)
        for number in range(1, len(code.lines.starts) + 1)
        if (match := re.fullmatch(made, code.line(number))) is not None
    ]
    if len(found) != 1:
        raise Refused("the lock is taken again by code called inside, which it may not allow")
    number, match = found[0]
    if match[1] == "Lock":
        start = code.offset(number, match.start(1) + 1)
        if not code.text[:start].endswith("threading."):
            raise Refused("the lock is taken again by code called inside, which it does not allow")
        draft.replace(start, start, "R")


def _below(code: Code, statement: Statement) -> int:
    return statement.pos[2] + 1


def _receiver(block: Block) -> str:
    assert block.owner is not None
    assert isinstance(block.owner.node, cst.FunctionDef)
    return block.owner.node.params.params[0].name.value


def _place(code: Code, home: Home) -> tuple[Block, int]:
    """The block in which a lock is defined, and the statement beside which."""
    if home.scope in ("module", "before"):
        for statement in code.module.statements:
            if statement.pos[0] <= home.line <= statement.pos[2]:
                return code.module, statement.index
        raise Refused(f"line {home.line} of {code.path} is not what it was")
    if home.scope == "class" and not home.line:
        for statement in _definitions(code):
            if isinstance(statement.node, cst.ClassDef) and _qualname(statement) == home.owner and statement.blocks:
                block = statement.blocks[0]
                first = 1 if _is_text(block.statements[0].node) and len(block.statements) > 1 else 0
                return block, first
        raise Refused(f"the class of `{home.name}` cannot be found")
    found: tuple[Block, int] | None = None
    pos = (home.line, 10_000, home.line, 10_000)
    blocks = [code.module]
    while blocks:
        inner = next((s for block in blocks for s in block.statements if s.pos[0] <= pos[0] <= s.pos[2]), None)
        if inner is None:
            break
        owner = inner.block.owner
        wanted = cst.ClassDef if home.scope == "class" else cst.FunctionDef
        if owner is not None and isinstance(owner.node, wanted):
            found = inner.block, inner.index
        blocks = inner.blocks
    if found is None:
        raise Refused(f"the definition of `{home.name}` cannot be found")
    return found


def _definitions(code: Code) -> list[Statement]:
    found, blocks = [], [code.module]
    while blocks:
        block = blocks.pop()
        for statement in block.statements:
            if isinstance(statement.node, cst.ClassDef | cst.FunctionDef):
                found.append(statement)
            blocks.extend(statement.blocks)
    return found


def _qualname(statement: Statement) -> str:
    names = []
    current: Statement | None = statement
    while current is not None:
        if isinstance(current.node, cst.ClassDef | cst.FunctionDef):
            names.append(current.node.name.value)
        current = current.block.owner
    return ".".join(reversed(names))


def _is_text(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


# -- imports --


def threading(code: Code, draft: Draft) -> str:
    """What to write before ``Lock``: the module is imported if it is not yet."""
    imports: list[tuple[Statement, cst.BaseSmallStatement]] = []
    for statement in code.module.statements:
        if isinstance(statement.node, cst.SimpleStatementLine):
            imports += [
                (statement, part) for part in statement.node.body if isinstance(part, cst.Import | cst.ImportFrom)
            ]
    for _, part in imports:
        if isinstance(part, cst.Import):
            for alias in part.names:
                if code.source(alias.name) == "threading":
                    return f"{code.source(alias.asname.name) if alias.asname else 'threading'}."
    if any(name.value == "threading" for name in code.names(code.tree)):
        raise Refused("`threading` is something else here")
    import_module(code, draft, "threading")
    return "threading."


def import_module(code: Code, draft: Draft, name: str) -> None:
    """Add ``import name`` of the standard library where it sorts."""
    _insert_import(code, draft, f"import {name}", name)


def _insert_import(code: Code, draft: Draft, text: str, name: str) -> None:
    plain: list[tuple[str, Statement]] = []
    first: Statement | None = None
    patched: Statement | None = None
    future: Statement | None = None
    for statement in code.module.statements:
        node = statement.node
        source = code.line(statement.pos[0])
        if "patch_all(" in source:
            patched = statement
        if not isinstance(node, cst.SimpleStatementLine):
            continue
        part = node.body[0]
        if isinstance(part, cst.ImportFrom) and part.module is not None and code.source(part.module) == "__future__":
            future = statement
            continue
        if isinstance(part, cst.Import | cst.ImportFrom):
            first = first or statement
            if isinstance(part, cst.Import) and not code.indent(statement):
                module = code.source(part.names[0].name)
                if module.split(".")[0] in sys.stdlib_module_names:
                    plain.append((module, statement))
    if patched is not None:
        draft.insert_line(patched.pos[2] + 1, text)
    elif plain:
        before = next((s for module, s in plain if module > name), None)
        if before is not None and before is plain[0][1]:
            draft.insert_line(before.pos[0], text)
        else:
            last = [s for module, s in plain if module < name]
            draft.insert_line((last[-1] if last else plain[0][1]).pos[2] + 1, text)
    elif first is not None:
        part = first.node.body[0]  # type: ignore[attr-defined]
        source = code.source(part.module) if isinstance(part, cst.ImportFrom) and part.module else ""
        standard = source.split(".")[0] in sys.stdlib_module_names
        line = first.pos[0]
        while line > 1 and code.line(line - 1).startswith("#") and not _header(code, line - 1):
            line -= 1
        draft.insert_line(line, text if standard else f"{text}{code.newline}")
    else:
        _above_all(code, draft, text, future)


def _header(code: Code, line: int) -> bool:
    """Whether a comment belongs to the file: a first line, an encoding, a licence."""
    return all(code.line(number).startswith("#") for number in range(1, line + 1))


def _above_all(code: Code, draft: Draft, text: str, future: Statement | None) -> None:
    statements = code.module.statements
    if future is not None:
        draft.insert_line(future.pos[2] + 1, f"{code.newline}{text}")
    elif statements and _is_text(statements[0].node):
        draft.insert_line(statements[0].pos[2] + 1, f"{code.newline}{text}")
    else:
        line = 1
        while line <= len(code.lines.starts) and code.line(line).startswith("#"):
            line += 1
        draft.insert_line(line, f"{text}{code.newline}")


def import_from(code: Code, draft: Draft, home: Home, name: str) -> str:
    """How this file calls ``name``, which the module of ``home`` defines: by the import that it has for the place."""
    for node in code.nodes(code.tree):
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            continue
        if node.module is None or code.source(node.module).split(".")[-1] != home.module.split(".")[-1]:
            continue
        for alias in node.names:
            if code.source(alias.name) == name:
                return code.source(alias.asname.name) if alias.asname else name
        if any(found.value == name for found in code.names(code.tree)):
            raise Refused(f"`{name}` is something else in {code.path}")
        last = node.names[-1]
        at = code.offset(*code.pos(last)[2:])
        draft.replace(at, at, f", {name}")
        return name
    if any(found.value == name for found in code.names(code.tree)):
        raise Refused(f"`{name}` is something else in {code.path}")
    imports.below_the_others(code, draft, home.module, name)
    return name


def refer(code: Code, draft: Draft, home: Home, name: str, site: Site, there: Code) -> str:
    """The expression by which the code of a site calls the lock ``name`` of ``home``, whose file is ``there``."""
    accesses = site.accesses
    function = code.function(accesses[0])
    if home.scope in ("class", "instance"):
        return f"{_owner(code, home, function, site)}.{name}"
    if home.scope == "function":
        return name
    for pos in accesses:
        for node in code.expressions(pos):
            base = _base(node)
            if isinstance(base, cst.Attribute) and base.attr.value == home.name and code.path != home.path:
                owner = code.source(base.value)
                if _is_module(code, owner, home):
                    return f"{owner}.{name}"
    if code.path == home.path:
        return name
    for found in code.nodes(code.tree):
        if isinstance(found, cst.Import):
            for alias in found.names:
                if code.source(alias.name) == home.module:
                    return f"{code.source(alias.asname.name) if alias.asname else home.module}.{name}"
    if _imports(there, code.path):
        raise Refused(f"{home.path} and {code.path} would import each other")
    return import_from(code, draft, home, name)


def _imports(code: Code, path: str) -> bool:
    """Whether a file seems to import the module of another one."""
    parts = re.sub(r"(?:/__init__)?\.pyi?$", "", path.replace("\\", "/")).split("/")
    for node in code.nodes(code.tree):
        if isinstance(node, cst.Import | cst.ImportFrom):
            found = set(re.findall(r"\w+", code.source(node)))
            if parts[-1] in found:
                return True
    return False


def _is_module(code: Code, owner: str, home: Home) -> bool:
    """Whether an expression is the name of an imported module that can be ``home``'s."""
    if owner.split(".")[-1] == home.module.split(".")[-1]:
        return True
    for node in code.nodes(code.tree):
        if isinstance(node, cst.ImportAlias) and node.asname is not None and code.source(node.asname.name) == owner:
            return code.source(node.name).split(".")[-1] == home.module.split(".")[-1]
    return False


def _owner(code: Code, home: Home, function: Statement, site: Site) -> str:
    """The object on which the place is an attribute, as this code calls it."""
    found: list[str] = []
    for pos in site.accesses:
        for node in code.expressions(pos):
            base = _base(node)
            if isinstance(base, cst.Attribute):
                found.append(code.source(base.value) if base.attr.value == home.name else "")
    for other in code.nodes(function.node):
        if isinstance(other, cst.Attribute) and other.attr.value == home.name:
            found.append(code.source(other.value))
    names = [text for text in found if re.fullmatch(r"[\w.]+", text)]
    if names:
        return names[0]
    params = function.node.params.params if isinstance(function.node, cst.FunctionDef) else ()
    owner = function.block.owner
    if params and owner is not None and isinstance(owner.node, cst.ClassDef):
        return params[0].name.value
    texts = [code.source(node) for pos in site.accesses for node in code.expressions(pos)[:1]]
    named = [owner for owner in site.owners if any(text.startswith(f"{owner}.") for text in texts)]
    if named or len(site.owners) == 1:
        return min(named or site.owners, key=len)
    if code.path == home.path and home.scope == "class" and "." not in home.owner:
        return home.owner
    raise Refused(f"nothing here names the owner of `{home.name}`")


def _base(node: cst.CSTNode) -> cst.CSTNode:
    """The variable or attribute whose items or methods an expression uses."""
    while True:
        if isinstance(node, cst.Subscript):
            node = node.value
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            node = node.func.value
        else:
            return node
