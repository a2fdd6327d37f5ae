"""The fixes that a report shows: the best of each finding, kept like the findings themselves."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from flaskglobals_lint import results
from flaskglobals_lint.cache import Cache, code, key
from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.results import Result
from flaskglobals_lint.sources import Contents, Source

log = logging.getLogger(__name__)


def with_fixes(report: Report, read: Sequence[Source], store: Cache) -> Report:
    """The report with the best fix of each finding, as far as there is one; ``read`` are the files of the program."""
    if not any(finding.remedies for finding in report.findings):
        return report
    files = [source.file.display.encode("utf-8", "surrogatepass") + source.digest for source in read]
    name = key("fixes", code(), results.encode(Result(report.findings, ())), *files)
    if (kept := store.get(name)) is not None:
        try:
            return replace(report, findings=results.decode(kept).findings)
        except ValueError:
            log.info("cache: fixes of the wrong shape")
    findings = _proposed(report.findings, Contents(read))
    store.put(name, results.encode(Result(findings, ())))
    return replace(report, findings=findings)


def _proposed(findings: Sequence[Finding], contents: Mapping[str, bytes]) -> tuple[Finding, ...]:
    from flaskglobals_lint.extract.source import decode
    from flaskglobals_lint.fixes import Fixer

    def text(path: str) -> str | None:
        found = decode(contents[path]) if path in contents else None
        return found if isinstance(found, str) else None

    fixer = Fixer(text)
    proposed = []
    for finding in findings:
        fixes, _ = fixer.fixes(finding) if finding.remedies else ([], "")
        proposed.append(replace(finding, fix=fixes[0]) if fixes else finding)
    return tuple(proposed)
