"""Changes of one file's text, gathered before they become edits: everything else stays byte for byte."""

from __future__ import annotations

from flaskglobals_lint.finding import Edit, Span
from flaskglobals_lint.fixes.code import Code
from flaskglobals_lint.fixes.refused import Refused


class Draft:
    """What is to change in a file. Columns and lines are those of the text as it was."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._changes: dict[tuple[int, int], str] = {}
        self._steps: dict[int, int] = {}

    def replace(self, start: int, end: int, text: str) -> None:
        """Put ``text`` in place of the characters from ``start`` up to ``end``. Raises Refused if that was changed already."""
        for (other, until), known in self._changes.items():
            if (start, end) == (other, until):
                if known != text and start != end:
                    raise Refused("two changes meet on one line")
            elif start < until and other < end:
                raise Refused("two changes meet on one line")
        if start == end and (start, end) in self._changes:
            if self._changes[start, end] != text:
                self._changes[start, end] += text
            return
        self._changes[start, end] = text

    def insert_line(self, before: int, text: str) -> None:
        """Put a whole line before the line of that number, which may be one past the last."""
        code = self.code
        if before <= len(code.lines.starts):
            at = code.lines.starts[before - 1]
            lead = ""
        else:
            at, lead = len(code.text), ""
        if at == len(code.text) and code.text and not code.text.endswith(("\n", "\r")):
            lead = code.newline
            self.replace(at, at, f"{lead}{text}")
            return
        self.replace(at, at, f"{text}{code.newline}")

    def delete_line(self, number: int) -> None:
        starts = self.code.lines.starts
        end = starts[number] if number < len(starts) else len(self.code.text)
        self.replace(starts[number - 1], end, "")

    def step(self, first: int, last: int, steps: int = 1) -> None:
        """Indent lines further, or less."""
        for number in range(first, last + 1):
            self._steps[number] = self._steps.get(number, 0) + steps

    def edits(self) -> tuple[Edit, ...]:
        """The changes, lines that touch as one edit."""
        code = self.code
        changes = dict(self._changes)
        inserted: dict[int, str] = {}
        for number, steps in self._steps.items():
            line = code.line(number)
            if not steps or not line.strip() or number in code.inside_texts:
                continue
            at = code.lines.starts[number - 1]
            if steps > 0:
                inserted[at] = code.unit * steps
            else:
                unit = code.unit * -steps
                if not line.startswith(unit):
                    raise Refused("the indentation is not even")
                changes[at, at + len(unit)] = ""
        for at, text in inserted.items():
            covered = any(start <= at < end for start, end in changes if start != end)
            if not covered:
                changes[at, at] = changes.get((at, at), "") + text
        return tuple(self._coalesced(changes))

    def _coalesced(self, changes: dict[tuple[int, int], str]) -> list[Edit]:
        code = self.code
        runs: list[tuple[int, int, list[tuple[int, int, str]]]] = []
        for (start, end), text in sorted(changes.items()):
            pure = start == end and text.endswith(("\n", "\r")) and start in code.lines.starts
            first = code.lines.place(start)[0]
            last = first - 1 if pure else code.lines.place(max(start, end - 1))[0]
            if runs and not pure and first <= runs[-1][1] + 1 and runs[-1][1] >= runs[-1][0]:
                low, high, parts = runs[-1]
                runs[-1] = (low, max(high, last), [*parts, (start, end, text)])
            else:
                runs.append((first, last, [(start, end, text)]))
        edits = []
        for low, high, parts in runs:
            if high < low:  # whole lines put between two others
                edits.append(Edit(Span(code.path, low, 1, low, 1), parts[0][2]))
                continue
            begin = code.lines.starts[low - 1]
            stop = code.lines.starts[high] if high < len(code.lines.starts) else len(code.text)
            at, pieces = begin, []
            for start, end, text in parts:
                pieces += [code.text[at:start], text]
                at = end
            pieces.append(code.text[at:stop])
            until = (high + 1, 1) if high < len(code.lines.starts) else code.lines.place(stop)
            edits.append(Edit(Span(code.path, low, 1, *until), "".join(pieces)))
        return edits
