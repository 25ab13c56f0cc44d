"""The small representation: what is left of Python, and where it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.analyze import ir, walk
from modereview.analyze.lower import lower
from modereview.records import Source, Span

KINDS = {
    "x = 1": ir.Assign,
    "x: int = 1": ir.Assign,
    "x += 1": ir.Assign,
    "f()": ir.Do,
    "assert f()": ir.Do,
    "if a: b": ir.If,
    "for a in b: c": ir.Loop,
    "while a: b": ir.Loop,
    "with a as b: c": ir.With,
    "try: a\nfinally: b": ir.Try,
    "try: a\nexcept E: b": ir.Try,
    "raise a": ir.Leave,
    "def f(): return 1": ir.Define,
    "async def f(): await g()": ir.Define,
    "class A: pass": ir.DefineClass,
    "import a": ir.Import,
    "match a:\n    case 1: b\n    case _: c": ir.If,
}


@pytest.mark.parametrize("text", KINDS)
def test_each_statement_becomes_one_of_a_few_kinds(text: str, source: Callable[[str], Source]):
    (statement,) = lower(source(text + "\n"))
    assert type(statement) is KINDS[text]


def test_spans_count_code_points(source: Callable[[str], Source]):
    text = 'é = "ü"; modèle.eval()\n'
    statement = lower(source(text))[1]
    assert statement.span == Span(1, 10, 1, 23)
    assert source(text).slice(statement.span) == "modèle.eval()"


def test_names_are_qualified(source: Callable[[str], Source]):
    block = lower(source("class A:\n    def f(self):\n        def g(): pass\n"))
    functions = [s.function for s in walk.statements(block, nested=True) if isinstance(s, ir.Define)]
    assert [(f.name, f.short, f.method_of) for f in functions] == [("A.f.g", "g", None)]
    (definition,) = block
    assert isinstance(definition, ir.DefineClass)
    assert [(m.name, m.method_of) for m in definition.cls.methods] == [("A.f", "A")]


def test_a_generator_is_told_from_a_function_that_holds_one(source: Callable[[str], Source]):
    block = lower(source("def f():\n    yield 1\ndef g():\n    def h():\n        yield 1\n"))
    assert [s.function.yields for s in block if isinstance(s, ir.Define)] == [True, False]


def test_a_chain_of_comparisons_is_a_conjunction(source: Callable[[str], Source]):
    (statement,) = lower(source("a < b == c\n"))
    assert isinstance(statement, ir.Do)
    assert isinstance(statement.value, ir.Logic)
    assert [o.op for o in statement.value.operands if isinstance(o, ir.Compare)] == ["<", "=="]


def test_every_call_is_met_once(source: Callable[[str], Source]):
    text = """\
        @d()
        def f(a=g()):
            with h() as b, i():
                return [j(x) for x in k() if l()] + [lambda: m(), n() if o() else p()]
    """
    calls = walk.calls(lower(source(text)), nested=True)
    assert sorted(walk.dotted(c.func) or "" for c in calls) == list("dghijklmnop")
