"""What becomes of a case: only an assertion of the test file itself speaks about the user's code."""

import textwrap

import pytest
from modereview.records import Status

CASES = """
import pytest, torch, sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).absolute().parents[1]))

def deep():
    assert False, "from a helper of the file"

def test_passes():
    assert torch.ones(2).sum() == 2
def test_fails():
    assert 1 == 2, "modes differ\\nand more"
def test_fails_without_words():
    assert 1 == 2
def test_fails_in_helper():
    deep()
def test_calls_fail():
    pytest.fail("by hand")
def test_compares():
    torch.testing.assert_close(torch.ones(1), torch.zeros(1))
def test_raises():
    raise ValueError("bad\\nrecipe")
def test_asserts_elsewhere():
    import asserting
    asserting.check()
def test_skips():
    pytest.skip("no reason")
def test_exits():
    sys.exit(0)
"""


@pytest.mark.parametrize("how", ["direct", "pytest"])
def test_statuses_and_messages(run, how):
    found = run(CASES, how=how, asserting_py=b"def check():\n    assert False, 'the user\\'s own'\n")
    told = {case.removeprefix("test_"): (o.status.value, o.message) for case, o in found.items()}
    assert told["passes"] == ("passed", "")
    assert told["fails"] == ("failed", "modes differ\nand more")
    assert told["fails_without_words"] == ("failed", "assert 1 == 2")
    assert told["fails_in_helper"] == ("failed", "from a helper of the file")
    assert told["calls_fail"] == ("failed", "by hand")
    assert told["compares"][0] == "failed"
    assert told["raises"] == ("broken", "ValueError: bad")
    assert told["asserts_elsewhere"] == ("broken", "AssertionError: the user's own")
    assert told["skips"] == ("broken", "skipped: no reason")
    assert told["exits"] == ("broken", "SystemExit: 0")


@pytest.mark.parametrize("how", ["direct", "pytest"])
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("x = = 1", "SyntaxError"),
    ],
)
def test_a_file_that_does_not_load_breaks_every_case(run, how, code, message):
    found = run(f"{code}\ndef test_a():\n    pass\n", "test_a", "test_b[Net]", how=how)
    assert [(o.case, o.status) for o in found.values()] == [
        ("test_a", Status.BROKEN),
        ("test_b[Net]", Status.BROKEN),
    ]
    assert found["test_a"].message.startswith(message)


def test_without_names_the_file_itself_tells_what_broke(run):
    assert list(run("import nowhere\ndef test_a(): pass\ndef test_b(): pass\n")) == ["test_a", "test_b"]


@pytest.mark.parametrize("how", ["direct", "pytest"])
def test_names_choose_cases_and_unknown_ones_are_broken(run, how):
    code = "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n): pass\ndef test_b(): pass\n"
    found = run(code, "test_a", "test_c", how=how)
    assert {case: o.status for case, o in found.items()} == {
        "test_a[1]": Status.PASSED,
        "test_a[2]": Status.PASSED,
        "test_c": Status.BROKEN,
    }
    assert list(run(code, "test_a[2]", how=how)) == ["test_a[2]"]


XFAIL = """
import pytest
@pytest.mark.xfail(strict=True, raises=AssertionError, reason="MR101")
def test_expected(): assert False, "no"
@pytest.mark.xfail(strict=True, raises=AssertionError, reason="MR101")
def test_wrong_error(): raise ValueError("x")
@pytest.mark.xfail(strict=True, raises=AssertionError, reason="MR101")
def test_mended(): pass
"""


def test_expected_failures_count_in_pytest(run):
    found = run(XFAIL, how="pytest")
    assert found["test_expected"].status is Status.PASSED
    assert found["test_expected"].message == "xfail: MR101"
    assert found["test_wrong_error"].status is Status.BROKEN
    assert found["test_mended"].status is Status.FAILED


def test_expected_failures_are_raw_when_run_directly(run):
    statuses = [o.status for o in run(XFAIL).values()]
    assert statuses == [Status.FAILED, Status.BROKEN, Status.PASSED]


def test_what_the_direct_runner_does_not_know_goes_to_pytest(run):
    code = textwrap.dedent("""
        import pytest
        class TestIt:
            def test_method(self, capsys):
                print("x")
                assert capsys.readouterr().out == "x\\n"
        @pytest.mark.xfail(strict=True)
        def test_raw(): assert False, "counts"
    """)
    assert {case: o.status for case, o in run(code).items()} == {
        "TestIt::test_method": Status.PASSED,
        "test_raw": Status.FAILED,
    }


def test_a_fixture_that_fails_is_broken_even_by_assertion(run):
    code = "import pytest\n@pytest.fixture\ndef net(): assert False, 'x'\ndef test_a(net): pass\n"
    assert run(code)["test_a"].status is Status.BROKEN
    assert run(code, how="pytest")["test_a"].status is Status.BROKEN


def test_a_teardown_that_fails_is_broken(run):
    fixture = "@pytest.fixture\ndef net():\n    yield 1\n    raise OSError('late')\n"
    code = f"import pytest\n{fixture}def test_a(net): pass\n"
    assert run(code)["test_a"].message == "OSError: late"
    assert run(code, how="pytest")["test_a"].message == "OSError: late"
