from __future__ import annotations

import pytest
from modereview import edits

INIT = {
    "behind super": (
        "class A(B):\n  def __init__(self):\n    super().__init__()\n\n  def f(self): pass\n",
        "class A(B):\n  def __init__(self):\n    super().__init__()\n    self.d = 1\n\n  def f(self): pass\n",
    ),
    "behind a block": (
        "class A:\n  def __init__(self):\n    if a:\n      b()\n    else:\n      c()  # d\n",
        "class A:\n  def __init__(self):\n    if a:\n      b()\n    else:\n      c()  # d\n    self.d = 1\n",
    ),
    "one line": (
        "class A:\n    def __init__(self): super().__init__()\n",
        "class A:\n    def __init__(self):\n        super().__init__()\n        self.d = 1\n",
    ),
}


@pytest.mark.parametrize("case", INIT)
def test_insert_in_init(case, sources):
    before, after = INIT[case]
    source = sources.make(before)
    edit = edits.insert_in_init(source, sources.span(source, "class A"), "self.d = 1")
    assert edit is not None
    assert sources.after(source, edit) == after


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def f(self): pass\n",
        "class A:\n    def __init__(self):\n        if a:\n            return\n        b()\n",
        "class A:\n    class B:\n        def __init__(self): pass\n",
    ],
)
def test_no_init_to_insert_into(text, sources):
    source = sources.make(text)
    assert edits.insert_in_init(source, sources.span(source, "class A"), "self.d = 1") is None


def test_free_name(sources):
    source = sources.make("class A:\n    def f(self): self.drop = self.drop_2\n\nself.other = 1\n")
    span = sources.span(source, "class A")
    assert edits.free_name(source, span, "other") == "other"
    assert edits.free_name(source, span, "drop") == "drop_3"
    assert edits.free_name(source, span, "f") == "f_2"


def test_a_method_goes_behind_init(sources):
    source = sources.make("class A:\n  def __init__(self):\n    a()\n\n  def f(self): pass\n")
    edit = edits.insert_method(source, sources.span(source, "class A"), "def g(self):\n    b()")
    assert sources.after(source, edit) == (
        "class A:\n  def __init__(self):\n    a()\n\n  def g(self):\n    b()\n\n  def f(self): pass\n"
    )


def test_a_method_goes_last_where_there_is_no_init(sources):
    source = sources.make("class A:\n    x = 1\n")
    edit = edits.insert_method(source, sources.span(source, "class A"), "def g(self): pass")
    assert sources.after(source, edit) == "class A:\n    x = 1\n\n    def g(self): pass\n"


def test_rename_method(sources):
    source = sources.make("class A:\n    @b\n    def  train (self): train()\n")
    edit = edits.rename_method(source, sources.span(source, "@b"), "fit")
    assert sources.after(source, edit) == "class A:\n    @b\n    def  fit (self): train()\n"
    with pytest.raises(ValueError):
        edits.rename_method(source, sources.span(source, "class A"), "fit")
