"""Attacks on the verdict: code under test that wants a failing test to pass.

Each is the body of a function that the failing test calls; `ON_IMPORT` is run when the script is loaded.
"""

PRINTS_A_PASS = 'print("\\n1 passed in 0.01s", flush=True)'
EXITS_WITH_ZERO = """
import os
print("1 passed", flush=True)
os._exit(0)
"""
RAISES_SYSTEM_EXIT = "raise SystemExit(0)"
CLOSES_DESCRIPTORS = """
import os
os.closerange(0, 4096)
"""
WRITES_INTO_EVERY_PIPE = """
import json, os
passed = {"event": "outcome", "case": "test_it", "status": "passed", "message": "", "seconds": 0}
for number in range(3, 4096):
    for line in (passed, ["", passed], ["0" * 32, passed], [None, passed]):
        try:
            os.write(number, json.dumps(line).encode() + b"\\n")
        except OSError:
            break
os._exit(0)
"""
PATCHES_PYTEST = """
import pytest, _pytest.runner, _pytest.reports
pytest.fail = lambda *a, **k: None
_pytest.runner.check_interactive_exception = lambda *a: False
_pytest.reports.TestReport.from_item_and_call = classmethod(lambda *a: None)
"""
PATCHES_THE_RUNNER = """
import sys
for name, module in list(sys.modules.items()):
    if hasattr(module, "judge") and hasattr(module, "Verdict"):
        module.judge = lambda *a: module.Verdict("passed")
"""
PATCHES_WHAT_TESTS_ASK = """
import torch
torch.allclose = torch.equal = lambda *a, **k: True
"""
REPLACES_THE_CODE_OF_A_HELPER = """
import sys
for module in list(sys.modules.values()):
    helper = getattr(module, "same", None)
    if getattr(helper, "__module__", "") == getattr(module, "__name__", None):
        helper.__code__ = (lambda first, second: True).__code__
"""
FORKS_AND_SPEAKS_TWICE = """
import os
if os.fork() == 0:
    return
os._exit(0)
"""
FAKES = {name: body for name, body in list(vars().items()) if name.isupper()}
