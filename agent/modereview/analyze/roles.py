"""What each forward is for, by what happens to its result; only then by the names around it."""

from __future__ import annotations

from modereview.analyze.frames import Record
from modereview.analyze.torchfacts import names_an_evaluation
from modereview.analyze.values import ForwardRun, Path
from modereview.records import Mode, Role


class Roles:
    """Answers `role(run)` for the forwards of a record."""

    def __init__(self, record: Record, *, optimizes: bool) -> None:
        """`optimizes`: whether the file steps an optimizer at all; if not, going backward is training."""
        self._record = record
        trained = record.trained if optimizes else record.differentiated
        self._trained = {_site(run) for run in trained}
        self._differentiated = {_site(run) for run in record.differentiated}

    def role(self, run: ForwardRun) -> Role:
        """A forward is trained on where its result reaches `backward` and a step.

        With the graph off it is a target if its result still ends in a loss, else an evaluation. One that
        goes backward with no step (a saliency map, an attack) is left alone, and one that leads nowhere
        in view is an evaluation only where a function on the way is called so.
        """
        if _site(run) in self._differentiated:
            if run.grad is False:
                return "target"
            return "train" if _site(run) in self._trained else "unknown"
        if run.grad is False or any(names_an_evaluation(name) for name in self.functions(run)):
            return "evaluate"
        return "unknown"

    def functions(self, run: ForwardRun) -> tuple[str, ...]:
        """Qualified names of the functions active at the forward, outermost first."""
        paths = (run.path[: i + 1] for i in range(len(run.path)))
        return tuple(self._record.activations[p] for p in paths if p in self._record.activations)


def _site(run: ForwardRun) -> tuple[object, Path, Mode, bool | None]:
    return run.span, run.path, run.mode, run.grad
