"""The regular expressions by which text is told from code without parsing."""

from __future__ import annotations

from typing import Final


def _string(quotes: str) -> str:
    """A literal up to its closing quotes, or up to where it breaks off."""
    quote = quotes[0]
    if len(quotes) == 3:
        return rf"{quotes}[^{quote}\\]*+(?:(?:\\.|{quote}(?!{quote}{quote}))[^{quote}\\]*+)*+(?:{quotes})?"
    return rf"{quote}[^{quote}\\\r\n]*+(?:\\(?:\r\n|.)[^{quote}\\\r\n]*+)*+{quote}?"


STRING: Final = "|".join(_string(quotes) for quotes in ('"""', "'''", '"', "'"))
COMMENT: Final = r"#[^\r\n]*+"
"""Both for use with ``re.DOTALL``."""
