"""Guesses for one input of a forward: from the file's shapes, the model's leaves, the parameter's name."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

ROWS = 8  # samples of flat data
IMAGES = 4  # samples where each is large
LENGTH = 12  # steps of a sequence
FRAMES = 8  # of a film
SIDES = (32, 28, 64, 16, 8, 128, 224)
IMAGES_BY_SIZE = {784: (1, 28, 28), 3072: (3, 32, 32), 1024: (1, 32, 32)}
_STATE = re.compile(r"^h$|hidden|hx$|^h_?0$|^prev_h$|state")
_CELL = re.compile(r"^c$|^cx$|^c_?0$|^prev_c$|cell")  # of an LSTM, where it comes by itself
_WHOLE = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.Transformer)


@dataclass(frozen=True)
class Guess:
    """One tensor: its shape with the batch first, whole numbers below `high` where that is set."""

    shape: tuple[int, ...]
    why: str
    high: int = 0
    dtype: str = ""  # "torch.float64" where the parameters are not float32
    text: str = ""  # an expression of its own, where it is not random numbers

    def code(self, rows: int | None = None, maker: str = "randn") -> str:
        """The expression, with another number of rows where one is given."""
        if self.text:
            return self.text
        shape = self.shape if rows is None else (rows, *self.shape[1:])
        if self.high:
            return f"torch.randint(0, {self.high}, {tuple(shape)})"
        dtype = f", dtype={self.dtype}" if self.dtype else ""
        return f"torch.{maker}({', '.join(map(str, shape))}{dtype})"


def parameters(model: nn.Module) -> list[str]:
    """The parameters of forward that a caller has to give."""
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return ["input"]
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in signature.parameters.values() if p.kind in kinds and p.default is p.empty]
    starred = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in signature.parameters.values())
    optional = [p for p in signature.parameters.values() if p.kind in kinds]
    return [p.name for p in needed or (optional[:1] if not starred else [])] or (["input"] if starred else [])


def leaves(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Submodules that are called as a whole, in the order they were registered."""
    found: list[tuple[str, nn.Module]] = []
    inside: tuple[str, ...] = ()
    for name, module in model.named_modules():
        if inside and name.startswith(inside):
            continue
        if isinstance(module, _WHOLE):
            inside += (f"{name}.",)
            found.append((name, module))
        elif not list(module.children()):
            found.append((name, module))
    return found


def guesses(model: nn.Module, name: str, shapes: list[dict[str, Any]]) -> list[Guess]:
    """Guesses for the forward parameter `name`, cheapest and likeliest first, without repetition."""
    found = telling(model, name) + _by_shapes(model, shapes)
    for path, leaf in leaves(model):
        found += of_leaf(model, path, leaf)
    found += [
        Guess((ROWS, p.shape[d]), f"a side of {_label(model, n)}")
        for n, p in _matrices(model)
        for d in (0, 1)
    ]
    distinct = {(g.shape, g.high, g.text): g for g in found}  # first place, last reason: leaves explain best
    distinct.setdefault(((ROWS, 16), 0, ""), Guess((ROWS, 16), "any size does"))
    dtype = _dtype(model)
    return [replace(g, dtype=dtype) for g in distinct.values()]


def of_leaf(model: nn.Module, path: str, leaf: nn.Module) -> list[Guess]:
    """What would suit a leaf if it is the first that the input meets."""
    label = _label(model, path)
    if isinstance(leaf, nn.Linear):
        return _flat(leaf.in_features, label)
    if isinstance(leaf, (nn.Embedding, nn.EmbeddingBag)):
        why = f"numbers below {leaf.num_embeddings}: {label}"
        return [Guess((IMAGES, LENGTH), why, leaf.num_embeddings), Guess((ROWS,), why, leaf.num_embeddings)]
    if isinstance(leaf, nn.RNNBase):
        sizes = (IMAGES, LENGTH) if leaf.batch_first else (LENGTH, IMAGES)
        return [Guess((*sizes, leaf.input_size), f"{leaf.input_size} features a step: {label}")]
    if isinstance(leaf, nn.RNNCellBase):
        return [Guess((IMAGES, leaf.input_size), f"{leaf.input_size} features: {label}")]
    if isinstance(leaf, nn.modules.conv._ConvNd):
        return _spatial(leaf.in_channels, len(leaf.kernel_size), label, leaf.transposed)
    if isinstance(leaf, nn.modules.batchnorm._NormBase):
        count = int(leaf.num_features)
        return [
            Guess((ROWS, count), f"{count} features: {label}"),
            *_spatial(count, 2, label),
        ]
    if isinstance(leaf, nn.LayerNorm):
        return [Guess((IMAGES, LENGTH, *leaf.normalized_shape), f"normalized shape: {label}")]
    width = getattr(leaf, "embed_dim", None) or getattr(getattr(leaf, "self_attn", None), "embed_dim", None)
    return [Guess((IMAGES, LENGTH, int(width)), f"width {width}: {label}")] if isinstance(width, int) else []


def _flat(features: int, label: str) -> list[Guess]:
    why = f"{features} features: {label}"
    rows = [Guess((ROWS, features), why), Guess((IMAGES, LENGTH, features), why)]
    if features in IMAGES_BY_SIZE:
        return [Guess((IMAGES, *IMAGES_BY_SIZE[features]), why), *rows]
    side = round((features / 3) ** 0.5)
    return rows + ([Guess((IMAGES, 3, side, side), why)] if side > 3 and 3 * side * side == features else [])


def _spatial(channels: int, axes: int, label: str, transposed: bool = False) -> list[Guess]:
    sides = (1, 4, 8, 16) if transposed else SIDES if axes < 3 else (16, 32)
    why = f"{channels} channel{'s' * (channels > 1)}: {label}"
    return [Guess((IMAGES, channels, *[side] * axes), why) for side in sides]


def _by_shapes(model: nn.Module, shapes: list[dict[str, Any]]) -> list[Guess]:
    high = next((leaf.num_embeddings for _, leaf in leaves(model) if isinstance(leaf, nn.Embedding)), 10)
    sized = ((s, tuple(s["sample"])) for s in shapes)
    return [
        Guess(
            (ROWS if len(t) == 1 else IMAGES, *t),
            f"the shape of line {s['line']}",
            high if s["integer"] else 0,
        )
        for s, t in sized
    ]


def telling(model: nn.Module, name: str) -> list[Guess]:
    """Guesses by a name that says more than the leaves do; none where it says nothing."""
    if placed := _places(model, name):
        return placed
    if re.search(r"^adj|_adj$|adjacency|laplacian", name):
        return [Guess((ROWS, ROWS), f"`{name}`: a graph of {ROWS} nodes", text=f"torch.eye({ROWS})")]
    if re.search(r"edge_index", name):
        return [Guess((2, 3 * ROWS), f"`{name}`: edges between {ROWS} nodes", ROWS)]
    if re.search(r"(^|_)(steps|horizon|max_len|iters?|iterations?)$", name):
        return [Guess((), f"`{name}`: a number", text="2")]
    if re.search(r"len(gth)?s?$", name):
        text = f"torch.full(({IMAGES},), {LENGTH})"
        return [Guess((IMAGES,), f"`{name}`: all of {LENGTH} steps", text=text)]
    if _STATE.search(name) or _CELL.search(name):
        return _states(model, name)
    if re.search(r"mask", name):
        masks = (
            "None",
            f"torch.ones({IMAGES}, {LENGTH}, dtype=torch.bool)",
            f"torch.zeros({LENGTH}, {LENGTH})",
        )
        return [Guess((), f"`{name}`", text=text) for text in masks]
    if re.search(r"label|^y$|target|class|cond", name):
        high = next((leaf.num_embeddings for _, leaf in leaves(model) if isinstance(leaf, nn.Embedding)), 2)
        return [Guess((rows,), f"`{name}`: classes", high) for rows in (ROWS, IMAGES)]
    if re.search(r"^t$|^ts$|time", name):
        return [Guess((rows,), f"`{name}`: time steps", 10) for rows in (IMAGES, ROWS)]
    return []


def _places(model: nn.Module, name: str) -> list[Guess]:
    """Where the parts of a sequence or of a picture lie, and pictures themselves."""
    if re.search(r"^(feat_|x_|input_|in_)?(size|shape|resolution)$|(^|_)hw$|^HW$", name):
        return [Guess((), f"`{name}`: {LENGTH} places", text=f"({LENGTH // 3}, 3)")]
    if name in ("H", "W", "height", "width"):
        text = str(LENGTH // 3) if name.lower().startswith("h") else "3"
        return [Guess((), f"`{name}`: of {LENGTH} places", text=text)]
    if re.search(r"pixel_values|^(images?|imgs?)$", name):
        config = getattr(model, "config", None)
        channels, side = getattr(config, "num_channels", 3), getattr(config, "image_size", SIDES[0])
        if isinstance(channels, int) and isinstance(side, int):
            return [Guess((IMAGES, channels, side, side), f"`{name}`: images of side {side}")]
    if re.search(r"position_(embeddings?|emb)$|rotary", name):
        angles = f"torch.ones({IMAGES}, {LENGTH}, {_head(model)})"
        return [Guess((), f"`{name}`: cosines and sines", text=f"({angles}, 1 - {angles})")]
    if re.search(r"position_ids|^pos(itions)?$", name):
        text = f"torch.arange({LENGTH}).expand({IMAGES}, {LENGTH})"
        return [Guess((), f"`{name}`: one after the other", text=text)]
    return []


def _head(model: nn.Module) -> int:
    """How wide an attention head is."""
    found = (getattr(m, "head_dim", None) for m in model.modules())
    return next((size for size in found if isinstance(size, int)), 8)


def _states(model: nn.Module, name: str) -> list[Guess]:
    maker = next((m for m in ("init_hidden", "initHidden", "init_state") if hasattr(model, m)), None)
    found = [Guess((), f"`{name}`: from {maker}", text=f"model.{maker}({a})") for a in (IMAGES, "") if maker]
    alone = any(map(_CELL.search, parameters(model)))
    for path, leaf in leaves(model):
        if isinstance(leaf, (nn.RNNBase, nn.RNNCellBase)):
            layers = getattr(leaf, "num_layers", 0) * (2 if getattr(leaf, "bidirectional", False) else 1)
            sizes = (layers, IMAGES, leaf.hidden_size) if layers else (IMAGES, leaf.hidden_size)
            zeros = f"torch.zeros{sizes}"
            pair = isinstance(leaf, (nn.LSTM, nn.LSTMCell)) and not alone
            text = f"({zeros}, {zeros})" if pair else zeros
            found.append(Guess((), f"`{name}`: the state of {_label(model, path)}", text=text))
    return [*found, Guess((), f"`{name}`: none yet", text="None")]


def _matrices(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    named = {f"{path}." for path, leaf in leaves(model) if type(leaf).__module__.startswith("torch.")}
    own = [
        (n, p)
        for n, p in model.named_parameters()
        if p.dim() == 2 and not n.startswith(tuple(named) or ("\0",))
    ]
    return own[:3]


def _dtype(model: nn.Module) -> str:
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    return "" if dtype == torch.float32 else str(dtype)


def _label(model: nn.Module, path: str) -> str:
    return f"{type(model).__name__}.{path}" if path else type(model).__name__
