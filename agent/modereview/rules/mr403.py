"""MR403 workers-share-generator."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Event, Finding, Fix, Program, Severity
from modereview.rules import lookup
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.spelling import spelled

_GENERATORS = frozenset(
    "numpy.random.default_rng numpy.random.RandomState random.Random torch.Generator".split()
)
_DRAWN_IN = ("__getitem__", "__getitems__", "__iter__")
# Whoever does one of these knows of the workers, or makes the draw depend on the sample alone.
_KNOWS = frozenset({"worker_init_fn", "get_worker_info"})
_RESEEDS = frozenset({"seed", "manual_seed", "set_state", "setstate"})


def check(program: Program) -> Iterator[Finding]:
    """Data sets that draw from a generator made before the workers, where a loader has workers."""
    assert program.names is not None
    text = program.source.text
    if ("__getitem__" not in text and "__iter__" not in text) or any(word in text for word in _KNOWS):
        return
    workers = _loader_with_workers(program)
    if workers is None and any(o.endswith("DataLoader") for _, _, o in lookup.calls(program)):
        return
    for cls in program.names.classes.values():
        init = cls.method("__init__")
        if not _is_dataset(program, cls):
            continue
        for name, made in _made(program, init.body if init else (), "self.") + _made(
            program, program.block, ""
        ):
            draw = _drawn(cls, name)
            if draw is not None:
                yield _finding(program, cls, name, made, draw, workers)


def _is_dataset(program: Program, cls: ir.Class) -> bool:
    assert program.names is not None
    bases = [program.names.origin(b) or walk.dotted(b) or "" for b in cls.bases]
    return any(b.endswith(("Dataset", "VisionDataset", "ImageFolder", "DatasetFolder")) for b in bases)


def _made(program: Program, body: ir.Block, prefix: str) -> list[tuple[str, ir.Call]]:
    """(name, call) of the generators that a block makes and keeps."""
    assert program.names is not None
    found = []
    for statement in walk.statements(body):
        for target, value in lookup.bindings(statement):
            name = walk.dotted(target) or ""
            kept = name.startswith("self.") if prefix else name and "." not in name
            if (
                kept
                and isinstance(value, ir.Call)
                and (program.names.origin(value.func) or "") in _GENERATORS
            ):
                found.append((name, value))
    return found


def _drawn(cls: ir.Class, name: str) -> ir.Expr | None:
    """Where the generator is drawn from while samples are made; None if it is made anew or seeded there."""
    later = [m for m in cls.methods if m.short != "__init__"]
    for method in later:
        renewed = any(
            walk.dotted(t) == name for s in walk.statements(method.body) for t, _ in lookup.bindings(s)
        )
        seeded = any(_is_seeding(c, name) for c in walk.calls(method.body))
        if renewed or seeded:
            return None
    reached = _reached(cls)
    uses = (e for m in later if m.short in reached for e in walk.all_expressions(m.body))
    return next((e for e in uses if isinstance(e, ir.Attr | ir.Name) and walk.dotted(e) == name), None)


def _is_seeding(call: ir.Call, name: str) -> bool:
    func = call.func
    return isinstance(func, ir.Attr) and func.name in _RESEEDS and walk.dotted(func.base) == name


def _reached(cls: ir.Class) -> frozenset[str]:
    """The methods that make samples, and those they call on `self`."""
    reached = set(_DRAWN_IN)
    for _ in cls.methods:
        bodies = (m.body for m in cls.methods if m.short in reached)
        called = {walk.dotted(c.func) or "" for body in bodies for c in walk.calls(body)}
        more = {text.removeprefix("self.") for text in called if text.startswith("self.")}
        if more <= reached:
            break
        reached |= more
    return frozenset(reached)


def _loader_with_workers(program: Program) -> ir.Call | None:
    """A DataLoader of the file that is given workers, or may be."""
    for _, call, origin in lookup.calls(program):
        workers = lookup.argument(call, "num_workers", 5)
        if origin.endswith("DataLoader") and workers is not None and lookup.constant(workers) != 0:
            return call
    return None


def _finding(
    program: Program, cls: ir.Class, name: str, made: ir.Call, draw: ir.Expr, workers: ir.Call | None
) -> Finding:
    meant = any(says_deliberate(comment_at(program, place.line)) for place in (made.span, draw.span))
    events = [Event(made.span, "made here, before the workers start")]
    if workers is not None:
        events.append(Event(workers.span, "each worker gets a copy of it here"))
    return RULE.finding(
        program,
        draw.span,
        f"every worker draws the same numbers from `{name}`",
        severity=Severity.NOTE if meant or workers is None else None,
        evidence=tuple(events),
        facts=("all copies start from one state, and from the same one again in each epoch",),
        function=f"{cls.name}.__getitem__",
        subject=name,
    )


def _data_set(program: Program, loader: ir.Call) -> ir.Expr | None:
    """The class of the data set that a loader is given, on the spot or by a name assigned once."""
    given = lookup.argument(loader, "dataset", 0)
    holder = next((name for name, call, _ in lookup.calls(program) if call is loader), "")
    if isinstance(given, ir.Name | ir.Attr):
        given = lookup.assigned(program, holder, given)
    return given.func if isinstance(given, ir.Call) else None


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """A `worker_init_fn` that gives each worker's copy of the data set a generator of its own.

    As the notes on reproducibility have it: seeded from `torch.initial_seed()`, which differs in each worker
    and each epoch.
    """
    assert program.names is not None
    workers, cls = _loader_with_workers(program), finding.function.partition(".")[0]
    made = _data_set(program, workers) if workers else None
    init = program.names.classes[cls].method("__init__")
    kept = [c for n, c in _made(program, init.body if init else (), "self.") if n == finding.subject]
    origin = program.names.origin(kept[0].func) or "" if kept else ""
    if workers is None or made is None or walk.dotted(made) != cls or origin == "torch.Generator" or not kept:
        return
    loading = next((s for s in program.block if walk.within(workers.span, s.span)), None)
    if loading is None or "seed_worker" in program.source.text:
        return
    info, seed = spelled(program, "torch.utils.data.get_worker_info"), spelled(program, "torch.initial_seed")
    maker = program.source.slice(kept[0].func.span)
    function = (
        "def seed_worker(worker_id):\n"
        f"    dataset = {info.text}().dataset\n"
        f"    dataset.{finding.subject.removeprefix('self.')} = {maker}({seed.text}() % 2**32)\n\n"
    )
    changes = [
        edits.insert_before(program.source, loading.span, function),
        edits.set_argument(program.source, workers.span, "worker_init_fn", "seed_worker"),
    ]
    why = "each worker draws numbers of its own, others in each epoch: augmentations no longer repeat"
    title = "seed the generator in each worker"
    yield fix(program.source, finding, title, *info.imports[:1] or seed.imports, *changes, consequence=why)


RULE = Rule(
    id="MR403",
    name="workers-share-generator",
    severity=Severity.WARNING,
    summary="a generator made in the parent is drawn from in the workers of a DataLoader",
    why=(
        "Each worker is a copy of the process that started it, with a copy of its generators. torch gives "
        "its own, Python's and numpy's global generator another seed in each worker; one that the data "
        "set keeps goes on from the same state in all of them, and again in each epoch: the same "
        "augmentations over and over."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/faq.html#my-data-loader-workers-return-identical-random-numbers",
    bad="""\
import numpy as np
from torch.utils.data import DataLoader, Dataset

class Noisy(Dataset):
    def __init__(self, data):
        self.data = data
        self.rng = np.random.default_rng(0)

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[index] + self.rng.normal()

def build(data):
    return DataLoader(Noisy(data), batch_size=8, num_workers=4)
""",
    good="""\
import numpy as np
from torch.utils.data import DataLoader, Dataset

class Noisy(Dataset):
    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        rng = np.random.default_rng((0, index))
        return self.data[index] + rng.normal()

def build(data):
    return DataLoader(Noisy(data), batch_size=8, num_workers=4)
""",
    not_flagged=(
        "no workers; a `worker_init_fn` or `get_worker_info` in the file; a generator made or seeded anew "
        "for the sample or the epoch; one drawn from in `__init__` alone; the global generators, which "
        "torch has seeded in each worker since 1.9. A data set without its loader in view is a note."
    ),
    fix=(
        "a `worker_init_fn` that seeds the data set's generator from `torch.initial_seed()`, where the "
        "loader is given that data set; else the author's choice, as `default_rng((seed, index))`."
    ),
    check=check,
    mend=mend,
)
