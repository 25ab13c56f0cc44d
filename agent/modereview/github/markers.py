"""Hidden lines by which the bot knows its own comments again. They count only in comments it wrote itself."""

from __future__ import annotations

import re

SUMMARY = "<!-- modereview:summary -->"
_FINDING = re.compile(r"<!-- modereview:finding ([0-9a-f]{16})( gone)? -->")


def finding(fingerprint: str, gone: bool = False) -> str:
    """The first line of a comment about a finding."""
    return f"<!-- modereview:finding {fingerprint}{' gone' if gone else ''} -->"


def read(body: str) -> tuple[str, bool] | None:
    """The fingerprint that a comment is about, and whether it says that the finding went away."""
    match = _FINDING.match(body)
    return (match[1], bool(match[2])) if match else None
