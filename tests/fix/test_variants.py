"""The faults in the styles people write, each mended as a maintainer would.

`variants/NAME/bad.py` lies beside `mended.py` (one pair are notebooks): read it with `diff -u`. Here every
fix is made that leaves the analysis content, as `--unproved --unsafe-fixes` does where nothing can be run;
`python tests/fix/prove_variants.py` has them proved.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Mended, Tools, mend
from modereview.records import Finding, Program, Severity, Source
from modereview.rules import check

FOLDER = Path(__file__).with_name("variants")
VARIANTS = sorted(path.name for path in FOLDER.iterdir())
each_variant = pytest.mark.parametrize("name", VARIANTS)


def look(source: Source) -> tuple[Program, tuple[Finding, ...]]:
    program = analyze(source)
    return program, tuple(f for f in check(program) if f.severity is not Severity.NOTE)


def pair(name: str) -> tuple[Path, Path]:
    """A variant and its golden file."""
    (bad,) = (FOLDER / name).glob("bad.*")
    return bad, bad.with_stem("mended")


def mended(path: Path) -> Mended:
    source = parse.decode(Path("/project", f"script{path.suffix}"), Path("/project"), path.read_bytes())
    tools = Tools(look, run=lambda _: (), unsafe=True, unproved=True)
    return mend(*look(source), (), (), tools)


def test_there_are_at_least_thirty() -> None:
    assert len(VARIANTS) >= 30


@each_variant
def test_it_is_mended_as_a_maintainer_would(name: str) -> None:
    bad, golden = pair(name)
    after = mended(bad).source
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_bytes(after.raw)
    assert after.raw.decode() == golden.read_text()


@each_variant
def test_what_is_mended_has_no_fault_left_and_stays_as_it_is(name: str) -> None:
    again = mended(pair(name)[1])
    assert again.verdicts == ()
