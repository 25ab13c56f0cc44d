"""What MR401 and MR402 share: who seeds a random generator, and who draws from one."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.records import Program, Span
from modereview.rules import lookup

# Calls that seed or restore a generator. `torch.manual_seed` seeds every device, CUDA included.
SEEDS = {
    "random.seed": "random",
    "random.setstate": "random",
    "numpy.random.seed": "numpy",
    "numpy.random.set_state": "numpy",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "torch.set_rng_state": "torch",
    "torch.cuda.manual_seed": "cuda",
    "torch.cuda.manual_seed_all": "cuda",
}
_KEEPS = ("random.getstate", "numpy.random.get_state", "torch.get_rng_state", "torch.random.get_rng_state")
_PYTHON = re.compile(
    r"^random\.(random|shuffle|choices?|sample|randint|randrange|uniform|gauss|normalvariate|betavariate)$"
)
_NUMPY = re.compile(
    r"^numpy\.random\.(rand|randn|randint|random|random_sample|shuffle|permutation|choice|normal|uniform"
    r"|binomial|beta|poisson|multivariate_normal|standard_normal)$"
)
_TORCH = re.compile(
    r"^torch\.(rand|randn|randint|randperm|bernoulli|multinomial|normal|rand_like|randn_like)$"
    r"|^torch\.nn\.(Linear|Conv\w+|Embedding|LSTM|GRU|RNN|Dropout\w*|Transformer\w*|MultiheadAttention)$"
)
# What is another number in each run: a seed made of it repeats nothing, and is not meant to.
_ENTROPY = re.compile(
    r"^(os\.(urandom|getpid)|time\.\w+|secrets\.\w+|uuid\.\w+|datetime\..*now|(numpy\.)?random\.\w+)$"
)
# How numbers are drawn of a generator that somebody else holds, and may have seeded.
_DRAWN = frozenset({"randint", "integers", "randrange", "getrandbits", "random_integers"})
_KEPT = frozenset({"exists", "isfile", "is_file"})
_ALL_AT_ONCE = re.compile(r"seed|determinis", re.IGNORECASE)
_SEEDING = re.compile(r"seed|determinis|reproduc", re.IGNORECASE)
_ELSEWHERE = re.compile(r"plot|show|vis|demo|worker|collate|port|print", re.IGNORECASE)


@dataclass(frozen=True)
class Draw:
    """A call that draws from a global generator, or seeds it."""

    kind: str  # "random", "numpy", "torch", "cuda"
    function: str
    call: ir.Call


def seeded(program: Program) -> tuple[Draw, ...]:
    """The calls that seed, in the order of the file; those of workers take their seed from torch.

    What keeps the state of a generator to give it back seeds for a while only.
    """
    calls = tuple(lookup.calls(program))
    for_a_while = {f for f, _, origin in calls if origin in _KEEPS}
    rows = ((f, c, SEEDS.get(o)) for f, c, o in calls if f not in for_a_while)
    found = (Draw(kind, f, c) for f, c, kind in rows if kind and not _of_worker(f, c))
    return tuple(sorted((d for d in found if not _is_fresh(program, d.call)), key=lambda d: d.call.span))


def _is_fresh(program: Program, call: ir.Call) -> bool:
    """Whether a generator gets another seed in each run, `int(time.time())`, or one that another draws."""
    assert program.names is not None
    calls = (e for a in call.args for e in walk.subexpressions(a) if isinstance(e, ir.Call))
    texts = [program.names.origin(c.func) or walk.dotted(c.func) or "" for c in calls]
    return any(_ENTROPY.match(text) or text.rpartition(".")[2] in _DRAWN for text in texts)


def is_kept(body: ir.Block, draw: Draw) -> bool:
    """Whether it is drawn only where no file is there yet: `if not path.exists():` around it."""
    return any(
        isinstance(s, ir.If) and walk.within(draw.call.span, s.span) and _asks_for_file(s.test)
        for s in walk.statements(body)
    )


def _asks_for_file(test: ir.Expr) -> bool:
    calls = (e for e in walk.subexpressions(test) if isinstance(e, ir.Call))
    return any((walk.dotted(c.func) or "").rpartition(".")[2] in _KEPT for c in calls)


def _of_worker(function: str, call: ir.Call) -> bool:
    derived = any(isinstance(e, ir.Attr) and e.name == "initial_seed" for e in walk.subexpressions(call))
    return derived or "worker" in function


def is_script(program: Program, seeded: tuple[Draw, ...]) -> bool:
    """Whether the file runs something itself, or seeds where a run begins; else its user seeds the rest."""
    runs = any(not isinstance(s, ir.Define | ir.DefineClass | ir.Import | ir.Assign) for s in program.block)
    return runs or any("." not in seed.function for seed in seeded)


def is_pinned(seed: Draw) -> bool:
    """Whether its number is written out: nobody asks for another, and so for another run."""
    return bool(seed.call.args) and lookup.constant(seed.call.args[0]) is not None


def is_of_run(program: Program, seed: Draw) -> bool:
    """Whether a whole run is seeded there: not what one class pins, a layer its pattern or a set its data."""
    owner = seed.function.rpartition(".")[0]
    of_a_part = program.module(owner) is not None or owner in _data_classes(program)
    return not owner or not (is_pinned(seed) or of_a_part)


def seeds_out_of_view(program: Program) -> bool:
    """Whether something out of view may seed everything: `seed_everything(1)`, a library's trainer."""
    assert program.names is not None
    own = {name.rpartition(".")[2] for name in program.names.functions}
    for _, call, origin in lookup.calls(program):
        last = (origin or walk.dotted(call.func) or "").rpartition(".")[2]
        if "TrainingArguments" in last or "DeepSpeed" in last:
            return True
        ours = (
            origin in SEEDS or origin.startswith("torch.") or last in own or last in ("seed", "manual_seed")
        )
        if _ALL_AT_ONCE.search(last) and not ours:
            return True
    return False


def seeds_by_name(function: str) -> bool:
    """Whether a function is called so: "set_seed", "make_deterministic"."""
    return bool(_SEEDING.search(function))


def draws(program: Program) -> Iterator[Draw]:
    """Draws from the global generators, but for those that workers, plots and the choice of a port make."""
    data, sown = _data_classes(program), _sown(program)
    for function, call, origin in lookup.calls(program):
        kind = _kind(call, origin)
        aside = _ELSEWHERE.search(function) or function.rpartition(".")[0] in data
        if (
            kind
            and not aside
            and call.span not in sown
            and not _ELSEWHERE.search(_target(program, function, call))
        ):
            yield Draw(kind, function, call)


def _sown(program: Program) -> frozenset[Span]:
    """Calls that draw a seed: `torch.manual_seed(random.randrange(2**32))`, `data_seed = random.random()`."""
    seeding = [c for _, c, origin in lookup.calls(program) if origin in SEEDS]
    given = [e for c in seeding for a in c.args for e in walk.subexpressions(a)]
    names = {walk.dotted(e) for e in given} - {None}
    pairs = (
        pair
        for _, body in lookup.scopes(program)
        for s in walk.statements(body)
        for pair in lookup.bindings(s)
    )
    sown = [value for target, value in pairs if _is_a_seed(walk.dotted(target), names)]
    return frozenset(e.span for e in (*given, *(e for value in sown for e in walk.subexpressions(value))))


def _is_a_seed(name: str | None, seeding: Container[str | None]) -> bool:
    return name is not None and (name in seeding or "seed" in name.rpartition(".")[2].lower())


def _kind(call: ir.Call, origin: str) -> str | None:
    if _PYTHON.match(origin):
        return "random"
    if _NUMPY.match(origin) or origin in ("numpy.random.default_rng", "numpy.random.RandomState"):
        own_generator = origin.endswith(("default_rng", "RandomState"))
        return None if own_generator and (call.args or call.kwargs) else "numpy"
    if origin.endswith("model_selection.train_test_split"):
        settled = {"random_state", None} & set(dict(call.kwargs))
        settled_order = lookup.constant(dict(call.kwargs).get("shuffle")) is False
        return None if settled or settled_order else "numpy"
    if _TORCH.match(origin) and not {"generator", "device"} & set(dict(call.kwargs)):
        return "torch"
    return None


def _data_classes(program: Program) -> frozenset[str]:
    """Classes whose methods may run in workers, where torch seeds every generator."""
    assert program.names is not None
    return frozenset(
        name
        for name, cls in program.names.classes.items()
        if any(cls.method(m) for m in ("__getitem__", "__iter__"))
        or (cls.method("__call__") and not cls.method("forward"))
    )


def _target(program: Program, function: str, call: ir.Call) -> str:
    """The line before the call: what it is assigned to."""
    line = program.source.lines[call.span.line - 1]
    return line[: call.span.column - 1]
