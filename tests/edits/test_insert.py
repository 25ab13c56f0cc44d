from __future__ import annotations

import pytest
from modereview import edits

NEW = "model.train()"

FIRST = {
    "loop": ("for x in y:\n    f(x)\n", "for x", "for x in y:\n    model.train()\n    f(x)\n"),
    "indented by its line": (
        "def f():\n  while a:\n    b()\n",
        "while",
        "def f():\n  while a:\n    model.train()\n    b()\n",
    ),
    "comment stays with the old first statement": (
        "for x in y:  # epochs\n    # forward\n    f(x)\n",
        "for x",
        "for x in y:  # epochs\n    model.train()\n    # forward\n    f(x)\n",
    ),
    "behind a docstring": (
        'def f():\n    """Doc.\n\n    More.\n    """  # why\n\n    g()\n',
        "def f",
        'def f():\n    """Doc.\n\n    More.\n    """  # why\n    model.train()\n\n    g()\n',
    ),
    "behind what is declared": (
        'def f():\n    "doc"\n    global a, b\n    nonlocal c  # d\n\n    g()\n',
        "def f",
        'def f():\n    "doc"\n    global a, b\n    nonlocal c  # d\n    model.train()\n\n    g()\n',
    ),
    "behind what is declared in one line": (
        "def f(): global a; g()\n",
        "def f",
        "def f():\n    global a\n    model.train()\n    g()\n",
    ),
    "a string in a loop is no docstring": (
        'for x in y:\n    "s"\n',
        "for x",
        'for x in y:\n    model.train()\n    "s"\n',
    ),
    "one line": ("for x in y: f(x)  # c\n", "for x", "for x in y:\n    model.train()\n    f(x)  # c\n"),
    "one line of several": (
        "if a: b(); c()\n",
        "if a",
        "if a:\n    model.train()\n    b(); c()\n",
    ),
    "one line with docstring": (
        'def f(): "doc"; return 1\n',
        "def f",
        'def f():\n    "doc"\n    model.train()\n    return 1\n',
    ),
    "one line, docstring alone": (
        'def f(): "doc"  # c\n',
        "def f",
        'def f():\n    "doc"\n    model.train()  # c\n',
    ),
    "one line on two": ("if a: \\\n  b()\n", "if a", "if a:\n    model.train()\n    b()\n"),
    "header of several lines": (
        "for x in (\n    1,  # one\n    2,\n):  # c\n    f(x)\n",
        "for x",
        "for x in (\n    1,  # one\n    2,\n):  # c\n    model.train()\n    f(x)\n",
    ),
    "decorated and async": (
        "@a\n@b(1)\nasync def f():\n    async with c:\n        d()\n",
        "async def",
        "@a\n@b(1)\nasync def f():\n    model.train()\n    async with c:\n        d()\n",
    ),
    "by its decorator": ("@a\ndef f():\n    d()\n", "@a", "@a\ndef f():\n    model.train()\n    d()\n"),
    "first is decorated": (
        "def f():\n    # c\n    @a\n    def g(): pass\n",
        "def f",
        "def f():\n    model.train()\n    # c\n    @a\n    def g(): pass\n",
    ),
    "elif": (
        "if a:\n    b()\nelif c:\n    d()\n",
        "elif",
        "if a:\n    b()\nelif c:\n    model.train()\n    d()\n",
    ),
    "tabs": (
        "for x in y:\n\tif x:\n\t\tf(x)\n",
        "if x",
        "for x in y:\n\tif x:\n\t\tmodel.train()\n\t\tf(x)\n",
    ),
    "tabs, one line": (
        "def g():\n\tfor x in y: f(x)\n",
        "for x",
        "def g():\n\tfor x in y:\n\t\tmodel.train()\n\t\tf(x)\n",
    ),
    "CRLF": ("for x in y:\r\n    f(x)\r\n", "for x", "for x in y:\r\n    model.train()\r\n    f(x)\r\n"),
    "CR": ("for x in y:\r    f(x)\r", "for x", "for x in y:\r    model.train()\r    f(x)\r"),
    "no last newline": ("with a: f(x)", "with", "with a:\n    model.train()\n    f(x)"),
    "form feed": (
        "x = 1\n\ffor x in y:\n    f(x)\n",
        "for x",
        "x = 1\n\ffor x in y:\n    model.train()\n    f(x)\n",
    ),
}

BEFORE = {
    "simple": ("a()\nb()\n", "b()", "a()\nmodel.train()\nb()\n"),
    "inside an expression": ("x = f(\n    g(y),\n)\n", "g(y)", "model.train()\nx = f(\n    g(y),\n)\n"),
    "semicolons": ("def f():\n    a(); b()\n", "b()", "def f():\n    model.train()\n    a(); b()\n"),
    "decorators": (
        "@a\n# c\n@b\ndef f():\n    pass\n",
        "def f",
        "model.train()\n@a\n# c\n@b\ndef f():\n    pass\n",
    ),
    "header": (
        "if a:\n    for x in g(y):\n        pass\n",
        "g(y)",
        "if a:\n    model.train()\n    for x in g(y):\n        pass\n",
    ),
    "elif belongs to its if": (
        "if a:\n    b()\nelif c:\n    d()\n",
        "c:",
        "model.train()\nif a:\n    b()\nelif c:\n    d()\n",
    ),
    "one line": (
        "if a:\n    pass\nelse: f(x)\n",
        "f(x)",
        "if a:\n    pass\nelse:\n    model.train()\n    f(x)\n",
    ),
    "comment stays above": ("# c\na()\n", "a()", "# c\nmodel.train()\na()\n"),
    "backslash": ("y = 1\nx = 1 + \\\n    f()\n", "f()", "y = 1\nmodel.train()\nx = 1 + \\\n    f()\n"),
    "wide characters": (
        "def f():\n    s = 'é𝄞'; g(s)\n",
        "g(s)",
        "def f():\n    model.train()\n    s = 'é𝄞'; g(s)\n",
    ),
    "CRLF and tab": ("def f():\r\n\ta()\r\n", "a()", "def f():\r\n\tmodel.train()\r\n\ta()\r\n"),
}

AFTER = {
    "decorator of the first in a block": (
        "class A:\n    @a(1)\n    def f(self): pass\nb()\n",
        "a(1)",
        "class A:\n    @a(1)\n    def f(self): pass\n    model.train()\nb()\n",
    ),
    "simple": ("a()  # c\nb()\n", "a()", "a()  # c\nmodel.train()\nb()\n"),
    "several lines": (
        "x = f(\n    a,\n)  # c\ny = 1\n",
        "x = f",
        "x = f(\n    a,\n)  # c\nmodel.train()\ny = 1\n",
    ),
    "behind the comments of its block": (
        "for x in y:\n    f(x)\n    # g(x)\n# then\nh()\n",
        "for x",
        "for x in y:\n    f(x)\n    # g(x)\nmodel.train()\n# then\nh()\n",
    ),
    "semicolons": ("a(); b()\n", "a()", "a(); b()\nmodel.train()\n"),
    "compound with its else": (
        "for x in y:\n    a()\nelse:\n    b()\n    # end\nc()\n",
        "for x",
        "for x in y:\n    a()\nelse:\n    b()\n    # end\nmodel.train()\nc()\n",
    ),
    "decorated": ("@a\ndef f():\n    pass\nb()\n", "def f", "@a\ndef f():\n    pass\nmodel.train()\nb()\n"),
    "one line": ("if a: f(x)  # c\ng()\n", "f(x)", "if a:\n    f(x)  # c\n    model.train()\ng()\n"),
    "last in block": (
        "def f():\n    a()\n\n\nb()\n",
        "a()",
        "def f():\n    a()\n    model.train()\n\n\nb()\n",
    ),
    "no last newline": ("def f():\n    a()", "a()", "def f():\n    a()\n    model.train()"),
    "CRLF": ("a()\r\nb()\r\n", "a()", "a()\r\nmodel.train()\r\nb()\r\n"),
}


@pytest.mark.parametrize("case", FIRST)
def test_insert_first(case, sources):
    before, needle, after = FIRST[case]
    source = sources.make(before)
    assert sources.after(source, edits.insert_first(source, sources.span(source, needle), NEW)) == after


@pytest.mark.parametrize("case", BEFORE)
def test_insert_before(case, sources):
    before, needle, after = BEFORE[case]
    source = sources.make(before)
    assert sources.after(source, edits.insert_before(source, sources.span(source, needle), NEW)) == after


@pytest.mark.parametrize("case", AFTER)
def test_insert_after(case, sources):
    before, needle, after = AFTER[case]
    source = sources.make(before)
    assert sources.after(source, edits.insert_after(source, sources.span(source, needle), NEW)) == after


def test_a_statement_of_several_lines_takes_the_files_indentation(sources):
    source = sources.make("def f():\r\n\ta()\r\n")
    edit = edits.insert_first(source, sources.span(source, "def f"), "if b:\n    c()")
    assert sources.after(source, edit) == "def f():\r\n\tif b:\r\n\t\tc()\r\n\ta()\r\n"


def test_where_there_is_no_body_there_is_no_edit(sources):
    source = sources.make("a()\nb()\n")
    with pytest.raises(ValueError, match=r"train\.py:2"):
        edits.insert_first(source, sources.span(source, "b()"), NEW)


def test_a_tree_as_deep_as_parse_lets_pass_can_be_edited(sources):
    source = sources.make("x = " + "f(" * 150 + ")" * 150 + "\n")
    edit = edits.insert_before(source, sources.span(source, "f()"), NEW)
    assert sources.after(source, edit).startswith("model.train()\nx = f(f(")
