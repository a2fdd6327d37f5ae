"""A strategy of Hypothesis for modules as they might be written around a Flask application, and stranger ones."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

NAMES = (
    "app",
    "cache",
    "n",
    "lock",
    "g",
    "request",
    "session",
    "self",
    "os",
    "f",
    "K",
    "x",
    "\u00e9",
    "__p",
    "_",
    "match",
    "type",
)
CONSTANTS = (
    *(
        "0",
        "1",
        "-1",
        "1_000",
        "0xFF",
        "1e9",
        "2j",
        "None",
        "True",
        "...",
        "'a'",
        '"b\\n\\x41"',
        "b'\\xff'",
        "r'\\d'",
        "''",
    ),
    *(
        "'\u00e9\U0001f600'",
        "'''t\n t'''",
        "'a' 'b'",
        "'a' \"b\" '''c\nd'''",
        "f'{n}'",
        'f"{x!r:>{n}} {{}}"',
        "f'a{f(1)}b' 'c'",
    ),
)
BINARY = ("+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>", "and", "or")
COMPARISONS = ("==", "!=", "<", ">=", "in", "not in", "is", "is not")
DECORATORS = (
    *(
        "@app.route('/')",
        "@app.get('/<x>')",
        "@app.before_request",
        "@app.teardown_request",
        "@property",
        "@staticmethod",
    ),
    *("@f", "@f(1, x=n)[0].a", "@os.x.y", "@(lambda f: f)", "@app.errorhandler(404)", "@cached(cache)"),
)
SHARED = (
    "n += 1",
    "cache[x] = cache.get(x, 0) + 1",
    "if x not in cache:\n    cache[x] = f(x)",
    "cache.setdefault(x, []).append(request.args)",
    "for x in cache:\n    f(x)",
    "lock.acquire()\nn = n + 1\nlock.release()",
    "session['n'] = session.get('n', 0) + 1",
    "app.n = app.n + 1",
    "with lock:\n    n += 1\n    cache.clear()",
    "x = cache\nx[n] = x[n] + 1",
    "threading.Thread(target=f, args=(n,)).start()",
    "app.add_url_rule('/', view_func=f)",
    "conn = sqlite3.connect('x')",
    "n = n + 1 if n else 0",
    "cache, n = {}, len(cache)",
    "self.n = self.n + 1",
)
PATTERNS = (
    "1",
    "'a'",
    "_",
    "x",
    "[x, *_]",
    "{'k': x, **f}",
    "K(x, a=1)",
    "1 | 2",
    "K.x",
    "(x as n)",
    "[1, [x]]",
    "None",
    "-1",
    "()",
)
COMMENTS = (
    "",
    "",
    "",
    "  # noqa",
    "  # noqa: FGL101, FGL102",
    "  # guarded-by: lock",
    "  # \u00e9 '\"(",
    " \\\n ",
    " ; ",
    ";",
)
IMPORTS = (
    *("import os", "import os.path as x, threading", "from flask import Flask, g, request, session", "from . import x"),
    *("from .x import (\n    f,  # it\n    K as x,\n)", "from x import *", "from ...x.y import f", "import sqlite3"),
)

names = st.sampled_from(NAMES)


def one(*choices: str) -> st.SearchStrategy[str]:
    """One of the texts."""
    return st.sampled_from(choices)


def form(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The template with a part for each ``%s``."""
    return st.tuples(*parts).map(lambda values: template % values)


def many(separator: str, item: st.SearchStrategy[str], least: int = 0, most: int = 3) -> st.SearchStrategy[str]:
    """Several items in a row."""
    return st.lists(item, min_size=least, max_size=most).map(separator.join)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of others."""
    argument = st.one_of(inner, form("*(%s)", inner))
    keyword = st.one_of(form("%s=%s", names, inner), form("**(%s)", inner))
    entry = st.one_of(form("(%s): %s", inner, inner), form("**(%s)", inner))
    clause = form("for %s in (%s)%s", names, inner, one("", " if n", " for x in f() if x if n"))
    return st.one_of(
        form("(%s).%s", inner, names),
        form("%s.%s.%s", names, names, names),
        form("(%s)[%s]", inner, inner),
        form("cache[%s:%s, ::2]", inner, inner),
        form("%s(%s, %s)", names, many(", ", argument, 1), many(", ", keyword)),
        form("(%s)(%s)", inner, many(",\n  ", inner)),
        form("%s %s %s", inner, st.sampled_from(BINARY), inner),
        form("(%s %s (%s)%s)", inner, st.sampled_from(COMPARISONS), inner, one("", " < 3", " in x is n")),
        form("(%s%s)", one("-", "~", "+", "not ", "- -"), inner),
        form("(%s if %s else %s)", inner, inner, inner),
        form("(lambda %s: %s)", one("", "x", "x, n=1", "*x, n", "x, /, *, n", "**x"), inner),
        form("[%s]", many(", ", argument)),
        form("{%s}", many(", ", argument, 1)),
        form("(%s,)", many(", ", argument, 1)),
        form("{%s}", many(", ", entry)),
        form("[%s %s]", inner, clause),
        form("{%s %s}", inner, clause),
        form("(%s %s)", inner, clause),
        form("{(%s): %s %s}", inner, inner, clause),
        form("(%s := %s)", names, inner),
        form("(\n %s  # why\n)", inner),
    )


expressions = st.recursive(st.one_of(names, st.sampled_from(CONSTANTS)), _larger, max_leaves=6)
targets = st.one_of(
    names,
    names,
    form("%s.%s", names, names),
    form("%s[%s]", names, expressions),
    form("%s, (*%s, x.y)", names, names),
)
KEYWORDS = ("return", "assert", "raise", "del x,", "return *x,", "yield", "yield from", "x = yield")
ALONE = ("pass", "global n", "global n, cache", "nonlocal x", "return", "raise", "break", "'''text'''", "...")
simple = st.one_of(
    st.sampled_from(SHARED),
    st.sampled_from(SHARED),
    expressions,
    form("%s = %s", many(" = ", targets, 1, 2), expressions),
    form("%s %s= %s", st.one_of(names, one("cache[x]", "app.n", "K.n")), st.sampled_from(BINARY[:-2]), expressions),
    form("%s: (%s)%s", names, expressions, one("", " = 1")),
    form("%s %s", st.sampled_from(KEYWORDS), expressions),
    st.sampled_from(ALONE),
    st.sampled_from(IMPORTS),
)


def _indented(lines: Sequence[str], by: str) -> str:
    """A block; what continues a string is moved, too, which only changes the string."""
    return "\n".join(f"{by}{line}" if line else line for text in lines for line in text.split("\n"))


def _compound(statement: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Statements made of others."""
    block = st.builds(_indented, st.lists(statement, min_size=1, max_size=4), one("    ", "  ", "\t"))
    deeper = block.map(lambda text: _indented([text], "  "))
    maybe = one("", "async ")
    decorators = many("", form("%s\n", st.sampled_from(DECORATORS)), 0, 2)
    parameters = one("", "x", "self, x=n", "*x, n: int = 1, **f", "x, /, n, *, f=lambda: n", "x: 'K' = {}, *_")
    returns = one("", "", " -> int", " -> 'dict[str, K]'")
    function = form("%s%sdef %s(%s)%s:\n%s", decorators, maybe, names, parameters, returns, block)
    return st.one_of(
        function,
        function,
        form("%sclass %s%s:\n%s", decorators, names, one("", "()", "(K, metaclass=f)", "(x.K[n], *x)"), block),
        form("if %s:\n%s\nelif %s:\n%s\nelse:\n%s", expressions, block, expressions, block, block),
        form("while %s:\n%s\nelse:\n    pass", expressions, block),
        form("%sfor %s in %s:\n%s", maybe, targets, expressions, block),
        form("%swith (%s)%s:\n%s", maybe, expressions, one("", " as x", " as (x, n.y)", ", lock as cache[x]"), block),
        form("try:\n%s\n%s:\n%s\nfinally:\n%s", block, one("except", "except K as x", "except* f(x)"), block, block),
        form(
            *("match (%s):\n case %s%s:\n%s\n case _:\n%s", expressions, st.sampled_from(PATTERNS)),
            *(one("", " if n"), deeper, deeper),
        ),
    )


def _commented(statement: str, comment: str) -> str:
    return statement + (comment if "\n" not in statement or comment.startswith("  #") else "")


statements = st.recursive(st.builds(_commented, simple, st.sampled_from(COMMENTS)), _compound, max_leaves=8)

HEADS = (
    "",
    "\ufeff",
    "# coding: latin-1\n",
    "'''A module.'''\nfrom __future__ import annotations\n",
    "import threading\nfrom flask import Flask, g\n\napp = Flask(__name__)\ncache = {}\nn = 0\nlock = threading.Lock()\n\n",
)


def _ended(text: str, end: str) -> str:
    return text.replace("\n", end) if end else text.rstrip("\n")


sources = st.builds(
    _ended, form("%s%s\n", st.sampled_from(HEADS), many("\n", statements, 1, 6)), one("\n", "\r\n", "\r", "")
)
"""The text of a module, most of them valid."""
