from __future__ import annotations

import pytest
from modereview import edits

REMOVED = {
    "a line with its comment": ("a()\n# b\nmodel.eval()  # c\nd()\n", "a()\n# b\nd()\n"),
    "first of a line": ("model.eval(); a()\n", "a()\n"),
    "last of a line": ("a(); model.eval()  # c\n", "a()  # c\n"),
    "between": ("a(); model.eval(); b()\n", "a(); b()\n"),
    "alone in a block": (
        "if a:\n    # c\n    model.eval()  # d\nb()\n",
        "if a:\n    # c\n    pass  # d\nb()\n",
    ),
    "alone on the header's line": ("if a: model.eval()\n", "if a: pass\n"),
    "one of two on the header's line": ("if a: model.eval(); b()\n", "if a: b()\n"),
    "alone in the file": ("# c\nmodel.eval()\n", "# c\npass\n"),
    "over lines": ("a()\nmodel.eval(\n)\nb()\n", "a()\nb()\n"),
    "last line, no newline": ("a()\nmodel.eval()", "a()"),
    "CRLF": ("a()\r\nmodel.eval()\r\nb()\r\n", "a()\r\nb()\r\n"),
}


@pytest.mark.parametrize("case", REMOVED)
def test_remove_statement(case, sources):
    before, after = REMOVED[case]
    source = sources.make(before)
    edit = edits.remove_statement(source, sources.span(source, "model.eval("))
    assert sources.after(source, edit) == after


def test_remove_a_decorated_function(sources):
    source = sources.make("@a\ndef f():\n    pass\nb()\n")
    assert sources.after(source, edits.remove_statement(source, sources.span(source, "def f"))) == "b()\n"


def test_remove_the_only_statement_decorators_included(sources):
    source = sources.make("class A:\n    @a\n    def f(self): return 1\n")
    assert (
        sources.after(source, edits.remove_statement(source, sources.span(source, "def f")))
        == "class A:\n    pass\n"
    )


def test_replace_keeps_the_newline_of_the_file(sources):
    source = sources.make("x = é\r\ny = 2\r\n")
    assert (
        sources.after(source, edits.replace(source, sources.span(source, "é"), "(\n1)"))
        == "x = (\r\n1)\r\ny = 2\r\n"
    )
