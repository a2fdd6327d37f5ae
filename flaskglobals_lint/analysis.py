"""From facts to findings: link, check, suppress. Imported only where no earlier run has the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from flaskglobals_lint import facts, rule
from flaskglobals_lint.cache import Cache, code, key
from flaskglobals_lint.checks import check
from flaskglobals_lint.config import SYNTAX_ERROR, Config, UsageError
from flaskglobals_lint.deploy.files import Files
from flaskglobals_lint.ending import leave
from flaskglobals_lint.extraction import Extracted, extracted
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.link import link
from flaskglobals_lint.link.inputs import LinkInput
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.models import Models, tables
from flaskglobals_lint.models import load as load_models
from flaskglobals_lint.models import reload as reload_models
from flaskglobals_lint.pool import decoded
from flaskglobals_lint.results import Result
from flaskglobals_lint.settings import where
from flaskglobals_lint.sources import Source
from flaskglobals_lint.suppress import FileNotes, suppress

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file and its facts."""

    source: Source
    facts: facts.Module
    aside: bool
    """Whether it is no part of the program."""

    @property
    def display(self) -> str:
        return self.source.file.display


def analyse(
    sources: Sequence[Source],
    known: Extracted,
    files: Files | None,
    ignored: Sequence[tuple[str, ...]],
    config: Config,
    store: Cache,
) -> Result:
    """The findings in all files of a program, whether they were asked for or not, after suppression.

    ``known`` are the facts of the sources; they are decoded in place. ``files`` may tell how the application is run.
    ``ignored`` are the codes that ``per-file-ignores`` turns off in each of the sources. ``store`` may
    hold what the models' tables say. Raises UsageError if the configuration's own tables are wrong.
    """
    _remember(store)
    models = _models(config, load_models)
    try:
        parsed = _parsed(sources, known)
        findings = _checked(parsed, files, models, config)
    except Exception:
        # What somebody put into the cache may be of the wrong shape or make no sense: only the files count.
        log.info("analysing all files anew")
        models = _models(config, reload_models)
        parsed = _parsed(sources, extracted(sources, config, Cache(None), None))
        findings = _checked(parsed, files, models, config, tolerant=True)
    notes = {
        item.display: FileNotes(
            tuple(note for note in item.facts.comments if note.kind != "noqa" or not config.ignore_noqa), codes
        )
        for item, codes in zip(parsed, ignored, strict=True)
    }
    selected = [finding for finding in _broken(parsed) + findings if config.selects(finding.code)]
    kept = suppress(selected, notes, config.selects)
    broken = tuple(item.display for item in parsed if item.facts.problem is not None)
    return Result(tuple(sorted(kept, key=lambda item: item.sort_key)), broken)


def _remember(store: Cache) -> None:
    """Take the models' tables from the cache, or keep them there."""
    if not store.keeps:
        return
    name = key("tables", code("models"))
    content = store.get(name)
    if content is None:
        content = tables.packed()
        store.put(name, content)
    try:
        tables.unpack(content)
    except ValueError:
        log.info("cache: tables of the wrong shape")


def _models(config: Config, load: Callable[[Mapping[str, object] | None], Models]) -> Models:
    try:
        return load(config.model_tables() or None)
    except ValueError as error:
        # The message starts with the key, and a dot where it is about something inside.
        name = str(error).split(" ")[0].split(".")[0]
        raise UsageError(f"{where(config, name)}{error}".rstrip(".")) from None


def _parsed(sources: Sequence[Source], known: Extracted) -> list[_Parsed]:
    """The files with their facts. Raises ValueError or RecursionError for bytes that are no facts.

    Each of the answers is decoded in its place: all facts in both forms would take much memory.
    """
    answers = known.answers
    for at, answer in enumerate(answers):
        answers[at] = decoded(answer)
    return [_Parsed(source, decoded(answers[at]), at in known.aside) for at, source in enumerate(sources)]


def _checked(
    parsed: Sequence[_Parsed], deployed: Files | None, models: Models, config: Config, tolerant: bool = False
) -> list[Finding]:
    """What the checks find. Unless ``tolerant``, an error of ours is raised; otherwise it is a finding, too."""
    start = perf_counter()
    files = [item.source.file for item in parsed]
    inputs = [
        LinkInput(file.display, file.relative, item.facts, file.target)
        for file, item in zip(files, parsed, strict=True)
        if not item.aside
    ]
    program = link(inputs, models, config, files=deployed, tolerant=tolerant)
    leave(program)
    linked = perf_counter()
    log.info("deployment: %s", program.deployment)
    known = {file.display for file in files}
    findings = [finding for finding in check(program) if finding.span.path in known]
    log.info("link: %.2f s, check: %.2f s", linked - start, perf_counter() - linked)
    return findings + list(_left_out(program, files[0].display))


def _left_out(program: Program, path: str) -> Iterator[Finding]:
    """A finding for every function that could not be analysed, and for every rule, which stands in the file ``path``."""
    failures = program.evaluator.failures
    for fid, error in failures.functions.items():
        function = program.index.functions.get(fid)
        name = function.facts.name if function is not None else program.qualified(fid)
        span = program.span(fid, function.facts.pos) if function is not None else Span(program.file(fid), 1, 1, 1, 2)
        yield _failed(error, f"`{name}` is left out", span)
    for name, error in failures.rules.items():
        yield _failed(error, f"{name} is not checked to its end", Span(path, 1, 1, 1, 2))


def _failed(error: Exception, what: str, span: Span) -> Finding:
    message = f"internal error ({type(error).__name__}: {error}): {what}; please report it with this file"
    if isinstance(error, RecursionError):
        message = f"calls or definitions follow from one another in too long a chain: {what}"
    return _unjudged(message, span)


def _broken(parsed: Sequence[_Parsed]) -> list[Finding]:
    """A finding for every file that could not be parsed or read; a note for what is only going to be a file of Python."""
    found: list[Finding] = []
    for item in parsed:
        problem = item.facts.problem
        if problem is None:
            continue
        at = Span(item.display, problem.line, problem.column, problem.line, problem.column + 1)
        if "{{" in item.source.file.relative:
            found.append(_unjudged(f"{problem.message} (the path says that it is a template)", at).at_severity("info"))
        else:
            found.append(_unjudged(problem.message, at))
    return found


def _unjudged(message: str, span: Span) -> Finding:
    broken = rule.by_code(SYNTAX_ERROR)
    return Finding(broken.code, broken.name, broken.severity, message, span, symbol="", function="")
