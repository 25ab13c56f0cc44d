"""The SARIF report for code scanning.

https://docs.github.com/en/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

from modereview.github.answers import Refused
from modereview.github.handover import contents
from modereview.github.pull import Pull

_OFF = (403, 404)  # not enabled, or no permission; both are said, neither is a failure


def upload(pull: Pull, head: str, sarif: Path) -> str:
    """Upload it, and say in a sentence how that went. Raises InputError for a file that is no SARIF."""
    content = _checked(contents(sarif, "SARIF report"))
    if content is None:
        return "The SARIF report is out of shape and was not uploaded."
    body = {
        "commit_sha": head,
        "ref": f"refs/pull/{pull.number}/head",
        "sarif": base64.b64encode(gzip.compress(content, mtime=0)).decode(),
        "tool_name": "modereview",
    }
    try:
        pull.client.send("POST", f"{pull.at}/code-scanning/sarifs", body)
    except Refused as refused:
        if refused.status in _OFF:
            return f"Code scanning took no report ({refused.reason}): it is off here, or the token may not."
        return f"Code scanning refused the report ({refused})."
    return "The SARIF report is with code scanning."


def _checked(content: bytes) -> bytes | None:
    """The report written anew from what was read, if it is one run of ours; a stranger may have made it."""
    try:
        document = json.loads(content)
        names = [run["tool"]["driver"]["name"] for run in document["runs"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return json.dumps(document).encode() if names == ["modereview"] else None
