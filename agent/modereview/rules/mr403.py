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
    loaders = _loaders(program)
    workers = next(filter(_has_workers, loaders), None)
    if loaders and workers is None:
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


def _loaders(program: Program) -> list[ir.Call]:
    return [call for _, call, origin in lookup.calls(program) if origin.endswith("DataLoader")]


def _has_workers(loader: ir.Call) -> bool:
    """Whether it is given workers, or may be."""
    workers = lookup.argument(loader, "num_workers", 5)
    return workers is not None and lookup.constant(workers) != 0


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
    """A `worker_init_fn` that gives each worker's copy of the data set generators of its own.

    As the notes on reproducibility have it: seeded from `torch.initial_seed()`, which differs in each worker
    and each epoch. Every loader of that data set gets it, and nothing is mended where one may be of another.
    """
    assert program.names is not None
    cls = program.names.classes[finding.function.partition(".")[0]]
    loaders = [load for load in _loaders(program) if _has_workers(load)]
    sets = [_data_set(program, load) for load in loaders]
    ours = [load for load, made in zip(loaders, sets, strict=True) if made and walk.dotted(made) == cls.name]
    unknown = any(made is None or _may_hold(program, made, cls) for made in sets)
    others = {f.function for f in check(program)} - {finding.function}
    generators = _generators(program, cls)
    if not ours or unknown or others or not generators or "seed_worker" in program.source.text:
        return
    loading = next(s for s in program.block if any(walk.within(load.span, s.span) for load in ours))
    info, seed = spelled(program, "torch.utils.data.get_worker_info"), spelled(program, "torch.initial_seed")
    again = "".join(f"    dataset.{name} = {maker}({seed.text}() % 2**32)\n" for name, maker in generators)
    function = f"def seed_worker(worker_id):\n    dataset = {info.text}().dataset\n{again}\n"
    changes = [
        edits.insert_before(program.source, loading.span, function),
        *(edits.set_argument(program.source, load.span, "worker_init_fn", "seed_worker") for load in ours),
    ]
    why = "each worker draws numbers of its own, others in each epoch: augmentations no longer repeat"
    title = "seed the generator in each worker"
    yield fix(program.source, finding, title, *info.imports[:1] or seed.imports, *changes, consequence=why)


def _may_hold(program: Program, made: ir.Expr, cls: ir.Class) -> bool:
    """Whether a data set may keep one of the class inside (`Subset(noisy, order)`), or derive from it."""
    assert program.names is not None
    heirs = {c.name for c in program.names.classes.values() if cls.name in map(walk.dotted, c.bases)}
    wraps = (program.names.origin(made) or "").startswith("torch.utils.data.")
    return wraps or (walk.dotted(made) or "") in heirs


def _generators(program: Program, cls: ir.Class) -> list[tuple[str, str]]:
    """Attribute and maker of all that the samples are drawn from; none where one cannot be made anew so."""
    assert program.names is not None
    init = cls.method("__init__")
    kept = [(n, c) for n, c in _made(program, init.body if init else (), "self.") if _drawn(cls, n)]
    shared = any(_drawn(cls, name) for name, _ in _made(program, program.block, ""))
    if shared or any(program.names.origin(made.func) == "torch.Generator" for _, made in kept):
        return []
    return [(name.removeprefix("self."), program.source.slice(made.func.span)) for name, made in kept]


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
        "a `worker_init_fn` that seeds the data set's generators from `torch.initial_seed()`, for every "
        "loader that is given that data set; else the author's choice, as `default_rng((seed, index))`."
    ),
    check=check,
    mend=mend,
)
