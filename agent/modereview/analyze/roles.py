"""What each forward is for, by what happens to its result; only then by the names around it."""

from __future__ import annotations

from modereview.analyze.effects import belongs
from modereview.analyze.frames import Record
from modereview.analyze.torchfacts import names_a_training, names_an_evaluation, names_an_inference
from modereview.analyze.values import ForwardRun, Path, Thing
from modereview.records import Mode, Role, Span


class Roles:
    """Answers `role(run)` for the forwards of a record."""

    def __init__(self, record: Record, held_out: frozenset[Span], *, optimizes: bool) -> None:
        """`held_out`: calls on data that is named so.

        `optimizes`: whether the file steps an optimizer at all; if not, going backward is training, and
        where nothing goes backward either, the file only infers.
        """
        self._record = record
        self._held_out = held_out
        self._optimizes = optimizes
        self.only_infers = not optimizes and not record.differentiated
        trained = record.trained if optimizes else record.differentiated
        self._trained = {_site(run) for run in trained}
        self._differentiated = {_site(run) for run in record.differentiated}
        self._targets = {_site(run) for run in record.targets}

    def role(self, run: ForwardRun) -> Role:
        """A forward is trained on where its result reaches `backward` and a step.

        With the graph off, or detached, it is a target if its result still ends in a loss. With the graph
        off it is an evaluation otherwise, or an inference where the function around it is called so
        ("predict", "sample"). One that goes backward with no step (a saliency map, an attack) is left
        alone, and one that leads nowhere in view is an evaluation only where a function on the way or the
        data is called so; in a file that trains nothing, where its result is looked at.
        """
        if _site(run) in self._differentiated:
            if run.grad is False:
                return "target"
            trains = _site(run) in self._trained and self.learns(run.thing)
            aside = self._is_aside(run) or self._steps_others(run)
            return "train" if trains and not aside else "unknown"
        if _site(run) in self._targets:
            return "target"
        if run.mode is Mode.TRAIN and ".detection." in (run.thing.cls or ""):
            return "unknown"  # detectors return losses in TRAIN alone: no predictions are judged here
        functions = self.functions(run)
        if any(name.endswith(".__init__") for name in functions):
            return "unknown"  # a probe for shapes while something is built: its numbers are not looked at
        if self.only_infers and run in self._record.read:
            return "unknown" if any(map(names_a_training, functions)) else "infer"
        in_training = run.mode is Mode.TRAIN and any(map(names_a_training, functions[:-1]))
        if in_training and run.grad and run.cause.kind == "switch":
            return "unknown"  # `predict`, called by `training_loss` after a `train()`
        if run.grad is False or self._is_held_out(run) or any(map(names_an_evaluation, functions)):
            return "infer" if functions and names_an_inference(functions[-1]) else "evaluate"
        return "unknown"

    def _is_held_out(self, run: ForwardRun) -> bool:
        """Whether it works on held-out data; so it does where its function is given no other."""
        handed = run in self._record.read and any(span in self._held_out for span in run.path)
        return run.span in self._held_out or handed

    def _is_aside(self, run: ForwardRun) -> bool:
        """Whether a model that was switched to EVAL is differentiated, and nothing in view steps.

        So do saliency maps and attacks; a training would not switch off what it trains. Where the switch lies
        in another function, none on the way may be called a training.
        """
        same = run.cause.path == run.path
        trains = any(map(names_a_training, self.functions(run)))
        switched = run.mode is Mode.EVAL and run.cause.kind == "switch"
        return switched and not self._optimizes and (same or not trains)

    def _steps_others(self, run: ForwardRun) -> bool:
        """Whether the optimizer that the function makes is for others: for a mask, or a head.

        One of another model says so where the function itself, or one on the way, puts this one into EVAL:
        what both are is its caller's to know, and they may share layers.
        """
        switched = run.mode is Mode.EVAL and run.cause.kind == "switch"
        switched = switched and run.cause.path == run.path[: len(run.cause.path)]
        names = {*self.functions(run)[-1:]}
        if switched and run.cause.path in self._record.activations:
            names.add(self._record.activations[run.cause.path])
        built = set().union(*(self._record.optimizers.get(name, ()) for name in names))
        if built == {frozenset()}:
            return True
        others = bool(built) and not any(held is None or _shares(run.thing, held) for held in built)
        return switched and others

    def learns(self, thing: Thing) -> bool:
        """Whether an optimizer may hold the parameters of the thing.

        A frozen network in a loss is differentiated through and not trained, and so is one that was built
        in view while the optimizers in view were made of others. Where one was made of parts of a frozen
        network, these are trained.
        """
        if thing in self._record.frozen:
            return any(belongs(part, thing) for part in self._record.held)
        if thing.parent and not self.learns(thing.parent):
            return False
        in_view = self._record.optimized or self._record.builds_optimizer
        if not in_view or thing.origin in ("parameter", "attribute"):
            return True
        return any(belongs(thing, held) or belongs(held, thing) for held in self._record.optimized)

    def rests(self, thing: Thing) -> bool:
        """Whether most of it stays as it is: frozen on some path, or one part alone is an optimizer's."""
        trained = {part for part in self._record.held if belongs(part, thing)}
        return thing in self._record.frozen or (len(trained) == 1 and thing not in trained)

    def functions(self, run: ForwardRun) -> tuple[str, ...]:
        """Qualified names of the functions active at the forward, outermost first."""
        paths = (run.path[: i + 1] for i in range(len(run.path)))
        return tuple(self._record.activations[p] for p in paths if p in self._record.activations)


def _shares(thing: Thing, held: frozenset[Thing]) -> bool:
    return any(belongs(thing, other) or belongs(other, thing) for other in held)


def _site(run: ForwardRun) -> tuple[object, Path, Mode, bool | None]:
    return run.span, run.path, run.mode, run.grad
