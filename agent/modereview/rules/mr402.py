"""MR402 half-seeded."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Event, Finding, Fix, Program, Severity
from modereview.rules import lookup, seeds
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.meeting import body_of
from modereview.rules.spelling import spelled

_WHOSE = {"random": "Python's `random`", "numpy": "numpy's generator", "torch": "torch's generator"}
_HOW = {"random": "random.seed", "numpy": "np.random.seed", "torch": "torch.manual_seed"}
_SEED = {"random": "random.seed", "numpy": "numpy.random.seed", "torch": "torch.manual_seed"}


def check(program: Program) -> Iterator[Finding]:
    """The first draw from each global generator that is not seeded, in a file that seeds another."""
    if "seed" not in program.source.text:
        return
    seeded = seeds.seeded(program)
    if not seeded or seeds.seeds_out_of_view(program):
        return
    done = {seed.kind for seed in seeded}
    for draw in sorted(seeds.draws(program), key=lambda d: d.call.span):
        if draw.kind not in done:
            done.add(draw.kind)
            yield _finding(program, draw, seeded)


def _finding(program: Program, draw: seeds.Draw, seeded: tuple[seeds.Draw, ...]) -> Finding:
    others = sorted({_WHOSE.get(seed.kind, "CUDA's generator") for seed in seeded})
    are = "is" if len(others) == 1 else "are"
    stem = program.source.path.stem
    a_test = stem.startswith("test_") or stem.endswith("_test")
    meant = (
        a_test
        or not seeds.is_script(program, seeded)
        or all(seeds.is_pinned(seed) and seed.kind != "cuda" for seed in seeded)
        or _is_tried_out(program, seeded)
        or not any(seeds.is_of_run(program, seed) or seed.function == draw.function for seed in seeded)
        or _comes_after_training(program, draw)
        or _makes_a_name(program, draw)
        or seeds.is_kept(body_of(program, draw.function), draw)
        or says_deliberate(comment_at(program, draw.call.span.line))
    )
    first = {seed.kind: seed for seed in reversed(seeded)}
    return RULE.finding(
        program,
        draw.call.span,
        f"{_WHOSE[draw.kind]} is used here and never seeded: `{_HOW[draw.kind]}` is missing",
        severity=Severity.NOTE if meant else None,
        evidence=tuple(
            Event(s.call.span, f"{_WHOSE.get(k, 'CUDA only')} is seeded here") for k, s in first.items()
        ),
        facts=(f"only {' and '.join(others)} {are} seeded: two runs with one seed still differ",),
        function=draw.function,
        subject=program.source.slice(draw.call.func.span),
    )


def _is_tried_out(program: Program, seeded: tuple[seeds.Draw, ...]) -> bool:
    """Whether the file trains nothing, and seeds where it tries itself out: under its main guard."""
    guards = [s.span for s in program.block if walk.is_main_guard(s)]
    guarded = all(any(walk.within(seed.call.span, guard) for guard in guards) for seed in seeded)
    return guarded and not any(f.role == "train" for f in program.forwards)


def _makes_a_name(program: Program, draw: seeds.Draw) -> bool:
    """Whether letters are drawn and joined: a run's name."""
    for call in walk.calls(body_of(program, draw.function)):
        match call.func:
            case ir.Attr(ir.Const(), "join") if walk.within(draw.call.span, call.span):
                return True
    return False


def _comes_after_training(program: Program, draw: seeds.Draw) -> bool:
    """Whether a script draws at its very end: a sample to look at, which changes nothing that was trained."""
    trained = [f.path[0] if f.path else f.span for f in program.forwards if f.role == "train"]
    at_end = not draw.function and bool(trained) and max(trained) < draw.call.span
    loops = (s for s in program.block if isinstance(s, ir.Loop))
    return at_end and not any(walk.within(draw.call.span, loop.span) for loop in loops)


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The call that is missing, behind those that seed, with the same seed.

    Not behind one that only some runs reach: `if torch.cuda.is_available(): torch.cuda.manual_seed(seed)`.
    """
    draw = next((d for d in seeds.draws(program) if d.call.span == finding.span), None)
    rows = [(s, _conditions(program, s)) for s in seeds.seeded(program) if _is_plain_seed(program, s)]
    reached = [(s, count) for s, count in rows if s.kind != "cuda" or not count]
    plain = [s for s, count in reached if count == min(count for _, count in reached)]
    if draw is None or not plain:
        return
    name, seed = spelled(program, _SEED[draw.kind]), program.source.slice(plain[0].call.args[0].span)
    same = [
        s
        for s in plain
        if (s.function, program.source.slice(s.call.args[0].span)) == (plain[0].function, seed)
    ]
    call = f"{name.text}({seed})"
    edit = edits.insert_after(program.source, same[-1].call.span, call)
    why = "runs with one seed repeat from now on; the numbers drawn are others than before"
    yield fix(program.source, finding, f"call `{call}` as well", *name.imports, edit, consequence=why)


def _conditions(program: Program, seed: seeds.Draw) -> int:
    """How many conditions and loops stand around it in its function: a loop would seed again and again."""
    body = dict(lookup.scopes(program)).get(seed.function, ())
    branches = (s for s in walk.statements(body) if isinstance(s, ir.If | ir.Loop))
    return sum(walk.within(seed.call.span, s.span) for s in branches)


def _is_plain_seed(program: Program, seed: seeds.Draw) -> bool:
    """`torch.manual_seed(args.seed)` as a statement of its own: what it is given can be given twice."""
    given = seed.call.args[0] if len(seed.call.args) == 1 and not seed.call.kwargs else None
    own = any(s.span == seed.call.span for _, body in lookup.scopes(program) for s in walk.statements(body))
    again = given is not None and (lookup.constant(given) is not None or walk.dotted(given) is not None)
    return own and again and "state" not in (program.source.slice(seed.call.func.span))


RULE = Rule(
    id="MR402",
    name="half-seeded",
    severity=Severity.WARNING,
    summary="one random generator is seeded, another that is used is not",
    why=(
        "Python, numpy and torch each have a generator of their own. A script that seeds some of them "
        "looks reproducible and is not: the split, the shuffling or the weights differ from run to run "
        "under the same seed."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/randomness.html",
    bad="""\
import numpy as np
import torch
from torch import nn

def main(data, seed):
    torch.manual_seed(seed)
    order = np.random.permutation(len(data))
    return nn.Linear(4, 2), data[order]
""",
    good="""\
import numpy as np
import torch
from torch import nn

def main(data, seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
    order = np.random.permutation(len(data))
    return nn.Linear(4, 2), data[order]
""",
    not_flagged=(
        "CUDA beside `torch.manual_seed`, which seeds it too; a helper out of view that may seed all "
        "(`seed_everything`); draws in data sets, samplers and workers, where torch seeds every "
        "generator; seeds of the clock, of `os.urandom` or drawn of another generator; a seed for a while, "
        "the state given back; generators of the user's own with a seed; plots and the choice of a port; "
        "seeds of an environment; what is drawn once and kept in a file (a note). A seed "
        "that is written out (`torch.manual_seed(0)`) may pin a part alone, the weights or the data: a "
        "note; one that is asked for (`args.seed`) promises that runs repeat."
    ),
    fix=(
        "the missing call behind those that seed, with the same seed; none where that seed is "
        "computed on the spot."
    ),
    check=check,
    mend=mend,
)
