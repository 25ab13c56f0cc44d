"""Scripts that misbehave when they run: the review ends, tells, and mends what it still can prove.

All are reviewed together, once. What the sandbox makes of each deed is tested in tests/run.
"""

from __future__ import annotations

import pytest

# What happens when the script is imported. Its definitions can be used all the same.
ON_IMPORT = {
    "exits": "raise SystemExit(3)",
    "forks": "import os\nos.fork()",
    "prints": "for _ in range(100): print('x' * 2**20)",
    "waits": "input('name? ')",
    "sleeps": "import time\ntime.sleep(10**6)",
    "eats": "hog = bytearray(2**36)",
}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory, modereview, zombie):
    root = tmp_path_factory.mktemp("hostile")
    for name, deed in ON_IMPORT.items():
        (root / f"{name}.py").write_text(f"{zombie}\n{deed}\n")
    (root / "dies.py").write_text(f"import os\n{zombie}".replace("return self.dropout", "os._exit(0)  #", 1))
    (root / "lacks.py").write_text(f"import no_such_package\n{zombie}")
    return root, modereview(root, "--timeout", "2")


@pytest.mark.parametrize("name", ON_IMPORT)
def test_what_happens_on_import_does_not_hide_the_fault(reviewed, name, mended):
    root, ran = reviewed
    assert (root / f"{name}.py").read_text() == f"{mended}\n{ON_IMPORT[name]}\n"
    assert f"{name}.py: 1 error, fixed and proved." in ran.text


def test_what_cannot_run_is_reported_and_left_alone(reviewed):
    root, ran = reviewed
    assert "dies.py: 1 error, fix suggested, not proved. No test was written." in ran.text
    assert "model.train()" not in (root / "dies.py").read_text()
    assert not (root / "test_dies_modes.py").exists()


def test_a_package_that_is_not_there_is_stood_in_for(reviewed):
    root, ran = reviewed
    assert "lacks.py: 1 error, fixed and proved." in ran.text
    assert 'stand_in_for("no_such_package")' in (root / "test_lacks_modes.py").read_text()


def test_the_report_says_why_and_what_to_do(reviewed):
    _, ran = reviewed
    assert "Not run: `Net` not reached: its process died." in ran.text


def test_all_is_told_and_nothing_is_a_fault_of_the_tool(reviewed):
    _, ran = reviewed
    assert (ran.code, ran.err) == (1, "")
    assert "8 files: 8 errors: 7 fixed and proved; 1 fix suggested, not proved." in ran.text
