"""Modules as they might be written around a Flask application, and stranger ones, made by chance.

Hypothesis draws the seed only: drawing each word of a module by itself takes it ten times as long as all that is tried on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

from hypothesis import strategies as st

Text: TypeAlias = Callable[[Random, int], str]
"""Makes a text by chance; the number says how many levels it may still nest."""

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


def one(*choices: str) -> Text:
    """One of the texts."""
    return lambda random, depth: random.choice(choices)


def either(*parts: Text) -> Text:
    """One of the parts."""
    return lambda random, depth: random.choice(parts)(random, depth)


def form(template: str, *parts: Text) -> Text:
    """The template with a part for each ``%s``."""
    return lambda random, depth: template % tuple(part(random, depth) for part in parts)


def many(separator: str, item: Text, least: int = 0, most: int = 3) -> Text:
    """Several items in a row."""
    return lambda random, depth: separator.join(item(random, depth) for _ in range(random.randint(least, most)))


def recursive(leaf: Text, larger: Callable[[Text], Text], deepest: int) -> Text:
    """A leaf, or something larger that is made of others."""

    def inner(random: Random, depth: int) -> str:
        return (leaf if depth == 0 or random.random() < 0.5 else made)(random, depth - 1)

    made = larger(inner)
    return lambda random, depth: inner(random, deepest)


names = one(*NAMES)


def _larger(inner: Text) -> Text:
    """Expressions made of others."""
    argument = either(inner, form("*(%s)", inner))
    keyword = either(form("%s=%s", names, inner), form("**(%s)", inner))
    entry = either(form("(%s): %s", inner, inner), form("**(%s)", inner))
    clause = form("for %s in (%s)%s", names, inner, one("", " if n", " for x in f() if x if n"))
    return either(
        form("(%s).%s", inner, names),
        form("%s.%s.%s", names, names, names),
        form("(%s)[%s]", inner, inner),
        form("cache[%s:%s, ::2]", inner, inner),
        form("%s(%s, %s)", names, many(", ", argument, 1), many(", ", keyword)),
        form("(%s)(%s)", inner, many(",\n  ", inner)),
        form("%s %s %s", inner, one(*BINARY), inner),
        form("(%s %s (%s)%s)", inner, one(*COMPARISONS), inner, one("", " < 3", " in x is n")),
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


expressions = recursive(either(names, one(*CONSTANTS)), _larger, 3)
targets = either(
    names,
    names,
    form("%s.%s", names, names),
    form("%s[%s]", names, expressions),
    form("%s, (*%s, x.y)", names, names),
)
KEYWORDS = ("return", "assert", "raise", "del x,", "return *x,", "yield", "yield from", "x = yield")
ALONE = ("pass", "global n", "global n, cache", "nonlocal x", "return", "raise", "break", "'''text'''", "...")
simple = either(
    one(*SHARED),
    one(*SHARED),
    expressions,
    form("%s = %s", many(" = ", targets, 1, 2), expressions),
    form("%s %s= %s", either(names, one("cache[x]", "app.n", "K.n")), one(*BINARY[:-2]), expressions),
    form("%s: (%s)%s", names, expressions, one("", " = 1")),
    form("%s %s", one(*KEYWORDS), expressions),
    one(*ALONE),
    one(*IMPORTS),
)


def _indented(lines: Sequence[str], by: str) -> str:
    """A block; what continues a string is moved, too, which only changes the string."""
    return "\n".join(f"{by}{line}" if line else line for text in lines for line in text.split("\n"))


def _compound(statement: Text) -> Text:
    """Statements made of others."""
    indents = ("    ", "  ", "\t")

    def block(random: Random, depth: int) -> str:
        return _indented([statement(random, depth) for _ in range(random.randint(1, 4))], random.choice(indents))

    def deeper(random: Random, depth: int) -> str:
        return _indented([block(random, depth)], "  ")

    maybe = one("", "async ")
    decorators = many("", form("%s\n", one(*DECORATORS)), 0, 2)
    parameters = one("", "x", "self, x=n", "*x, n: int = 1, **f", "x, /, n, *, f=lambda: n", "x: 'K' = {}, *_")
    returns = one("", "", " -> int", " -> 'dict[str, K]'")
    function = form("%s%sdef %s(%s)%s:\n%s", decorators, maybe, names, parameters, returns, block)
    return either(
        function,
        function,
        form("%sclass %s%s:\n%s", decorators, names, one("", "()", "(K, metaclass=f)", "(x.K[n], *x)"), block),
        form("if %s:\n%s\nelif %s:\n%s\nelse:\n%s", expressions, block, expressions, block, block),
        form("while %s:\n%s\nelse:\n    pass", expressions, block),
        form("%sfor %s in %s:\n%s", maybe, targets, expressions, block),
        form("%swith (%s)%s:\n%s", maybe, expressions, one("", " as x", " as (x, n.y)", ", lock as cache[x]"), block),
        form("try:\n%s\n%s:\n%s\nfinally:\n%s", block, one("except", "except K as x", "except* f(x)"), block, block),
        form(
            *("match (%s):\n case %s%s:\n%s\n case _:\n%s", expressions, one(*PATTERNS)),
            *(one("", " if n"), deeper, deeper),
        ),
    )


def _commented(random: Random, depth: int) -> str:
    statement, comment = simple(random, depth), random.choice(COMMENTS)
    return statement + (comment if "\n" not in statement or comment.startswith("  #") else "")


statements = recursive(_commented, _compound, 2)

HEADS = (
    "",
    "\ufeff",
    "# coding: latin-1\n",
    "'''A module.'''\nfrom __future__ import annotations\n",
    "import threading\nfrom flask import Flask, g\n\napp = Flask(__name__)\ncache = {}\nn = 0\nlock = threading.Lock()\n\n",
)


module = form("%s%s\n", one(*HEADS), many("\n", statements, 1, 4))


def _source(seed: int) -> str:
    random = Random(seed)
    text, end = module(random, 0), random.choice(("\n", "\r\n", "\r", ""))
    return text.replace("\n", end) if end else text.rstrip("\n")


sources = st.integers(0, 2**64).map(_source)
"""The text of a module, most of them valid."""
