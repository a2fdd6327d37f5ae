"""What holds for every module, tried on modules that nobody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cores import spread
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from modules import sources

from flaskglobals_lint import facts
from flaskglobals_lint.checks import check
from flaskglobals_lint.extract import extract
from flaskglobals_lint.extract.concrete import concrete
from flaskglobals_lint.extract.guard import deep_nesting
from flaskglobals_lint.extract.quick import quick
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.link import LinkInput, link
from flaskglobals_lint.models import load

FIXTURES = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "fixtures").rglob("*.py"))]
MODELS = load()

STRAY = ("\0", "\x0c", "\r", "\\", "'", '"""', "(", "]", "\t", "\ufeff", "\u2028", "#", "f'{")

few = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PARTS = 4
"""Of a long trial."""


def encoded(text: str) -> bytes:
    """The bytes of a module that may say how it is encoded."""
    return text.encode("latin-1", "replace") if text.startswith("# coding: latin-1") else text.encode()


def positions(node: object) -> Iterator[facts.Position]:
    """Every position in a tree of facts."""
    if isinstance(node, msgspec.Struct):
        for name in node.__struct_fields__:
            value = getattr(node, name)
            if name == "place":
                yield facts.position(value)
            else:
                yield from positions(value)
    elif isinstance(node, tuple):
        for item in node:
            yield from positions(item)


def is_inside(pos: tuple[int, int, int, int], lines: list[str]) -> bool:
    line, column, end_line, end_column = pos
    return (
        1 <= line <= end_line <= len(lines)
        and (line, column) <= (end_line, end_column)
        and 1 <= column <= len(lines[line - 1]) + 1
        and 1 <= end_column <= len(lines[end_line - 1]) + 1
    )


def judged(module: facts.Module) -> list[Finding]:
    """What all checks find in a program of one module."""
    return sorted(check(link([LinkInput("app.py", "app.py", module, True)], MODELS)), key=lambda item: item.sort_key)


def holds(source: bytes) -> bool:
    """Both readers agree; every position is one of the file; the same text gives the same findings. Whether it is valid."""
    text = decode(source)
    module = extract(source)
    if not isinstance(text, str):
        assert module.problem == text
        return False
    lines = re.split("\r\n|\r|\n", text)
    if module.problem is not None:
        assert 1 <= module.problem.line <= len(lines) + 1
        assert module.problem.column >= 1
        assert (module.body, module.functions, module.classes) == ((), (), ())
    elif deep_nesting(text) is None:
        quickly = quick(text)
        if quickly is not None:
            slowly = concrete(text)
            assert slowly.problem is not None or quickly == slowly
    assert [pos for pos in positions(module) if not is_inside(pos, lines)] == []
    findings = judged(module)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=facts.Module)
    assert again == module == extract(source)
    assert judged(again) == findings
    for finding in findings:
        for span in (finding.span, *finding.related):
            assert isinstance(span, Span)
            assert is_inside((span.line, span.column, span.end_line, span.end_column), lines)
    return module.problem is None


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A module of the fixtures in which words or lines are lost, doubled or exchanged."""
    text = draw(st.sampled_from(FIXTURES))
    parts = re.split(r"(\n)" if draw(st.booleans()) else r"(\W)", text)
    for _ in range(draw(st.integers(1, 4))):
        one, other = draw(st.integers(0, len(parts) - 1)), draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(("drop", "double", "swap", "cut", "put"))):
            case "drop":
                parts[one] = ""
            case "double":
                parts[one] *= 2
            case "swap":
                parts[one], parts[other] = parts[other], parts[one]
            case "cut":
                del parts[one + 1 :]
                break
            case _:
                parts[one] = draw(st.sampled_from(STRAY))
    return "".join(parts)


STRATEGIES = {
    "modules": (sources.map(encoded), 0.6),
    "broken": (broken().map(str.encode), 0.1),
    "bytes": (st.binary(max_size=300), 0.0),
    "text": (st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")), 0.0),
}


def tried(name: str, amount: settings = few) -> list[bool]:
    """Try a strategy: of each module, whether it is valid."""
    strategy, _ = STRATEGIES[name]
    valid: list[bool] = []
    amount(given(strategy)(lambda source: valid.append(holds(source))))()
    return valid


def tried_at_length(name: str) -> list[bool]:
    """The same with others each time, and with more of them."""
    return tried(name, settings(few, max_examples=3000 // PARTS, derandomize=False))


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_holds_for_every_module(name: str) -> None:
    enough(name, tried(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", STRATEGIES)
def test_what_holds_for_many_more_modules(name: str) -> None:
    enough(name, [one for part in spread(tried_at_length, [name] * PARTS) for one in part])


def enough(name: str, valid: list[bool]) -> None:
    """Whether as many of the modules were valid as are needed to show anything."""
    assert valid
    assert sum(valid) >= STRATEGIES[name][1] * len(valid)
