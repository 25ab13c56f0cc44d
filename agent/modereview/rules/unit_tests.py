"""Files of unit tests: what they train and evaluate is thrown away."""

from __future__ import annotations

import re

from modereview.records import Program

_NAME = re.compile(r"^(test_.*|.*_test|conftest)$")
_FRAMEWORKS = {"pytest", "unittest", "hypothesis"}


def is_unit_test(program: Program) -> bool:
    """Whether the file is one of a test suite; many a script that evaluates is called `test_net.py`, too."""
    path = program.source.path
    if not _NAME.match(path.stem):
        return False
    return bool(_FRAMEWORKS & set(program.imports)) or "tests" in path.relative_to(program.source.root).parts
