"""Expressions that stand in for what a function is given: loaders, optimizers, criteria, parsed arguments."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .guesses import LENGTH, Guess
from .machine import needed
from .sizes import namespace, options

_LOSSES = (  # (names of losses, targets that they take)
    (r"nll|cross_?entropy(?!_with)|crossentropy", ("class", "tokens", "map", "stream")),
    (r"bce|binary", ("binary", "unit", "odds", "inputs")),
    (r"mse|l1|huber|smooth", ("same", "flat", "column", "inputs")),
)
_ALL_TARGETS = (
    "class",
    "same",
    "tokens",
    "map",
    "binary",
    "flat",
    "column",
    "inputs",
    "unit",
    "odds",
    "stream",
    "pair",
    "labels",
)
_CRITERIA = (
    ("nn.CrossEntropyLoss()", ("class", "tokens", "map")),
    ("nn.MSELoss()", ("same", "flat", "column", "inputs")),
    ("nn.BCEWithLogitsLoss()", ("binary", "unit")),
    ("nn.BCELoss()", ("binary", "unit", "inputs")),
    ("nn.NLLLoss()", ("class", "map")),
)
_MOCK = "unittest.mock.MagicMock()"
# What accelerate and Lightning Fabric do for a loop that trains: gradients go back, what is prepared stays.
_ACCELERATOR = (
    "unittest.mock.MagicMock(backward=torch.Tensor.backward, device=torch.device('cpu'), "
    "prepare=lambda *held: held if held[1:] else held[0])"
)
_MASK_KEY = re.compile(r"(^|\.|_)masks?$")
TARGET_KEY = re.compile(r"label|target|^y$|^gt|tgt|trg|class|mask|^seg")


@dataclass(frozen=True)
class Choice:
    """One point of the search for a scenario's values."""

    model: dict[str, Any]  # the recipe of the module
    inputs: tuple[Guess, ...]
    maker: str  # "randn", or "rand" where values between 0 and 1 are wanted
    target: str  # a kind of target
    criterion: str
    structure: int  # which of several ways to batch
    batches: int = 2
    attributes: tuple[tuple[str, str | None], ...] = ()  # what the parsed arguments turned out to need
    more: tuple[tuple[str, str], ...] = ()  # what the data turned out to need besides samples

    @property
    def rows(self) -> int:
        """Samples in a batch."""
        return next((g.shape[0] for g in self.inputs if g.shape), 4)


def tasks(losses: list[str], criteria: list[str | None]) -> Iterator[tuple[str, str]]:
    """(criterion, kind of target), likeliest first: by the losses that the functions mention.

    `criteria` is what the caller passes, None where that is unknown; [""] where no criterion is wanted.
    """
    mentioned = " ".join([*losses, *filter(None, criteria)]).lower()
    liked = [t for pattern, kinds in _LOSSES if re.search(pattern, mentioned) for t in kinds]
    targets = dict.fromkeys([*liked, *_ALL_TARGETS])
    yield from ((criterion, target) for criterion in criteria if criterion is not None for target in targets)
    if criteria != [""]:
        yield from ((criterion, target) for criterion, kinds in _CRITERIA for target in kinds)


def target_code(choice: Choice, rows: int, samples: bool = False) -> str | None:
    """A target of the chosen kind for the model's output; None where that kind does not fit its shape.

    With `samples` there is one row for each sample, so that a dataset can hold it.
    """
    # A model may take sequences apart: then it gives several rows for each that it gets.
    several = max(choice.model["output"][0] // choice.rows, 1)
    if samples and several > 1:
        classes = max(choice.model["output"][-1], 2)
        return f"torch.randint(0, {classes}, ({rows}, {several}))" if choice.target == "class" else None
    rows *= several
    output = [rows, *choice.model["output"][1:]]
    tail = output[1:]
    sizes = ", ".join(map(str, output))
    classes = max(output[-1] if len(output) != 4 else output[1], 2)
    codes = {
        "class": f"torch.randint(0, {classes}, ({rows},))" if len(tail) >= 1 else None,
        "tokens": f"torch.randint(0, {classes}, {tuple(output[:-1])})" if len(tail) == 2 else None,
        "map": f"torch.randint(0, {classes}, {(rows, *output[2:])})" if len(tail) == 3 else None,
        "binary": f"torch.randint(0, 2, ({sizes}{',' * (not tail)})).float()",
        "same": f"torch.randn({sizes})",
        "flat": f"torch.randn({rows})" if tail == [1] else None,
        "column": f"torch.randn({rows}, 1)",
        "unit": f"torch.rand({sizes})",
        "odds": f"torch.rand({rows})" if tail == [1] else None,
        "pair": f"torch.randint(0, 2, ({rows},))",
        "labels": f"torch.randint(0, {classes}, ({rows}, 1))",
        "stream": f"torch.randint(0, {classes}, ({math.prod(output[:-1])},))" if len(tail) == 2 else None,
        "inputs": choice.inputs[0].code(rows, choice.maker) if choice.inputs else None,
    }
    return codes[choice.target]


def code_of(slot: dict[str, Any], choice: Choice, models: list[str]) -> str | None:
    """The expression for a slot, or None where the choice does not fit it."""
    kind = slot["kind"]
    if kind in ("loader", "dataset", "batch"):
        data = _data(slot, choice)
        if data and kind == "loader" and slot["keys"]:
            return f"dict.fromkeys({slot['keys']}, {data})"
        return f"itertools.cycle({data})" if data and slot.get("drawn") and kind == "loader" else data
    if kind == "input":
        return choice.inputs[0].code(None, choice.maker) if choice.inputs else None
    if kind == "target":
        return target_code(choice, choice.rows)
    if kind == "criterion":
        return choice.criterion or _MOCK
    if kind == "args":
        return _namespace(slot, choice)
    if kind == "optimizer":
        owner = _owner(slot["name"], models)
        return slot["code"] if owner is None else f"torch.optim.SGD({owner}.parameters(), lr=0.01)"
    return _simple(slot)


def _simple(slot: dict[str, Any]) -> str:
    fixed = {
        "device": "torch.device('cpu')",
        "scaler": "torch.amp.GradScaler('cpu', enabled=False)",
        "mock": _MOCK,
        "accelerator": _ACCELERATOR,
        "folder": "tempfile.mkdtemp()",
        "file": "tempfile.mkdtemp() + '/model.pt'",
        "scheduler": _MOCK,
    }
    if slot["kind"] == "mapping" and "append" in slot["attributes"]:
        return "{" + ", ".join(f"{k!r}: []" for k in slot["keys"]) + "}"
    if slot["kind"] == "mapping" and not slot["code"]:
        sizes = re.search("size|len|^n_|num", slot["name"])
        return "{" + ", ".join(f"{k!r}: {'8' if sizes else _number(k)}" for k in slot["keys"]) + "}"
    if slot["kind"] == "count" and not slot["code"]:
        return _number(slot["name"])
    return fixed.get(slot["kind"]) or slot["code"] or _MOCK


def _owner(name: str, models: list[str]) -> str | None:
    """Which of several models an optimizer is for: `optimizerD` goes with `netD`."""
    ending = re.sub(r"opti(mizer|m)?|opt|_", "", name).lower()
    fitting = (m for m in models if ending and (m.lower().endswith(ending) or m.lower().startswith(ending)))
    return next(fitting, models[0] if models else None)


def _data(slot: dict[str, Any], choice: Choice) -> str | None:
    """Two full batches, in a loader or a list; one batch; or a dataset of two batches' samples."""
    wanted = slot["attributes"]
    own = bool(slot["item_keys"]) or deep(slot)  # batches that no TensorDataset gives
    plain = own or (choice.structure % 2 == 1 and "dataset" not in wanted)
    loaded = slot["kind"] == "loader" and ("OldIterators" in needed() or "dataset" in wanted)
    if own and loaded and (data := samples_of(slot, choice)):
        return f"torch.utils.data.DataLoader({data}, batch_size={choice.rows})"
    if slot["kind"] == "batch" or plain:
        batch = _batch(slot, choice, choice.rows)
        return (
            batch
            if slot["kind"] == "batch" or batch is None
            else f"[{batch} for _ in range({choice.batches})]"
        )
    parts = parts_of(slot, choice, choice.batches * choice.rows, samples=True)
    if parts is None or any(g.text for g in choice.inputs):
        return None
    more = [f"{name}={code}" for name, code in choice.more]
    dataset = f"{'AnyData' if more else 'torch.utils.data.TensorDataset'}({', '.join([*parts, *more])})"
    if slot["kind"] == "dataset" and not wanted.keys() & {"dataset", "batch_size"}:
        return dataset
    return f"torch.utils.data.DataLoader({dataset}, batch_size={choice.rows})"


def _batch(slot: dict[str, Any], choice: Choice, rows: int) -> str | None:
    if slot["item_keys"]:
        return _mapping(slot["item_keys"], choice, rows)
    parts = parts_of(slot, choice, rows)
    if parts is None:
        return None
    if len(parts) == 1:
        return parts[0] if not slot["unpacked"] else f"({parts[0]},)"
    return f"({', '.join(parts)})"


def parts_of(slot: dict[str, Any], choice: Choice, rows: int, samples: bool = False) -> list[str] | None:
    """The tensors of a batch: the inputs, then as many targets as the function takes apart."""
    inputs = [_part(g, rows, choice) for g in choice.inputs if not g.text.isdigit()]  # numbers are no data
    target = target_code(choice, rows, samples)
    if target is None or (samples and choice.target == "stream"):
        return None
    alone = choice.structure >= 2 and (slot["indexed"] or not slot["unpacked"])  # no targets beside them
    count = len(inputs) if alone else slot["unpacked"] or len(inputs) + 1
    codes = (inputs + [target] * max(count - len(inputs), 0))[:count]
    if len(slot["parts"]) == count and choice.structure < 2:
        named = zip(slot["parts"], codes, strict=True)
        codes = [_by_kind(part["kind"], code, inputs, target) for part, code in named]
    return codes if samples else list(map(part_of, codes, [*slot["parts"], *[None] * len(codes)]))


def samples_of(slot: dict[str, Any], choice: Choice) -> str | None:
    """A list of samples for all batches: their parts have names, or are taken apart themselves."""
    amount = choice.batches * choice.rows
    if deep(slot) and not slot["item_keys"]:
        codes = [f"{code}[0]" for code in parts_of(slot, choice, 1, samples=True) or ()]
        sample = ", ".join(map(part_of, codes, slot["parts"]))
        return f"[({sample}) for _ in range({amount})]" if codes else None
    inputs = itertools.cycle([g.code(1, choice.maker) for g in choice.inputs])
    target = target_code(choice, 1)
    if target is None:
        return None
    keys = [(key, TARGET_KEY.search(key.lstrip("."))) for key in slot["item_keys"]]
    sample = mapping([(key, f"{target if wanted else next(inputs)}[0]") for key, wanted in keys])
    return f"[{sample} for _ in range({amount})]"


def _part(guess: Guess, rows: int, choice: Choice) -> str:
    """An input as a part of a batch; a mask that the model does without is there all the same."""
    if guess.text == "None":
        return _mask(rows, choice)
    return guess.code(rows if rows != choice.rows else None, choice.maker)


def _mask(rows: int, choice: Choice) -> str:
    """A mask of tokens that hides none."""
    length = next((g.shape[1] for g in choice.inputs if len(g.shape) > 1), LENGTH)
    return f"torch.ones({rows}, {length}, dtype=torch.long)"


def deep(slot: dict[str, Any]) -> bool:
    """Whether a part of a batch is taken apart itself."""
    return any(part["count"] or part["keys"] for part in slot["parts"])


def _by_kind(kind: str, code: str, inputs: list[str], target: str) -> str:
    """The expression for a part whose name says what it is, where its place says otherwise."""
    if kind == "input" and code == target and inputs:
        return inputs[0]
    return target if kind == "target" else code


def part_of(code: str, part: dict[str, Any] | None) -> str:
    """A part of a batch: several of a kind, or by keys, where the loop takes it apart so."""
    if part and part["keys"]:
        return mapping([(key, code) for key in part["keys"]])
    return f"({', '.join([code] * part['count'])})" if part and part["count"] else code


def _mapping(keys: list[str], choice: Choice, rows: int) -> str | None:
    target = target_code(choice, rows)
    inputs = iter([_part(g, rows, choice) for g in choice.inputs] * len(keys))
    if target is None or not choice.inputs:
        return None
    tokens = choice.inputs[0].high > 0
    values = [
        (key, _mask(rows, choice))
        if tokens and _MASK_KEY.search(key)
        else (key, target if TARGET_KEY.search(key.lstrip(".")) else next(inputs))
        for key in keys
    ]
    return mapping(values)


def mapping(values: list[tuple[str, str]]) -> str:
    """A dict of expressions; an object, where the keys are `.names` of attributes."""
    if all(key.startswith(".") for key, _ in values):
        return f"types.SimpleNamespace({', '.join(f'{key[1:]}={code}' for key, code in values)})"
    return "{" + ", ".join(f"{key!r}: {code}" for key, code in values) + "}"


def _namespace(slot: dict[str, Any], choice: Choice) -> str:
    """What is read of parsed arguments, by name or by key: their defaults, on the CPU, with few epochs."""
    known = dict(slot["attributes"])
    known.update((name, code) for name, code in choice.attributes)
    codes = {name: _option(name.rpartition(".")[2].lower(), code, choice) for name, code in known.items()}
    keyed = {key: _option(key.lower(), None, choice) for key in slot["keys"] if key.isidentifier()}
    if not keyed:
        return namespace(codes)
    of_dicts = dir(dict)  # it has its own `items`, `get` and `update`
    return options({name: code for name, code in (keyed | codes).items() if name not in of_dicts})


def _option(name: str, code: str | None, choice: Choice) -> str:
    if "batch" in name and "size" in name:
        return str(choice.rows)
    if code is None and re.search(r"(steps?|iters?|interval|freq(uency)?|every|period)$", name):
        return "1"
    if re.search(r"cuda|gpu|mps|distributed|wandb|fp16|amp|parallel|visual|plot|save", name):
        return "False" if code in (None, "True", "False") else code
    nowhere = code == "''" and re.search(r"(save|out|work|log|exp)\w*(dir|path|folder)", name)
    if "epoch" in name or code is None or nowhere:
        return _number(name)
    return code


def _number(name: str) -> str:
    by_name = (
        (r"epoch", "2"),
        (r"batch_?size", "8"),
        (r"lr|rate|decay|momentum|drop|(^|_)eps|alpha|beta|gamma|lambda|weight|clip", "0.01"),
        (r"device", "torch.device('cpu')"),
        (r"^use_|^is_|^no_|debug|verbose|resume", "False"),
        (r"dir|path|file|folder", "tempfile.mkdtemp()"),
        (r"name|mode|type", "'test'"),
    )
    return next((code for pattern, code in by_name if re.search(pattern, name.lower())), "1")
