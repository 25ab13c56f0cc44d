"""The faults in the styles people write, each mended as a maintainer would.

`variants/NAME/bad.py` lies beside `mended.py`: read a pair with `diff -u`. Here every fix is made that leaves
the analysis content, as `--unproved --unsafe-fixes` does where nothing can be run;
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


def mended(raw: bytes) -> Mended:
    source = parse.decode(Path("/project/script.py"), Path("/project"), raw)
    tools = Tools(look, run=lambda _: (), unsafe=True, unproved=True)
    return mend(*look(source), (), (), tools)


def test_there_are_at_least_thirty() -> None:
    assert len(VARIANTS) >= 30


@each_variant
def test_it_is_mended_as_a_maintainer_would(name: str) -> None:
    after = mended((FOLDER / name / "bad.py").read_bytes()).source
    golden = FOLDER / name / "mended.py"
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_bytes(after.raw)
    assert after.text == golden.read_text()


@each_variant
def test_what_is_mended_has_no_fault_left_and_stays_as_it_is(name: str) -> None:
    again = mended((FOLDER / name / "mended.py").read_bytes())
    assert again.verdicts == ()
