"""What shows that a thing that is called is a network, and no other object that can be called."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.analyze.frames import Record
from modereview.analyze.modules import Modules
from modereview.analyze.roles import Roles
from modereview.analyze.torchfacts import CONTAINERS, names_a_model, names_a_network
from modereview.analyze.values import ForwardRun, Thing


def is_network(
    run: ForwardRun, asked: frozenset[str], record: Record, roles: Roles, modules: Modules
) -> bool:
    """Whether more than a role's name says so: its class, what it is asked for in view, or a plain name.

    What a class out of view makes may be called a `model` and hold no layer at all (`LabelPropagation()`):
    there the name of the class counts. A container of such objects is one where it is trained or loaded.
    `asked`: last parts of what the file asks for something that modules have.
    """
    thing, names = run.thing, (run.text, run.thing.label)
    if {part for name in names for part in name.split(".")} & asked:
        return True
    if thing.cls in modules.known or thing.origin == "pretrained":
        return True
    if thing.origin == "library" and thing in record.built and _only_joins(record.built[thing]):
        return thing in record.loaded or (thing in record.optimized and roles.learns(thing))
    if thing.is_module or thing.origin == "library":
        return True
    if is_made_by_class(thing):
        return any(map(names_a_model, (thing.cls or "").split(".")))
    return any(map(names_a_network, names))


def is_made_by_class(thing: Thing) -> bool:
    """Whether it is what a class out of view builds: `Speech2Text(config)`."""
    last = (thing.cls or "").rpartition(".")[2]
    return thing.origin in ("call", "holder") and last[:1].isupper()


def _only_joins(call: ir.Call) -> bool:
    """Whether a container is given objects of which nothing says that they are layers or models."""
    container = (walk.dotted(call.func) or "").rpartition(".")[2] in CONTAINERS
    parts = (a.func if isinstance(a, ir.Call) else a for a in call.args)
    texts = [walk.dotted(part) or "" for part in parts]
    return container and bool(texts) and not any(_is_layer(text) for text in texts)


def _is_layer(text: str) -> bool:
    return text.startswith(("nn.", "torch.nn.")) or names_a_model(text) or "layer" in text.lower()
