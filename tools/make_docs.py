"""Writes docs/json.md from the schema of the JSON report. With --check it only compares."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).absolute().parents[1]
SCHEMA = ROOT / "agent" / "modereview" / "report" / "schema.json"
PAGE = ROOT / "docs" / "json.md"

HEAD = """\
# The JSON report

`modereview --format json` prints it, `--output json=FILE` writes it. This page is made from
[`schema.json`](../agent/modereview/report/schema.json) by `python tools/make_docs.py`.

Fields are never left out; new ones may be added without a new `version`. The text is ASCII.
"""

Schema = dict[str, Any]


def page(schema: Schema) -> str:
    """The page as Markdown: the document first, then each kind of object it holds."""
    sections = [
        ("The document", schema),
        *((name.capitalize(), part) for name, part in schema["$defs"].items()),
    ]
    return "\n".join([HEAD, *(_section(title, part) for title, part in sections)])


def _section(title: str, schema: Schema) -> str:
    rows = "\n".join(f"| `{name}` | {kind} | {text} |" for name, kind, text in _fields(schema, ""))
    return (
        f"## {title}\n\n{schema['description']}\n\n| field | type | meaning |\n| --- | --- | --- |\n{rows}\n"
    )


def _fields(schema: Schema, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each field; those of objects without a name of their own follow theirs."""
    for name, part in schema["properties"].items():
        yield prefix + name, _kind(part), part.get("description", "").replace("|", "\\|")
        inner = part.get("items", part)
        if "properties" in inner:
            yield from _fields(inner, f"{prefix}{name}{'[]' if inner is not part else ''}.")


def _kind(schema: Schema) -> str:
    """The type in words, with a link where it has a section."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name})"
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema["type"])


def main(words: list[str]) -> int:
    """Write the page, or with --check compare it."""
    text = page(json.loads(SCHEMA.read_text(encoding="utf-8")))
    if "--check" not in words:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/json.md does not match the schema. Run: python tools/make_docs.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
