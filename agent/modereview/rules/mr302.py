"""MR302 random-transform-in-evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Event, Finding, Program, Severity, Span
from modereview.rules import lookup
from modereview.rules.base import Rule, comment_at

# torchvision.transforms documentation: what draws anew for each sample, besides `Random...`.
_RANDOM = re.compile(
    r"^(Random\w+|ColorJitter|AutoAugment|RandAugment|TrivialAugmentWide|AugMix|ElasticTransform|GaussianBlur"
    r"|GaussianNoise|MixUp|CutMix|ScaleJitter)$"
)
_TRANSFORM_NAMES = ("transform", "transforms")
_CERTAIN_AT_ONE = re.compile(r"Flip|Invert|Grayscale|AutoContrast|Equalize|Posterize|Solarize")
_TRANSFORMS = ("torchvision.transforms.", "albumentations.")
_PASSING = frozenset({"DataLoader", "Subset", "random_split", "ConcatDataset"})
# Two random views of a sample are what such a validation measures.
_VIEWS = re.compile(r"simclr|contrast|moco|byol|dino|two_?crop|views|\btta\b|corrupt|robust", re.IGNORECASE)
_DEPTH = 4  # names followed from the data to its transform


def check(program: Program) -> Iterator[Finding]:
    """Random transforms that reach evaluation data, and evaluation loaders that shuffle (a note)."""
    text = program.source.text
    if "transforms" not in text and "shuffle" not in text and "albumentations" not in text:
        return
    seen: set[Span] = set()
    for function, name, value in _evaluation_data(program):
        found = None if _meant(program, name, value.span) else _random_in(program, function, value, _DEPTH)
        if found is not None and found.span not in seen:
            seen.add(found.span)
            yield _finding(program, function, name, value.span, found)
        if _shuffles(program, value) and value.span not in seen:
            seen.add(value.span)
            yield _shuffled(program, function, name, value.span)


def _evaluation_data(program: Program) -> Iterator[tuple[str, str, ir.Expr]]:
    """(function, name, value) of all that is named, keyed or asked for as evaluation data."""
    for function, body in lookup.scopes(program):
        for statement in walk.statements(body):
            for target, value in lookup.bindings(statement):
                name = walk.dotted(target) or ""
                if isinstance(value, ir.Call) and lookup.names_evaluation_data(name):
                    yield function, name, value
            for expr in (e for x in walk.expressions(statement) for e in walk.subexpressions(x)):
                yield from _keyed(function, expr)
                if isinstance(expr, ir.Call) and _asks_for_evaluation(expr):
                    yield function, walk.dotted(expr.func) or "", expr


def _keyed(function: str, expr: ir.Expr) -> Iterator[tuple[str, str, ir.Expr]]:
    for key, value in expr.items if isinstance(expr, ir.Pairs) else ():
        name = str(lookup.constant(key))
        if lookup.names_evaluation_data(name):
            yield function, name, value


def _asks_for_evaluation(call: ir.Call) -> bool:
    """A data set of `train=False` or `split="val"`; a transform that is given to it is for evaluation."""
    given = dict(call.kwargs)
    if "transform" not in given:
        return False
    split = str(lookup.constant(given.get("split")) or lookup.constant(given.get("image_set")))
    return lookup.constant(given.get("train")) is False or lookup.names_evaluation_data(split)


def _random_in(program: Program, function: str, expr: ir.Expr, depth: int) -> ir.Call | None:
    """The random transform that the data goes through, as far as names lead to it; none under conditions."""
    parts: tuple[ir.Expr, ...] = ()
    if isinstance(expr, ir.Call):
        assert program.names is not None
        origin = program.names.origin(expr.func) or ""
        last, given = origin.rpartition(".")[2], dict(expr.kwargs)
        if origin.startswith(_TRANSFORMS):
            if _is_random(last, given):
                return expr
            parts = (*expr.args, *given.values())
        elif last in _PASSING:
            parts = (*expr.args[:1], *(given[n] for n in ("dataset", "datasets") if n in given))
        else:
            parts = tuple(given[n] for n in _TRANSFORM_NAMES if n in given and not _has_another(given))
            parts += expr.args[1:] if origin.startswith("torchvision.datasets.") else ()
    elif isinstance(expr, ir.Items):
        parts = expr.items
    elif depth and isinstance(expr, ir.Name | ir.Attr) and not _is_replaced(program):
        value = lookup.assigned(program, function, expr)
        parts, depth = ((value,), depth - 1) if value is not None else ((), depth)
    return next((f for p in parts if (f := _random_in(program, function, p, depth))), None)


def _has_another(given: dict[str | None, ir.Expr]) -> bool:
    """Whether one for the evaluation is handed over as well: `split(data, transform=a, test_transform=b)`."""
    others = (name for name in given if name is not None and name.endswith(_TRANSFORM_NAMES))
    return any(name not in _TRANSFORM_NAMES and lookup.names_evaluation_data(name) for name in others)


def _is_random(last: str, given: dict[str | None, ir.Expr]) -> bool:
    chance = lookup.constant(given.get("p"))
    fixed = chance == 0 or (chance == 1 and bool(_CERTAIN_AT_ONE.search(last)))
    return bool(_RANDOM.match(last)) and not fixed


def _is_replaced(program: Program) -> bool:
    """Whether the file changes the transform of a data set after it was built."""
    return bool(
        re.search(r"\.transforms?\s*=[^=]", re.sub(r"self\.transforms?\s*=", "", program.source.text))
    )


def _shuffles(program: Program, value: ir.Expr) -> bool:
    assert program.names is not None
    if not isinstance(value, ir.Call):
        return False
    loader = (program.names.origin(value.func) or "").endswith("DataLoader")
    return loader and lookup.constant(lookup.argument(value, "shuffle", 2)) is True


def _meant(program: Program, name: str, span: Span) -> bool:
    comment = comment_at(program, span.line)
    return bool(_VIEWS.search(f"{name} {comment} {program.source.name}")) or says_deliberate(comment)


def _finding(program: Program, function: str, name: str, data: Span, transform: ir.Call) -> Finding:
    kind = program.source.slice(transform.func.span)
    return RULE.finding(
        program,
        transform.span,
        f"`{kind}` changes the evaluation data at random",
        evidence=(
            Event(data, f"evaluation data: `{name}`"),
            Event(transform.span, "each sample is changed here"),
        ),
        facts=(
            "two evaluations of one model give two results, and neither is of the data as it is",
            f"write a transform of its own for `{name}`, without `{kind}`: a fixed resize and crop instead",
        ),
        function=function,
        subject=name,
    )


def _shuffled(program: Program, function: str, name: str, span: Span) -> Finding:
    return RULE.finding(
        program,
        span,
        f"`{name}` is shuffled",
        severity=Severity.NOTE,
        facts=(
            "averages are the same in any order; predictions that are kept no longer line up with the data",
            "write `shuffle=False`",
        ),
        function=function,
        subject=name,
    )


RULE = Rule(
    id="MR302",
    name="random-transform-in-evaluation",
    severity=Severity.WARNING,
    summary="random augmentation, or `shuffle=True`, where the evaluation data is built",
    why=(
        "Augmentation is for training. On validation data it makes every evaluation another one: the best "
        "checkpoint is chosen by luck of the crops, and the number is not that of the data set. It often "
        "slips in when one transform serves both sets, or when a split comes out of an augmented set."
    ),
    source="https://github.com/gpleiss/efficient_densenet_pytorch/issues/51",
    bad="""\
from torchvision import datasets, transforms

def build(root):
    transform = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.ToTensor()])
    train_set = datasets.CIFAR10(root, train=True, transform=transform)
    test_set = datasets.CIFAR10(root, train=False, transform=transform)
    return train_set, test_set
""",
    good="""\
from torchvision import datasets, transforms

def build(root):
    augment = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.ToTensor()])
    train_set = datasets.CIFAR10(root, train=True, transform=augment)
    test_set = datasets.CIFAR10(root, train=False, transform=transforms.ToTensor())
    return train_set, test_set
""",
    not_flagged=(
        "a flip with `p=1` or `p=0`; a transform chosen by a condition; a data set whose `transform` is "
        "replaced later; a split that is handed another transform for the evaluation; random views where "
        "they are what is measured (contrastive learning, test-time augmentation, robustness). "
        "`shuffle=True` alone is a note: averages do not depend on the order."
    ),
    fix="explained: which transform an evaluation needs is for its author to say.",
    check=check,
    safe=False,
)
