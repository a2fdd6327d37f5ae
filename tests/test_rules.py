"""The rule pages are the specification: every example program on them is run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from programs import Case, Mark, cases, expected, is_loud, mark, reported

from flaskglobals_lint import catalogue, cli, rulebook
from flaskglobals_lint.rule import Rule

INDEX = Path(__file__).resolve().parent.parent / "rules" / catalogue.INDEX
PAGES = catalogue.pages()
RULES = rulebook.rules()


def by_name(rule: Rule) -> str:
    return rule.name


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_example(case: Case, tmp_path: Path) -> None:
    """What is marked is reported, what is reported is marked."""
    wanted = expected(case.example.files)
    findings = reported(case.example.files, tmp_path)
    notes = {rule.code for rule in RULES if rule.severity == "info"}
    heard = {mark(finding) for finding in findings if is_loud(finding) or finding.code in notes}
    own = {case.rule.code} & notes
    loud = {mark(finding) for finding in findings if is_loud(finding) or finding.code in own}
    assert not told(missing=wanted - heard, surplus=loud - wanted), case.example.title


def told(**marks: set[Mark]) -> list[str]:
    return [f"{word}: {place}" for word, places in marks.items() for place in sorted(places)]


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    written = {catalogue.title(text) for text in PAGES.values() if not catalogue.is_planned(text)}
    assert written == {(rule.code, rule.name) for rule in RULES}


def test_codes_and_names_are_unique() -> None:
    titles = [catalogue.title(text) for text in PAGES.values()]
    assert len({code for code, _ in titles}) == len({name for _, name in titles}) == len(titles)


@pytest.mark.parametrize("rule", RULES, ids=by_name)
def test_the_summary_is_the_rule_s(rule: Rule) -> None:
    sentence = f"{rule.summary[0].upper()}{rule.summary[1:].rstrip('.')}."
    assert catalogue.summary(catalogue.page(rule.name)) == sentence


@pytest.mark.parametrize("name", PAGES)
def test_page_is_complete(name: str) -> None:
    text = PAGES[name]
    assert catalogue.title(text)[1] == name
    assert catalogue.headings(text) == catalogue.HEADINGS
    examples = catalogue.examples(text)
    assert {example.good for example in examples} == {True, False}


@pytest.mark.parametrize("name", PAGES)
def test_bad_examples_show_the_page_s_own_finding_and_good_ones_none(name: str) -> None:
    code, _ = catalogue.title(PAGES[name])
    for example in catalogue.examples(PAGES[name]):
        codes = {
            code for source in example.files.values() for line in catalogue.wanted(source).values() for code in line
        }
        assert not codes if example.good else code in codes, f"{name}.md:{example.line}"


@pytest.mark.parametrize("name", PAGES)
def test_examples_are_python(name: str) -> None:
    if catalogue.title(PAGES[name])[0] == "FGL900":
        pytest.skip("its examples are about what can be parsed")
    for example in catalogue.examples(PAGES[name]):
        for path, source in example.files.items():
            if path.endswith(".py"):
                compile(
                    catalogue.without_expectations(source),
                    f"{name}.md:{example.line}:{path}",
                    "exec",
                    ast.PyCF_ONLY_AST,
                )


@pytest.mark.parametrize("rule", RULES, ids=by_name)
def test_explain_prints_the_page(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--explain", rule.code]) == 0
    assert capsys.readouterr().out.strip() == catalogue.page(rule.name).strip()


def test_the_index_is_up_to_date() -> None:
    assert INDEX.read_text(encoding="utf-8") == catalogue.index(RULES), "run `python tests/test_rules.py`"


def test_unknown_page() -> None:
    with pytest.raises(KeyError):
        catalogue.page("no-such-rule")


PAGE = """\
# FGL999: some-rule
Status: planned

A summary.

## Bad

One file. It has a second sentence.

```python
x = 1  # want: FGL999
y = 2  # want: FGL101, FGL999
```

Two files:

`a.py`:

```python
import b
```

`b.toml`:

```toml
c = 1
```

## Good

Nothing to see.

```console
$ not an example
```

Something to see.

```python
## not a heading
```
"""


def test_a_page_is_read() -> None:
    assert catalogue.title(PAGE) == ("FGL999", "some-rule")
    assert catalogue.is_planned(PAGE)
    assert catalogue.summary(PAGE) == "A summary."
    assert catalogue.headings(PAGE) == ("Bad", "Good")
    one, two, good = catalogue.examples(PAGE)
    assert (one.title, one.good, one.line) == ("One file", False, 10)
    assert (two.title, two.files) == ("Two files", {"a.py": "import b\n", "b.toml": "c = 1\n"})
    assert (good.title, good.good, good.files) == ("Something to see", True, {"app.py": "## not a heading\n"})
    assert catalogue.wanted(one.files["app.py"]) == {1: {"FGL999"}, 2: {"FGL101", "FGL999"}}
    assert catalogue.without_expectations(one.files["app.py"]) == "x = 1\ny = 2\n"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("## Bad\n\n```python\nx = 1\n```\n", "needs prose"),
        ("## Bad\n\nProse.\n\n```python\nx = 1\n```\n\n```python\ny = 1\n```\n", "needs prose"),
        ("## Bad\n\nProse.\n\n```python\nx = 1\n```\n\n`app.py`:\n\n```python\ny = 1\n```\n", "stands twice"),
        ("## Bad\n\nProse.\n\n```python\nx = 1\n", "not closed"),
    ],
)
def test_a_malformed_page_is_refused(page: str, message: str) -> None:
    with pytest.raises(catalogue.MalformedPage, match=message):
        catalogue.examples(page)


@pytest.mark.parametrize("page", ["", "# Some rule\n", "# FGL101: Some-Rule\n"])
def test_a_malformed_title_is_refused(page: str) -> None:
    with pytest.raises(catalogue.MalformedPage, match="line 1"):
        catalogue.title(page)


if __name__ == "__main__":
    INDEX.write_text(catalogue.index(RULES), encoding="utf-8")
