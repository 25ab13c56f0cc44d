"""Writes the pages of docs/ that are made from other texts; --check compares.

json.md from the JSON report's schema, rules.md from the rules, contracts.md from the contracts and mutants.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from modereview.fix.mutants import kinds
from modereview.plan.contracts import contracts
from modereview.records import Contract
from modereview.rules import Rule, rules

ROOT = Path(__file__).absolute().parents[1]
SCHEMA = ROOT / "agent" / "modereview" / "report" / "schema.json"
JSON_PAGE = ROOT / "docs" / "json.md"
RULES_PAGE = ROOT / "docs" / "rules.md"
CONTRACTS_PAGE = ROOT / "docs" / "contracts.md"

HEAD = """\
# The JSON report

`modereview --format json` prints it, `--output json=FILE` writes it. This page is made from
[`schema.json`](../agent/modereview/report/schema.json) by `python tools/make_docs.py`.

Fields are never left out; new ones may be added without a new `version`. The text is ASCII.
"""

RULES_HEAD = """\
# The rules

`modereview rules` lists them, `modereview explain MR101` tells one in full. This page is made from the same
texts (`agent/modereview/rules/`) by `python tools/make_docs.py`; every example on it is a test.

The severity is the highest that a rule gives: a finding that is less certain says less. Notes never change
the exit code.

## Where a rule should not look

A comment takes back what is found on its line, or anywhere in a statement of several lines if it stands on
the first or the last of them. What follows the brackets is for people.

```python
logits = model(images)  # modereview: ignore[MR101] dropout stays on: Monte-Carlo estimate
```

`# modereview: ignore` without brackets takes back everything there, `ignore[MR101, MR2]` several rules or all
that start so, and `# modereview: ignore-file[MR403]`, on any line, what is found in the whole file. An ignore
that takes nothing back is a note (MR001). Comments of other tools mean nothing to modereview, and stay.

In `pyproject.toml`, with patterns as in `.gitignore` that count from its folder:

```toml
[tool.modereview]
ignore = ["MR401"]                 # nowhere
exclude = ["third_party/"]         # passed over in folders, like what .gitignore names
baseline = "modereview.json"       # findings that are known and left for later

[tool.modereview.per-file-ignores]
"notebooks/" = ["MR4"]
```

`modereview --static --write-baseline modereview.json .` writes down what there is; runs with that baseline
tell only what is new. A finding is known by its rule, file, function, subject and source line: it may move,
and it is new when its line changes. How many findings were not told stands in the text and JSON reports.

## The catalogue
"""

CONTRACTS_HEAD = """\
# Contracts and mutants

A test that modereview writes checks a *contract*: a behaviour that must hold whatever the model. No test
guesses expected values. This page is made from the contracts' own texts (`agent/modereview/plan/contracts/`)
and the kinds of mutants (`agent/modereview/fix/mutants/`) by `python tools/make_docs.py`.

## Which tests stay

A file gets every test whose contract has something to say about it; few stay.

1. Each runs five times, in another order, with other seeds and numbers of threads. One that cannot run is
   *broken*, one that does not always end the same way is *flaky*; both go.
2. Each mutant (below) is run against the tests that run its place, until one fails: that test *catches* it.
   A test that was never the first to catch one, and shows no fault that another does not show, is *useless*
   and goes. The basic contracts stay where they catch any mutant at all.
3. What stays is run once more by pytest itself.

A test that fails on your file shows a fault. Of contracts marked "tentative" that is believed only where a
rule that they prove was found, too. A mutant that no test catches is *equivalent* if a recorded run of
everything that the tests run has the same modes and outputs as without it; else it *survived*. `-v` tells all
of it: tests by what became of them, mutants by what became of them, and each survivor with its place.
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


def rules_page(rules: Sequence[Rule]) -> str:
    """The catalogue as Markdown: a table, then each rule with all its texts."""
    rows = "\n".join(map(_row, rules))
    table = f"| id | name | severity | |\n| --- | --- | --- | --- |\n{rows}\n"
    return "\n".join([RULES_HEAD, table, *map(_rule, rules)])


def _row(rule: Rule) -> str:
    link = f"[{rule.id}](#{rule.id.lower()}-{rule.name})"
    return f"| {link} | {rule.name} | {rule.severity.value} | {_cell(rule.summary)} |"


def _rule(rule: Rule) -> str:
    parts = [
        f"## {rule.id} {rule.name}",
        f"{_upper(rule.summary)} ({rule.severity.value}).",
        rule.why,
        f"Wrong:\n\n```python\n{rule.bad.strip()}\n```",
        f"Right:\n\n```python\n{rule.good.strip()}\n```",
        f"Not flagged: {rule.not_flagged}",
        f"Fix: {rule.fix}",
        f"Source: <{rule.source}>",
    ]
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def contracts_page() -> str:
    """Each contract with what it is for and the test it becomes; then the kinds of mutants."""
    mutants = "\n".join(f"- {_first_paragraph(kind.__doc__)}" for kind in kinds().values())
    return "\n".join(
        [
            CONTRACTS_HEAD,
            *map(_contract, contracts()),
            f"## Mutants\n\nEach is one fault in your file.\n\n{mutants}\n",
        ]
    )


def _contract(contract: Contract) -> str:
    marks = ["basic"] * contract.basic + ["tentative"] * contract.tentative
    parts = [
        f"## {contract.id}{f' ({marks[0]})' if marks else ''}",
        contract.why,
        f"Needs: {contract.needs}."
        + (f" Shows what {', '.join(contract.proves)} find." if contract.proves else ""),
        f"As pytest:\n\n```python\n{contract.template.strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").partition("\n\n")[0].split())


def main(words: list[str]) -> int:
    """Write the pages, or with --check compare them."""
    texts = {JSON_PAGE: page(json.loads(SCHEMA.read_text(encoding="utf-8"))), RULES_PAGE: rules_page(rules())}
    texts[CONTRACTS_PAGE] = contracts_page()
    if "--check" not in words:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        return 0
    old = [p.name for p, text in texts.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    if old:
        print(f"docs/{' and docs/'.join(old)} out of date. Run: python tools/make_docs.py", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
