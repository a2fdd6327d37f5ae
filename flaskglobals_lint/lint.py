"""The pipeline: discover, extract, link, check, select, suppress. The only module that knows its order."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import TypeAlias

import msgspec

from flaskglobals_lint import facts, rulebook
from flaskglobals_lint.baseline import Baseline
from flaskglobals_lint.cache import Cache, code, folder_for, key
from flaskglobals_lint.checks import check
from flaskglobals_lint.config import Config, UsageError
from flaskglobals_lint.discover import Discovery, SourceFile, Stdin, discover
from flaskglobals_lint.ending import leave
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.finding import Finding, Report, Span
from flaskglobals_lint.link import link
from flaskglobals_lint.link.inputs import LinkInput
from flaskglobals_lint.models import Models
from flaskglobals_lint.models import load as load_models
from flaskglobals_lint.pool import available_cores, decoded, encoded, extract_all
from flaskglobals_lint.report import FORMATS
from flaskglobals_lint.settings import Vocabulary, load, where
from flaskglobals_lint.suppress import FileNotes, suppress

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file and its facts."""

    file: SourceFile
    facts: facts.Module


def lint(
    paths: Sequence[str | os.PathLike[str]] = (".",),
    config: Config | None = None,
    *,
    cwd: Path | None = None,
    stdin: Stdin | None = None,
    progress: Progress | None = None,
    overlay: Mapping[str, bytes] | None = None,
) -> Report:
    """Lint files and folders as one program, and report what was found in them.

    Without a ``config`` the project's own is read. The path ``-`` stands for ``stdin``. Raises UsageError if a path does
    not exist or the configuration is wrong. ``overlay`` are contents to be judged in place of those of files, by printed
    path.
    """
    collecting = gc.isenabled()
    # Trees and facts hold no cycles worth looking for, and the collector would walk through all of them again and again.
    gc.disable()
    try:
        return _lint(paths, config, cwd or Path.cwd(), stdin, progress, overlay or {})
    finally:
        if collecting:
            gc.enable()


def _lint(
    paths: Sequence[str | os.PathLike[str]],
    config: Config | None,
    cwd: Path,
    stdin: Stdin | None,
    progress: Progress | None,
    overlay: Mapping[str, bytes],
) -> Report:
    names = [os.fspath(path) for path in paths]
    config = config or configure(names, cwd, stdin=stdin)
    models = _models(config)
    baseline = Baseline.read(config.baseline) if config.baseline else None
    found = discover(names, config, cwd, stdin)
    if overlay:
        changed = (replace(file, text=overlay.get(file.display, file.text)) for file in found.files)
        found = replace(found, files=tuple(changed))
    log.info("root: %s", found.root)
    if not found.targets:
        return Report((), 0)
    parsed = _extract(found, config, progress)
    try:
        checked = _checked(parsed, found.root, models, config)
    except Exception:
        if not config.cache:
            raise
        # Facts that somebody put into the cache may be of the right shape and make no sense: only the files count.
        log.info("analysing all files anew")
        parsed = _extract(found, config, progress, fresh=True)
        checked = _checked(parsed, found.root, models, config)
    findings = _suppressed(_broken(parsed) + checked, parsed, found.root, config)
    fixed: tuple[str, ...] = ()
    if baseline:
        judged = [item.file.display for item in parsed if item.file.target]
        matched = baseline.match(findings, _sources(findings, parsed), judged, cwd)
        findings = list(matched.new)
        fixed = tuple(str(known) for known in matched.fixed if config.selects(known.code))
    shown = sorted((finding for finding in findings if config.shows(finding.severity)), key=lambda item: item.sort_key)
    log.info("findings: %d, and %d below %s", len(shown), len(findings) - len(shown), config.min_severity)
    targets = [item for item in parsed if item.file.target]
    return Report(
        findings=tuple(shown),
        files=len(targets),
        errors=sum(item.facts.problem is not None for item in targets),
        sources=_sources(shown, parsed),
        fixed=fixed,
    )


def configure(
    paths: Sequence[str],
    cwd: Path,
    *,
    options: Mapping[str, object] | None = None,
    file: Path | None = None,
    isolated: bool = False,
    stdin: Stdin | None = None,
) -> Config:
    """The configuration for a run over ``paths``; ``options`` are those of the command line. Raises UsageError."""
    first = paths[0] if paths else "."
    if first == "-" and stdin:
        first = stdin.name
    start = Path(os.path.normpath(cwd / first))
    vocabulary = Vocabulary(rulebook.names(), tuple(FORMATS))
    config = load(vocabulary, start if os.path.isdir(start) else start.parent, cwd, options or {}, file, isolated)
    log.info("configuration: %s", config.file or "none")
    return config


def _models(config: Config) -> Models:
    try:
        return load_models(config.model_tables() or None)
    except ValueError as error:
        # The message starts with the key, and a dot where it is about something inside.
        key = str(error).split(" ")[0].split(".")[0]
        raise UsageError(f"{where(config, key)}{error}".rstrip(".")) from None


def _extract(found: Discovery, config: Config, progress: Progress | None, *, fresh: bool = False) -> list[_Parsed]:
    """The facts of every file that is still there; those of ``fresh`` files are not taken from the cache."""
    start = perf_counter()
    folder = None if fresh else folder_for(found.root, config.cache_dir, config.cache)
    store = Cache(folder)
    known = code("facts.py", "extract") if folder is not None else b""
    files: list[SourceFile] = []
    modules: list[facts.Module | None] = []
    names: list[bytes] = []
    wanted: list[bytes] = []
    for file in found.files:
        try:
            source = file.read()
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = facts.SyntaxProblem(f"the file cannot be read: {error.strerror}", 1, 1)
            module: facts.Module | None = facts.Module((), (), (), (), problem)
            name = b""
        else:
            name = key("facts", known, source)
            module = _decoded(store.get(name))
            if module is None:
                wanted.append(source)
        files.append(file)
        modules.append(module)
        names.append(name)
    hits = len(files) - len(wanted)
    report = (lambda done: progress(hits + done, len(files))) if progress else None
    extracted = iter(extract_all(wanted, config.jobs or available_cores(), report))
    parsed = []
    for file, known_module, name in zip(files, modules, names, strict=True):
        if known_module is not None:
            parsed.append(_Parsed(file, known_module))
            continue
        content = next(extracted)
        if file.text is None and folder is not None:  # what an editor holds changes with each key
            store.put(name, encoded(content))
        parsed.append(_Parsed(file, decoded(content)))
    store.close()
    if progress:
        progress(len(files), len(files))
    log.info("cache: %d of %d files known", hits, len(files))
    log.info("extract: %d files, %d to be judged, %.2f s", len(parsed), len(found.targets), perf_counter() - start)
    return parsed


@cache
def _decoder() -> msgspec.msgpack.Decoder[facts.Module]:
    return msgspec.msgpack.Decoder(facts.Module)


def _decoded(content: bytes | None) -> facts.Module | None:
    """Facts from the cache, None if there are none that could be ours."""
    try:
        return None if content is None else _decoder().decode(content)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _checked(parsed: Sequence[_Parsed], root: Path, models: Models, config: Config) -> list[Finding]:
    """What the checks find in the targets."""
    start = perf_counter()
    inputs = [LinkInput(item.file.display, item.file.relative, item.facts, item.file.target) for item in parsed]
    program = link(inputs, models, config, root=root)
    leave(program)
    linked = perf_counter()
    log.info("deployment: %s", program.deployment)
    targets = {item.file.display for item in parsed if item.file.target}
    findings = [finding for finding in check(program) if finding.span.path in targets]
    log.info("link: %.2f s, check: %.2f s", linked - start, perf_counter() - linked)
    return findings


def _broken(parsed: Sequence[_Parsed]) -> list[Finding]:
    """A finding for every target that could not be parsed or read."""
    rule = rulebook.UNPARSED
    return [
        Finding(
            code=rule.code,
            name=rule.name,
            severity=rule.severity,
            message=problem.message,
            span=Span(item.file.display, problem.line, problem.column, problem.line, problem.column + 1),
            symbol="",
            function="",
        )
        for item in parsed
        if item.file.target and (problem := item.facts.problem)
    ]


def _suppressed(findings: list[Finding], parsed: Sequence[_Parsed], root: Path, config: Config) -> list[Finding]:
    top = root.as_posix()
    notes = {
        item.file.display: FileNotes(
            tuple(note for note in item.facts.comments if note.kind != "noqa" or not config.ignore_noqa),
            config.ignored_in(item.file.path.as_posix(), top),
        )
        for item in parsed
        if item.file.target
    }
    return suppress([finding for finding in findings if config.selects(finding.code)], notes, config.selects)


def _sources(findings: Sequence[Finding], parsed: Sequence[_Parsed]) -> dict[str, str]:
    """The text of every file that a finding points at, as far as it can be read again."""
    files = {item.file.display: item.file for item in parsed}
    sources: dict[str, str] = {}
    for finding in findings:
        for span in (finding.span, *finding.related):
            if span.path in files and span.path not in sources:
                try:
                    text = decode(files[span.path].read())
                except OSError:
                    continue
                sources[span.path] = text if isinstance(text, str) else ""
    return sources


class _CallableModule(ModuleType):
    """``flaskglobals_lint.lint`` is this module once it is imported, and the function to those who call it."""

    def __call__(self, *args: object, **keywords: object) -> Report:
        return lint(*args, **keywords)  # type: ignore[arg-type]


sys.modules[__name__].__class__ = _CallableModule
