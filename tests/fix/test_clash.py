"""Two fixes that contradict each other: the better proved one stays, the other is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, mend
from modereview.records import Outcome, Status
from modereview.rules import check

TEXT = """\
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def forward(self, x):
        x = F.dropout(x, 0.5)
        return F.dropout(x, 0.2)
"""


def look(source):
    program = analyze(source)
    return program, check(program)


@pytest.mark.parametrize(("for_second", "kept"), [(1, "0.5, training="), (2, "0.2, training=")])
def test_the_better_proved_one_stays(for_second, kept):
    """One test wants the first fix alone; so many want the second alone."""

    def run(version):
        first, second = ("0.5, training=" in version.text, "0.2, training=" in version.text)
        wants = {"a": first and not second, **{f"b{n}": second and not first for n in range(for_second)}}
        return tuple(Outcome(case, Status.PASSED if ok else Status.FAILED) for case, ok in wants.items())

    source = parse.decode(Path("/project/train.py"), Path("/project"), TEXT.encode())
    done = mend(*look(source), run(source), (), Tools(look, run))
    assert kept in done.source.text and done.source.text.count("training=") == 1
    states = {v.finding.span.line: (v.state, v.reason) for v in done.verdicts}
    winner, loser = (6, 7) if for_second == 1 else (7, 6)
    assert states[winner][0] == "fixed"
    assert states[loser] == (
        "suggested",
        f"it contradicts the fix of MR201 at line {winner}, which is better proved",
    )
