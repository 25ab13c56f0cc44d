"""What hands models out: a class that loads itself, a function that leaves what it returns in EVAL."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.records import Forward, Program
from modereview.rules import inside, lookup
from modereview.rules.freezing import switches_off


def loader(program: Program, forward: Forward) -> ir.Function | None:
    """The class method that loads the module and hands it out, where nothing in the file switches to EVAL.

    Who follows the class (`Net.load(path).predict(x)`) then predicts in TRAIN, or as it was once saved.
    """
    if any(switches_off(call) for _, call, _ in lookup.calls(program)):
        return None
    own = inside.lineage(program, forward.function.rpartition(".")[0])
    return next((m for cls in own for m in cls.methods if _loads(program, cls, m)), None)


def in_eval(program: Program, forward: Forward) -> str | None:
    """A function of the file that returns what it switched to EVAL, where a forward's model is handed in.

    `init_segmentor()` stands beside `inference_segmentor(model, image)`: one is for the other.
    """
    if not forward.handed:
        return None
    for name, body in lookup.scopes(program):
        off = {
            walk.dotted(call.func.base)
            for call in walk.calls(body)
            if isinstance(call.func, ir.Attr) and switches_off(call)
        }
        returned = (s.value for s in walk.statements(body) if isinstance(s, ir.Leave) and s.how == "return")
        if name and any(value is not None and walk.dotted(value) in off - {None} for value in returned):
            return name
    return None


def _loads(program: Program, cls: ir.Class, method: ir.Function) -> bool:
    """Whether a class method returns what it loads or builds, and loads weights at all."""
    assert program.names is not None
    if "classmethod" not in map(walk.dotted, method.decorators) or not method.params:
        return False
    makers = {method.params[0].name, cls.name}
    bound = [(t, v) for s in walk.statements(method.body) for t, v in lookup.bindings(s)]
    made = {
        walk.dotted(t)
        for t, v in bound
        if isinstance(v, ir.Call)
        and (walk.dotted(v.func) in makers or program.names.origin(v.func) == "torch.load")
    }
    given = (s.value for s in walk.statements(method.body) if isinstance(s, ir.Leave) and s.how == "return")
    loaded = any(
        program.names.origin(c.func) == "torch.load"
        or (isinstance(c.func, ir.Attr) and c.func.name == "load_state_dict")
        for c in walk.calls(method.body)
    )
    return loaded and any(value is not None and walk.dotted(value) in made for value in given)
