"""What happens to models: forwards, switches, backward and steps, and what leaves the view."""

from __future__ import annotations

from modereview.analyze import ir
from modereview.analyze.expressions import Expressions
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.truths import results, truth
from modereview.analyze.values import (
    NOTHING,
    Cause,
    Constant,
    Flag,
    ForwardRun,
    Graph,
    Modes,
    Result,
    State,
    SwitchRun,
    Thing,
    ValueSet,
)
from modereview.records import Mode, Span

_GRAPH_SWITCHES = ("no_grad", "inference_mode", "enable_grad", "set_grad_enabled")


class Effects(Expressions):
    """The part of the interpreter that records what models go through."""

    def _forward(
        self, span: Span, thing: Thing, text: str, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        """Record a forward in each mode its object may be in; its result carries the record along."""
        inside = frame.function is not None and frame.self_value is not None and frame.self_value.is_module
        if inside and thing.parent is not None and frame.function and frame.function.short == "forward":
            return [(state, results(given.values))]
        grad, off_by = self._graph(state)
        modes = self.modes_run(thing, state)
        exact = state.exact and len(modes) == 1
        runs = {
            ForwardRun(span, frame.name, frame.path, text, thing, mode, cause, grad, exact, off_by=off_by)
            for mode, cause in modes
        }
        self.record.runs |= runs
        return [(state, frozenset(Result(run) for run in runs) | results(given.values))]

    def _switch(
        self, thing: Thing, how: str, given: Given, span: Span, text: str, state: State, frame: Frame
    ) -> Evaluated:
        """`thing.eval()`, `thing.train()`, `thing.train(flag)`; returns the thing, as torch does."""
        flag = (given.positional or (given.named.get("mode"),))[0] if how == "train" else None
        cause = Cause("switch", span, frame.name, frame.path, self.source.slice(span))
        restored = state.get(("restore", thing)) if how == "train" else None
        known = how == "train" if flag is None else truth(flag)
        mode = Mode.UNKNOWN if known is None else Mode.TRAIN if known else Mode.EVAL
        saved = restored if flag is None else next((v.modes for v in flag if isinstance(v, Flag)), None)
        modes: Modes = saved or frozenset({(mode, cause)})  # type: ignore[assignment]
        after = self.switched(thing, modes, state.drop([("restore", thing)]))
        reached = {c[1] for c in after.cells("mode") if after.get(c) == modes}
        holders = {c[1] for c in after.cells("attr") if thing in (after.get(c) or ())}
        things: frozenset[Thing] = frozenset(reached | holders)  # type: ignore[arg-type]
        self.record.switches.add(SwitchRun(span, frame.name, frame.path, text, mode, things))
        return [(after, frozenset({thing}))]

    def switched(self, thing: Thing, modes: Modes, state: State) -> State:
        """The state with a thing in a mode, and all that belongs to it with it."""
        state = without_modes_of(thing, state)
        for cell in [c for c in state.cells("attr") if c[1] == thing]:
            for held in state.get(cell) or ():
                if isinstance(held, Thing) and held != thing and self.is_model(thing):
                    state = self.switched(held, modes, state)
        for held in state.get(("holds", thing)) or ():
            if isinstance(held, Thing) and held != thing:
                state = self.switched(held, modes, state)
        return state.set(("mode", thing), modes)

    def _switches(
        self,
        things: list[Thing],
        name: str,
        given: Given,
        call: ir.Call,
        text: str,
        state: State,
        frame: Frame,
    ) -> Evaluated:
        """A switch on each thing that the owner may be; an unknown flag is decided both ways first."""
        flag = (given.positional or (given.named.get("mode"),))[0]
        states = [(state, given)]
        if (
            name == "train"
            and flag is not None
            and truth(flag) is None
            and not any(isinstance(v, Flag) for v in flag)
        ):
            expr = call.args[0] if call.args else call.kwargs[0][1]
            states = [
                (s, Given((frozenset({Constant(value)}),))) for s, value in self.decide(expr, state, frame)
            ]
        rows: Evaluated = []
        for before, argument in states:
            after = before
            for thing in things:
                after = self._switch(thing, name, argument, call.span, text, after, frame)[0][0]
            rows.append((after, frozenset(things)))
        return rows

    def _backward(self, flowing: ValueSet, state: State) -> Evaluated:
        """What goes backward is trained on, if an optimizer steps before the gradients are thrown away."""
        self.record.differentiated |= {v.run for v in flowing if isinstance(v, Result) and not v.detached}
        self.record.targets |= {v.run for v in flowing if isinstance(v, Result) and v.detached}
        return [(state.add(("pending",), flowing), NOTHING)]

    def _optimized(self, name: str, text: str, state: State) -> State:
        """An optimizer step makes what went backward before it training; `zero_grad` throws it away."""
        pending = state.get(("pending",)) or NOTHING
        if name == "step" and "sched" not in text.lower():
            self.record.trained |= {v.run for v in pending if isinstance(v, Result) and not v.detached}
        return state if name == "step" else state.drop([("pending",)])

    def grad_argument(self, call: ir.Call, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """The switch of `set_grad_enabled(flag)`, decided both ways where it is unknown."""
        argument = call.args[0] if call.args else (call.kwargs[0][1] if call.kwargs else None)
        return self.decide(argument, state, frame) if argument is not None else [(state, True)]

    def _copied(self, call: ir.Call, originals: ValueSet, state: State) -> Evaluated:
        copies = set()
        for original in (v for v in originals if isinstance(v, Thing)):
            copy = Thing((call.span, original.key), original.label, "copy", original.cls, original.is_module)
            self.record.built.setdefault(copy, self.record.built.get(original, call))
            state = self.switched(copy, self.modes_run(original, state), state)
            copies.add(copy)
        return [(state, frozenset(copies))]

    def grad_manager(self, expr: ir.Expr) -> str | None:
        """The name of a gradient switch of torch: `no_grad` for `torch.no_grad()`, also without the call."""
        origin = self.names.origin(expr.func if isinstance(expr, ir.Call) else expr) or ""
        last = origin.rpartition(".")[2]
        return last if origin.startswith("torch.") and last in _GRAPH_SWITCHES else None

    def _graph(self, state: State) -> tuple[bool | None, Span | None]:
        """Whether the graph is built (None: on some path), and what switched it off for good."""
        held = [g for g in state.get(("grad",)) or {Graph(True)} if isinstance(g, Graph)]
        on = held[0].on if len({g.on for g in held}) == 1 else None
        return on, next((g.off_by for g in held if g.off_by), None)


def without_modes_of(thing: Thing, state: State) -> State:
    """The state in which a thing, and its parts, are as they were made."""
    return state.drop([c for c in state.cells("mode") if belongs(c[1], thing)])


def belongs(thing: object, owner: Thing) -> bool:
    """Whether a thing is the owner or an attribute of it, at any depth."""
    while isinstance(thing, Thing):
        if thing == owner:
            return True
        thing = thing.parent
    return False
