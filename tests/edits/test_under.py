"""Statements put under a header of their own: what is indented, and what must stay where it is."""

from __future__ import annotations

import pytest
from modereview import edits, parse

NO_GRAD = "with torch.no_grad():"
# What the header stands over: from the line with `first` to the statement with `last`.
UNDER = {
    "one statement": ("first()\nlast()\nb()\n", "with torch.no_grad():\n    first()\n    last()\nb()\n"),
    "an empty line keeps empty": (
        "def f():\n    first()\n\n    last()\n",
        "def f():\n    with torch.no_grad():\n        first()\n\n        last()\n",
    ),
    "comments move along": (
        "first()  # a\n# b\nlast()\n# c\n",
        "with torch.no_grad():\n    first()  # a\n    # b\n    last()\n# c\n",
    ),
    "comments that end its last block do, those of the file do not": (
        "first()\nif last():\n    a()\n\n    # b()\n# c\n",
        "with torch.no_grad():\n    first()\n    if last():\n        a()\n\n        # b()\n# c\n",
    ),
    "a comment above goes along": (
        "a()\n\n# b\nfirst()\nlast()\n",
        "a()\n\nwith torch.no_grad():\n    # b\n    first()\n    last()\n",
    ),
    "comments of the file, or of tools, do not": (
        "# coding: utf-8\nfirst()\n# %% cell\nlast()\n",
        "# coding: utf-8\nwith torch.no_grad():\n    first()\n    # %% cell\n    last()\n",
    ),
    "nor does what opens a cell": (
        "a()\n# %% cell\n# b\nfirst()\nlast()\n",
        "a()\n# %% cell\nwith torch.no_grad():\n    # b\n    first()\n    last()\n",
    ),
    "inside of a string nothing moves": (
        'first()\nx = """a\n  b\n"""; last(f"""c\nd {\ne} """)\n',
        'with torch.no_grad():\n    first()\n    x = """a\n  b\n"""; last(f"""c\nd {\ne} """)\n',
    ),
    "backslashes and brackets move": (
        "first()\nx = 1 + \\\n  2\nlast(\n  3,\n)\n",
        "with torch.no_grad():\n    first()\n    x = 1 + \\\n      2\n    last(\n      3,\n    )\n",
    ),
    "a block with its else": (
        "first()\nif last():\n  a()\nelse:\n  b()\nc()\n",
        "with torch.no_grad():\n  first()\n  if last():\n    a()\n  else:\n    b()\nc()\n",
    ),
    "tabs and CRLF": (
        "def f():\r\n\tfirst()\r\n\tlast()\r\n",
        "def f():\r\n\twith torch.no_grad():\r\n\t\tfirst()\r\n\t\tlast()\r\n",
    ),
    "decorators belong to it": (
        "@first\ndef f(): pass\nlast()\n",
        "with torch.no_grad():\n    @first\n    def f(): pass\n    last()\n",
    ),
    "no last newline": ("first()\nlast()", "with torch.no_grad():\n    first()\n    last()"),
    "form feed": ("a()\n\ffirst()\nlast()\n", "a()\n\fwith torch.no_grad():\n    first()\n    last()\n"),
}


def wrapped(sources, text, *footer):
    source = sources.make(text)
    first, last = sources.span(source, "first"), sources.span(source, "last")
    return parse.apply(
        source, edits.wrap(source, first, last, NO_GRAD if not footer else "try:", *footer)
    ).text


@pytest.mark.parametrize("case", UNDER)
def test_statements_under_a_header(case, sources):
    before, after = UNDER[case]
    assert wrapped(sources, before) == after


def test_a_footer_goes_behind_them(sources):
    before = "def f():\n    first()\n    return last()  # c\n"
    after = (
        "def f():\n    try:\n        first()\n        return last()  # c\n    finally:\n        a.train()\n"
    )
    assert wrapped(sources, before, "finally:\n    a.train()") == after


@pytest.mark.parametrize("text", ["if a: first(); last()\n", "first()\nif a:\n    last()\n"])
def test_what_is_no_stretch_of_one_block_is_refused(text, sources):
    with pytest.raises(ValueError, match=r"train\.py:1"):
        wrapped(sources, text)
