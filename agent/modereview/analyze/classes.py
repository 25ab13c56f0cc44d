"""Which classes are modules, and what they inherit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from modereview.analyze import ir, walk
from modereview.analyze.names import Names
from modereview.analyze.torchfacts import MODELESS

_FORWARD = re.compile(r"forward_(?!.*(backward|step|pass|batch|epoch|loop))")
_MODULE_NAME = re.compile(r"Module(Class)?$")
# Bases of libraries that add no layer (their source).
_BARE_BASES = (
    ".LightningModule",
    ".PreTrainedModel",
    ".ModelMixin",
    ".ConfigMixin",
    ".GenerationMixin",
    ".PyTorchModelHubMixin",
)
# Bases from here make no module, whatever methods a class has.
_NO_MODULES = ("abc.", "typing.", "torch.", "enum.")


def module_names(names: Names) -> frozenset[str]:
    """Qualified names of the classes that are modules, by inheritance in the file and by import alias.

    A class with a `forward` method is taken for one as well where a base of it, or of a base, is not in view;
    so is one whose unseen base is called a module, or that registers buffers.
    """
    found = {c.name for c in names.classes.values() if _comes_from_elsewhere(c, names) and _is_like_one(c)}
    for _ in names.classes:  # at most one new level of inheritance a round
        more = {c.name for c in names.classes.values() if any(_is_module(b, names, found) for b in c.bases)}
        if more <= found:
            break
        found |= more
    return frozenset(found)


def _is_module(base: ir.Expr, names: Names, known: set[str]) -> bool:
    cls = names.class_at(base)
    origin = names.origin(base) or ""
    return (
        (cls is not None and cls.name in known)
        or origin.startswith("torch.nn.")
        or origin.endswith((".LightningModule", ".Module", "ModelMixin", "PreTrainedModel"))
    )


def _is_like_one(cls: ir.Class) -> bool:
    """Whether it does what modules do, or its base is called so: `BaseModuleClass`."""
    named = any(_MODULE_NAME.search(walk.dotted(base) or "") for base in cls.bases)
    return named or _runs_forward(cls) or _registers(cls)


def _registers(cls: ir.Class) -> bool:
    calls = (walk.dotted(c.func) for m in cls.methods for c in walk.calls(m.body))
    return any(call in ("self.register_buffer", "self.register_parameter") for call in calls)


def _runs_forward(cls: ir.Class) -> bool:
    """Whether it has a `forward` of instances, or a `forward_asr`; that of an autograd function is static.

    A `forward_backward` is a trainer's.
    """
    names = [m.short for m in cls.methods if [p.name for p in m.params[:1]] == ["self"]]
    return "forward" in names or (any(map(_FORWARD.match, names)) and not _goes_backward(cls))


def _goes_backward(cls: ir.Class) -> bool:
    calls = (c for m in cls.methods for c in walk.calls(m.body))
    return any(isinstance(c.func, ir.Attr) and c.func.name == "backward" for c in calls)


def has_base_elsewhere(
    cls: ir.Class, names: Names, but: Callable[[str], bool] = lambda origin: False
) -> bool:
    """Whether a base is imported from a file that is not in view; torch's own and `but` are known."""
    origins = [names.origin(b) or "" for b in cls.bases if names.class_at(b) is None]
    return any(o and not o.startswith(_NO_MODULES) and not but(o) for o in origins)


def _comes_from_elsewhere(cls: ir.Class, names: Names) -> bool:
    """Whether some base of it, or of its bases in view, is not in view."""
    return any(has_base_elsewhere(each, names) for each in lineage(cls, names))


def lineage(cls: ir.Class, names: Names) -> Iterator[ir.Class]:
    """A class and its bases in view, nearest first, each once."""
    todo, seen = [cls], set[str]()
    while todo:
        each = todo.pop(0)
        if each.name not in seen:
            seen.add(each.name)
            yield each
            todo += [base for b in each.bases if (base := names.class_at(b)) is not None]


def is_optimizer(cls: ir.Class, names: Names) -> bool:
    """Whether it inherits an optimizer: `class BertAdam(Optimizer)`."""
    bases = (base for each in lineage(cls, names) for base in each.bases)
    return any((walk.dotted(base) or "").endswith("Optimizer") for base in bases)


def is_bare_base(origin: str) -> bool:
    """Whether a base of a library adds no layer that depends on the mode."""
    return origin.endswith(_BARE_BASES) or origin.startswith(MODELESS)


def inherited(cls: ir.Class, name: str, names: Names) -> ir.Function | None:
    """The method of that name of the bases in view: what `super()` means in a method of the class."""
    todo, seen = [*cls.bases], {cls.name}
    while todo:
        base = names.class_at(todo.pop(0))
        if base is None or base.name in seen:
            continue
        own = base.method(name)
        if own is not None:
            return own
        seen.add(base.name)
        todo = [*base.bases, *todo]
    return None


def is_framework_class(cls: ir.Class, names: Names) -> bool:
    """Whether a framework calls the class's hooks and switches modes around them (Lightning and kin)."""
    return any(
        any(word in (names.origin(b) or walk.dotted(b) or "") for word in ("Lightning", "pl.", "Callback"))
        for b in cls.bases
    )
