"""Models that a library is handed, in the mode they have then: by exports, summaries and wrappers."""

from __future__ import annotations

from modereview.analyze import ir
from modereview.analyze.effects import Effects
from modereview.analyze.frames import Frame, Given
from modereview.analyze.values import NOTHING, ForwardRun, State, Thing

# Calls that bake the mode of the model into what they return, or that ask for EVAL (ran with torch 2.13:
# `eval()` on a trace changes nothing, on an exported program it raises). `torch.jit.script` keeps the flag.
EXPORTS = frozenset(
    {
        "torch.jit.trace",
        "torch.jit.trace_module",
        "torch.export.export",
        "torch.onnx.export",
        "torch.onnx.dynamo_export",
        "torch.ao.quantization.quantize_fx.prepare_fx",
        "torch.quantization.quantize_fx.prepare_fx",
    }
)
# What these return has no mode any more: it does what was baked in.
BAKED = frozenset({"torch.jit.trace", "torch.jit.trace_module", "torch.export.export"})
# Calls that run the model once, in the mode it has. thop, ptflops, torchinfo and tensorboard switch it.
PROBES = frozenset({"torchsummary.summary", "torchsummary.torchsummary.summary"})
# Copies that average the weights of the model from here on.
AVERAGES = frozenset({"torch.optim.swa_utils.AveragedModel"})
# Last parts of calls whose order matters; they hand the model through.
ORDERED = frozenset({"DataParallel", "DistributedDataParallel", "convert_sync_batchnorm"})
_WATCHED = EXPORTS | PROBES | AVERAGES
HANDED = ORDERED | {origin.rpartition(".")[2] for origin in _WATCHED}  # last parts of all of them
_PARAMETERS = ("model", "func", "mod", "module")


class Handing(Effects):
    """The part of the interpreter that records what libraries are handed."""

    def handed(self, call: ir.Call, origin: str, given: Given, state: State, frame: Frame) -> State:
        """Record each model that is handed to a call of the tables; the state remembers wrappers."""
        last = origin.rpartition(".")[2]
        wraps = last in ORDERED and origin.startswith(("torch.", "apex."))
        if not (wraps or origin in _WATCHED):
            return state
        argument = call.args[0] if call.args else dict(call.kwargs).get("model")
        text = self.source.slice(argument.span) if argument is not None else "model"
        grad, _ = self._graph(state)
        for thing in _models(given):
            modes, cell = self.modes_run(thing, state), ("handed", thing)
            before = frozenset(str(name) for name in state.get(cell) or ())
            self.record.handed |= {
                ForwardRun(
                    *(call.span, frame.name, frame.path, text, thing, mode, cause, grad),
                    exact=state.exact and len(modes) == 1,
                    by=last if wraps else origin,
                    after=before,
                )
                for mode, cause in modes
            }
            state = state.set(cell, before | {last}) if wraps else state
        return state


def _models(given: Given) -> list[Thing]:
    """The things that the first parameter may hold, by place or by one of its names."""
    named = (given.named[name] for name in _PARAMETERS if name in given.named)
    first = given.positional[0] if given.positional else next(named, NOTHING)
    return sorted((v for v in first if isinstance(v, Thing)), key=lambda thing: repr(thing.key))
