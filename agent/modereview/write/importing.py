"""The test that proves a main guard: importing the script trains nothing, running it still does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from modereview.records import Case, Finding, Suite

_RULE = "MR901"
# What stops a training must pass every `except Exception` of the script.
_CODE = '''\
def test_import_starts_no_training(monkeypatch, tmp_path):
    """Importing the script trains nothing; run as a program it still trains."""

    class Trains(BaseException):
        """Raised in place of the first backward pass."""

    def stop(*args, **kwargs):
        raise Trains

    def trains(name):
        try:
            runpy.run_path(str(SCRIPT), run_name=name)
        except Trains:
            return True
        return False

    monkeypatch.setattr(torch.Tensor, "backward", stop)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT)])
    monkeypatch.syspath_prepend(SCRIPT.parent)
    monkeypatch.chdir(tmp_path)
    assert trains("__main__"), "the script trains when it is run"
    assert not trains(SCRIPT.stem), "to import the script starts its training"
'''
_CASE = Case(
    name="test_import_starts_no_training",
    code=_CODE.rstrip(),
    contract="import_starts_no_training",
    targets=(),
    proves=(_RULE,),
    author="builtin",
    imports=("import runpy", "import sys"),
)


def with_import(suite: Suite, findings: Iterable[Finding]) -> Suite:
    """The suite with that test, where importing the script starts a training."""
    found = any(finding.rule == _RULE for finding in findings)
    return replace(suite, cases=(*suite.cases, _CASE)) if found else suite
