"""Source text of every kind of nesting and length that Python's grammar has, as deep as one likes."""

from __future__ import annotations

from collections.abc import Callable

EXPRESSIONS: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "(" * n + "1" + ")" * n,
    "lists": lambda n: "[" * n + "]" * n,
    "dicts": lambda n: "{1:" * n + "1" + "}" * n,
    "sets": lambda n: "{" * n + "1" + "}" * n,
    "tuples": lambda n: "(" * n + "1" + ",)" * n,
    "all brackets": lambda n: "([{" * n + "1" + "}])" * n,
    "calls": lambda n: "f(" * n + ")" * n,
    "keyword arguments": lambda n: "f(a=" * n + "1" + ")" * n,
    "starred arguments": lambda n: "f(*" * n + "1" + ")" * n,
    "chained calls": lambda n: "f" + "()" * n,
    "attributes": lambda n: "a" + ".b" * n,
    "subscripts": lambda n: "a" + "[0]" * n,
    "subscripts in subscripts": lambda n: "a[" * n + "0" + "]" * n,
    "slices": lambda n: "a[1:" * n + "1" + "]" * n,
    "negations": lambda n: "-" * n + "1",
    "inversions": lambda n: "~" * n + "1",
    "nots": lambda n: "not " * n + "1",
    "additions": lambda n: "+".join(["1"] * n),
    "additions in parentheses": lambda n: "1+(" * n + "1" + ")" * n,
    "powers": lambda n: "**".join(["1"] * n),
    "ands": lambda n: " and ".join(["a"] * n),
    "ands and ors": lambda n: " and b or ".join(["a"] * n),
    "comparisons": lambda n: " < ".join(["a"] * n),
    "membership": lambda n: " not in ".join(["a"] * n),
    "lambdas": lambda n: "lambda: " * n + "1",
    "lambdas with stars": lambda n: "lambda *a: " * n + "1",
    "lambdas as defaults": lambda n: "lambda a=" * n + "1" + ": 1" * n,
    "list comprehensions": lambda n: "[" * n + "a" + " for a in b]" * n,
    "generators": lambda n: "(" * n + "a" + " for a in b)" * n,
    "comprehensions of comprehensions": lambda n: "[a for a in " * n + "b" + "]" * n,
    "clauses": lambda n: "[a" + " for a in b" * n + "]",
    "conditions": lambda n: "[a for a in b" + " if a" * n + "]",
    "conditionals": lambda n: "a if b else " * n + "c",
    "conditionals as conditions": lambda n: "a if " * n + "1" + " else b" * n,
    "f-strings": lambda n: "f'{" * n + "1" + "}'" * n,
    "f-strings in turns": lambda n: "f'{f\"{" * n + "1" + "}\"}'" * n,
    "format specifications": lambda n: "f'" + "{a:" * n + "}" * n + "'",
    "fields of an f-string": lambda n: "f'" + "{a}" * n + "'",
    "starred": lambda n: "*" * n + "y",
    "walruses": lambda n: "(a:=" * n + "1" + ")" * n,
    "open brackets": lambda n: "(" * n,
    "closed brackets": lambda n: ")" * n,
}

STATEMENTS: dict[str, Callable[[int], str]] = {
    "awaits": lambda n: "async def f():\n x = " + "await " * n + "y",
    "yields": lambda n: "def f():\n x = " + "(yield " * n + "1" + ")" * n,
    "targets": lambda n: "(" * n + "x" + ",)" * n + " = y",
    "loop targets": lambda n: "for " + "(" * n + "x" + ",)" * n + " in y: pass",
    "managers": lambda n: "with " + "(" * n + "a" + ")" * n + ": pass",
    "deletions": lambda n: "del " + "(" * n + "a" + ")" * n,
    "annotations": lambda n: "x: " + "a[" * n + "b" + "]" * n + " = 1",
    "returned types": lambda n: "def f() -> " + "a[" * n + "b" + "]" * n + ": pass",
    "defaults": lambda n: "def f(a=" + "(" * n + "1" + ")" * n + "): pass",
    "bases": lambda n: "class A(" + "(" * n + "b" + ")" * n + "): pass",
    "decorators of attributes": lambda n: "@a" + ".b" * n + "\ndef f(): pass",
    "decorators of calls": lambda n: "@a" + "()" * n + "\ndef f(): pass",
    "branches": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "levels of an import": lambda n: "from " + "." * n + " import a",
    "dotted imports": lambda n: "import " + ".".join(["a"] * n),
    "list patterns": lambda n: "match a:\n case " + "[" * n + "]" * n + ": pass",
    "grouped patterns": lambda n: "match a:\n case " + "(" * n + "b" + ")" * n + ": pass",
    "class patterns": lambda n: "match a:\n case " + "A(" * n + ")" * n + ": pass",
    "mapping patterns": lambda n: "match a:\n case " + "{1:" * n + "b" + "}" * n + ": pass",
    "named patterns": lambda n: "match a:\n case " + "(" * n + "b" + " as c)" * n + ": pass",
    "dotted patterns": lambda n: "match a:\n case a" + ".b" * n + ": pass",
    "alternatives": lambda n: "match a:\n case " + "|".join(["1"] * n) + ": pass",
    "names of Python 2": lambda n: "print " + "(" * n + "1" + ")" * n,
}


def _nested(*heads: str, after: str = "", step: str = " ") -> Callable[[int], str]:
    """Blocks in blocks."""

    def text(n: int) -> str:
        parts = [
            "".join(f"{step * (len(heads) * level + at)}{head}\n" for at, head in enumerate(heads))
            for level in range(n)
        ]
        ends = [f"{step * (len(heads) * level)}{after}\n" for level in reversed(range(n))] if after else []
        return "".join([*parts, step * (len(heads) * n), "pass\n", *ends])

    return text


BLOCKS = {
    "if": _nested("if a:"),
    "for": _nested("for a in b:"),
    "async for": _nested("async def f():", "async for a in b:"),
    "while": _nested("while a:", step="\t"),
    "with": _nested("with a:"),
    "try": _nested("try:", after="finally: pass"),
    "class": _nested("class A:"),
    "def": _nested("def f():"),
    "match": _nested("match a:", "case b:"),
    "else": lambda n: (
        "".join(f"{' ' * level}if a: pass\n{' ' * level}else:\n" for level in range(n)) + " " * n + "pass\n"
    ),
}

LONG: dict[str, Callable[[int], str]] = {
    "arguments": lambda n: "f(" + ",".join(["a"] * n) + ")",
    "parameters": lambda n: "def f(" + ",".join(f"a{at}" for at in range(n)) + "): pass",
    "decorators": lambda n: "@d\n" * n + "def f(): pass",
    "handlers": lambda n: "try: pass\n" + "except A: pass\n" * n,
    "cases": lambda n: "match a:\n" + " case 1: pass\n" * n,
    "targets": lambda n: "x = " * n + "1",
    "managers": lambda n: "with " + ",".join(["a"] * n) + ": pass",
    "imported modules": lambda n: "import " + ",".join(["a"] * n),
    "imported names": lambda n: "from a import (" + ",".join(["b"] * n) + ")",
    "global names": lambda n: "def f():\n global " + ",".join(f"a{at}" for at in range(n)),
    "types of parameters": lambda n: "class A[" + ",".join(f"T{at}" for at in range(n)) + "]: pass",
    "statements on a line": lambda n: "x = 1;" * n,
    "continued lines": lambda n: "x = 1" + " \\\n" * n + "+1",
    "one number": lambda n: "x = " + "9" * n,
    "one name": lambda n: "a" * n + " = 1",
    "empty lines": lambda n: "\n\x0c\r\n \t\r" * n,
    "comments": lambda n: "# noqa\n" * n,
}
