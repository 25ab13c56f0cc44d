"""The SARIF report for code scanning.

https://docs.github.com/en/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
"""

from __future__ import annotations

import base64
import gzip
import json

from modereview.github.answers import Object, Refused
from modereview.github.pull import Pull

_OFF = (403, 404)  # not enabled, or no permission; both are said, neither is a failure


def upload(pull: Pull, head: str, document: Object) -> str:
    """Upload it, and say in a sentence how that went."""
    content = gzip.compress(json.dumps(document).encode(), mtime=0)
    body = {
        "commit_sha": head,
        "ref": f"refs/pull/{pull.number}/head",
        "sarif": base64.b64encode(content).decode(),
        "tool_name": "modereview",
    }
    try:
        pull.client.send("POST", f"{pull.at}/code-scanning/sarifs", body)
    except Refused as refused:
        if refused.status in _OFF:
            return f"Code scanning took no report ({refused.reason}): it is off here, or the token may not."
        return f"Code scanning refused the report ({refused})."
    return "The SARIF report is with code scanning."
