"""The pipeline: discover, extract, link, check, select, suppress. The only module that knows its order.

A run that an earlier one has answered imports little more than this module.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from flaskglobals_lint import results, rulebook, sources
from flaskglobals_lint.cache import Cache, code, folder_for, key
from flaskglobals_lint.config import Config
from flaskglobals_lint.deploy.files import Files
from flaskglobals_lint.discover import Discovery, Stdin, discover, root_of
from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.gitignore import posix
from flaskglobals_lint.proposals import with_fixes
from flaskglobals_lint.report import FORMATS
from flaskglobals_lint.settings import Vocabulary, load
from flaskglobals_lint.sources import Contents, Source, Texts

if TYPE_CHECKING:
    from flaskglobals_lint.baseline import Baseline
    from flaskglobals_lint.extraction import Extracted, Progress

_WITHOUT_INFLUENCE = frozenset(
    {
        *("exclude", "extend-exclude", "force-exclude", "respect-gitignore"),  # they decide which files there are
        "per-file-ignores",  # the codes are told for each file
        *("min-severity", "baseline", "output-format", "exit-zero"),  # they choose among what was found
        *("jobs", "cache", "cache-dir", "file"),
    }
)
"""Options that are no part of the key of a result; any other is."""

log = logging.getLogger(__name__)


def lint(
    paths: Sequence[str | os.PathLike[str]] = (".",),
    config: Config | None = None,
    *,
    cwd: Path | None = None,
    stdin: Stdin | None = None,
    progress: Progress | None = None,
    overlay: Mapping[str, bytes] | None = None,
    fixes: bool = False,
) -> Report:
    """Lint files and folders as one program, and report what was found in them.

    Without a ``config`` the project's own is read. The path ``-`` stands for ``stdin``. Raises UsageError if a path does
    not exist or the configuration is wrong. ``overlay`` are contents to be judged in place of those of files, by printed
    path. With ``fixes`` each finding tells the best one, if there is any.
    """
    collecting = gc.isenabled()
    # Trees and facts hold no cycles worth looking for, and the collector would walk through all of them again and again.
    gc.disable()
    try:
        return _lint(paths, config, cwd or Path.cwd(), stdin, progress, overlay or {}, fixes)
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
    fixes: bool,
) -> Report:
    names = [os.fspath(path) for path in paths]
    config = config or configure(names, cwd, stdin=stdin)
    baseline = _baseline(config.baseline) if config.baseline else None
    store = Cache(folder_for(root_of(names, cwd, stdin), config.cache_dir, config.cache))
    try:
        found = discover(names, config, cwd, stdin, store)
        if overlay:
            changed = (replace(file, text=overlay.get(file.display, file.text)) for file in found.files)
            found = replace(found, files=tuple(changed))
        log.info("root: %s, files: %d, to be judged: %d", found.root, len(found.files), len(found.targets))
        if not found.targets:
            return Report((), 0)
        read = sources.read(found.files)
        result = _result(found, read, config, store, progress)
        report = _report(result, read, config, baseline, cwd)
        return with_fixes(report, read, store) if fixes else report
    finally:
        store.close()


def _report(
    result: results.Result, read: Sequence[Source], config: Config, baseline: Baseline | None, cwd: Path
) -> Report:
    """What of a result is told: new findings in the targets, grave enough."""
    judged = {source.file.display for source in read if source.file.target}
    findings = [finding for finding in result.findings if finding.span.path in judged]
    contents = Contents(read)
    fixed: tuple[str, ...] = ()
    if baseline:
        matched = baseline.match(findings, _texts(findings, contents), sorted(judged), cwd)
        findings = list(matched.new)
        fixed = tuple(str(known) for known in matched.fixed if config.selects(known.code))
    shown = [finding for finding in findings if config.shows(finding.severity)]
    log.info("findings: %d, and %d below %s", len(shown), len(findings) - len(shown), config.min_severity)
    return Report(
        findings=tuple(shown),
        files=len(judged),
        errors=sum(path in judged for path in result.broken),
        sources=_texts(shown, contents),
        fixed=fixed,
    )


def _baseline(file: Path) -> Baseline:
    from flaskglobals_lint.baseline import Baseline

    return Baseline.read(file)


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


def _result(
    found: Discovery, read: Sequence[Source], config: Config, store: Cache, progress: Progress | None
) -> results.Result:
    """What an earlier run over the same program found or, if there is none, what this one finds."""
    names = [(source.file.display, source.file.relative) for source in read]
    files = Files.beside(names, found.root) if config.server == "auto" else None
    top = found.root.as_posix()
    question = _Question(read, [config.ignored_in(posix(source.file.path), top) for source in read], config)
    # What an editor holds changes with each key.
    kept = Cache(None) if any(source.file.text is not None for source in read) else store
    program = b""
    facts: Extracted | None = None
    if store.keeps:
        written = question.about([source.digest for source in read])
        program = store.get(key("facts of", written)) or b""
        if not program:
            facts = _extracted(read, config, store, progress)
            # Another comment or another layout of the last lines is no other program.
            program = question.about(facts.digests)
            kept.put(key("facts of", written), program)
        if (result := _known(program, files, store)) is not None:
            log.info("cache: nothing that matters has changed since an earlier run")
            _note(question, program, kept)
            return result
    facts = facts or _extracted(read, config, store, progress)
    result = _moved(question, facts, files, store) if store.keeps else None
    if result is None:
        from flaskglobals_lint.analysis import analyse

        if files is not None:
            files.asked.clear()
        sources.fold(read)
        result = analyse(read, facts, files, question.ignored, config, store)
    if kept.keeps:
        from flaskglobals_lint.earlier import remember

        _keep(program, files, result, kept)
        remember(kept, program, facts)
        _note(question, program, kept)
    return result


def _moved(question: _Question, facts: Extracted, files: Files | None, store: Cache) -> results.Result | None:
    """What the last run found, if since then nothing but lines has moved, and those in files that it does not tell of."""
    from flaskglobals_lint.earlier import recall

    latest = store.get(question.latest)
    last = recall(store, latest, facts) if latest else None
    if last is None:
        return None
    if files is not None:
        files.asked.clear()
    result = _known(question.about(last.digests), files, store)
    if result is None or any(result.tells_of(question.read[at].file.display) for at in last.changed):
        return None
    log.info("cache: only lines have moved since an earlier run")
    return result


def _note(question: _Question, program: bytes, store: Cache) -> None:
    """Keep which program was judged last."""
    if store.get(question.latest) != program:
        store.put(question.latest, program)


def _extracted(read: Sequence[Source], config: Config, store: Cache, progress: Progress | None) -> Extracted:
    from flaskglobals_lint.extraction import extracted

    return extracted(read, config, store, progress)


def _known(program: bytes, files: Files | None, store: Cache) -> results.Result | None:
    """What was found before, if the files that tell how the application is run still say the same.

    Which of them matter shows only as they are read, so one question after the other is answered, each kept under a hash of
    the program and of all answers before it.
    """
    state = program
    try:
        while files is not None and (question := store.get(key("question", state))):
            state = _answered(state, question, files.answer(question.decode("utf-8", "surrogatepass")))
        content = store.get(key("result", state))
        return None if content is None else results.decode(content)
    except (ValueError, RecursionError):
        log.info("cache: a question or a result of the wrong shape")
        return None


def _keep(program: bytes, files: Files | None, result: results.Result, store: Cache) -> None:
    state = program
    for text, answer in files.asked.items() if files is not None else ():
        question = text.encode("utf-8", "surrogatepass")
        store.put(key("question", state), question)
        state = _answered(state, question, answer)
    store.put(key("result", state), results.encode(result))


def _answered(state: bytes, question: bytes, answer: bytes) -> bytes:
    return key("answer", state, question, answer)


class _Question(NamedTuple):
    """What is asked; ``ignored`` are the codes that are turned off in each file."""

    read: Sequence[Source]
    ignored: Sequence[tuple[str, ...]]
    config: Config

    @property
    def latest(self) -> bytes:
        """The key of the hint which program was judged last."""
        return key("latest", self.about(()))

    def about(self, digests: Sequence[bytes]) -> bytes:
        """A hash of all that an analysis depends on, but for what other files answer. Which files are targets does not matter.

        ``digests`` stand for what is in the files; without them the hash is that of the question alone.
        """
        options = {name: value for name, value in self.config.settings().items() if name not in _WITHOUT_INFLUENCE}
        settings = json.dumps(options, sort_keys=True, default=_plain)
        files = [
            (source.file.display, source.file.relative, source.problem, digest.hex(), codes)
            for source, digest, codes in zip(self.read, digests or repeat(b""), self.ignored, strict=bool(digests))
        ]
        return key("program", code(), settings.encode(), json.dumps(files).encode())


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else repr(value)


def _texts(findings: Sequence[Finding], contents: Mapping[str, bytes]) -> Texts:
    """The text of every file that a finding points at."""
    paths = {span.path for finding in findings for span in (finding.span, *finding.related)}
    return Texts({path: contents[path] for path in sorted(paths) if path in contents})


class _CallableModule(ModuleType):
    """``flaskglobals_lint.lint`` is this module once it is imported, and the function to those who call it."""

    def __call__(self, *args: object, **keywords: object) -> Report:
        return lint(*args, **keywords)  # type: ignore[arg-type]


sys.modules[__name__].__class__ = _CallableModule
