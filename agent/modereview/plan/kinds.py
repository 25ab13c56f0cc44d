"""What an argument is, a model, a loader ...: told by what is done with it, its annotation, its name."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from modereview.plan.uses import OF_TENSORS, Uses

Kind: TypeAlias = Literal[
    "model", "loader", "dataset", "optimizer", "criterion", "scheduler", "scaler", "device", "args",
    "accelerator", "mapping", "mock",
    "epoch", "epochs", "batch", "input", "target", "folder", "file", "count", "unknown",
]  # fmt: skip

_BY_NAME: tuple[tuple[str, Kind], ...] = (
    (r"kwargs$|_args$", "mapping"),
    (r"^(accelerator|fabric)$", "accelerator"),
    (r"sched|lr_s$", "scheduler"),
    (r"opti|^opt$|^opt_|_opt$|^solver$", "optimizer"),
    (r"scaler$", "scaler"),
    (r"writer|logger|^log$|wandb|tracker|callback|^metric|meter|timer|^bar$|^run$", "mock"),
    (r"^(best|lowest|min|max|prev|last)_(\w+_)?loss$", "count"),
    (r"crit|loss_?(fn|func|function|f)?$|objective|^cost", "criterion"),
    (r"loader|^dl$|_dl$|^batches$|iterator$", "loader"),
    (r"^(train|val|valid|test|data)_?(iter|gen|generator|batches)$", "loader"),
    (r"dataset|^(train|val|valid|test)_?(set|ds|data)$|^data$|^ds$", "dataset"),
    (r"^(model|net|network|module|classifier|encoder|decoder|generator|discriminator)$", "model"),
    (r"^(backbone|student|policy)$", "model"),
    (r"^net_?[A-Z]|(_|^)(model|net)$|^model|^[GD]$|^gen$|^disc$|Net$|Model$", "model"),
    (r"device|^dev$", "device"),
    (r"^(args?|opts?|cfg|config|conf|hparams|hp|flags|FLAGS|params|arguments)$", "args"),
    (r"^(n_?|num_?|max_?|total_?)?epochs$|^(n|num)_epochs?$", "epochs"),
    (r"^(max_?|num_?|n_?)?(iters?|iterations|steps)$", "epochs"),
    (r"^(n|num)_(inputs?|features|images?|targets?|labels?|batches)$", "count"),
    (r"epoch|^(global_)?(step|iter|iteration|it)$|(batch|step)_?(idx|index|i)$", "epoch"),
    (r"^(n|num)_(?!x$|y$)", "count"),
    (r"^batch$|^sample$|^samples$", "batch"),
    (r"^(x|X|inputs?|images?|imgs?|features?|tokens|src|texts?|data)$|^[xX]_?(train|test|val)$", "input"),
    (r"^(b|batch|train|val|valid|test)_?[xX]$|^[xX]_?(b|batch)$|_(inputs?|images?|features)$", "input"),
    (r"^(b|batch|train|val|valid|test)_?[yY]$|^[yY]_?(b|batch)$|_(targets?|labels?)$", "target"),
    (r"^(y|Y|targets?|labels?|y_?(train|test|val)|Y_?(train|test|val)|gt|trg|tgt)$", "target"),
    (r"(dir|folder|directory|out_?path|save_to)$", "folder"),
    (r"(path|file|filename|ckpt|checkpoint)", "file"),
    (r"batch_?size|^bs$|size$|interval$|^(n|num|log|print)_|every|freq|patience|accum", "count"),
    (r"^max_|_steps$", "count"),
)  # fmt: skip
_BY_ANNOTATION: tuple[tuple[str, Kind], ...] = (
    (r"Scheduler", "scheduler"),
    (r"Optimizer|optim\.", "optimizer"),
    (r"Loader", "loader"),
    (r"Dataset", "dataset"),
    (r"Loss\b", "criterion"),
    (r"nn\.Module|\bModule$", "model"),
    (r"torch\.device", "device"),
    (r"Namespace|Config", "args"),
    (r"SummaryWriter|Logger", "mock"),
    (r"GradScaler", "scaler"),
)


_OF_VALUES = frozenset("size view reshape permute transpose squeeze unsqueeze float long".split())

_OF_OPTIMIZERS = frozenset({"step", "zero_grad", "param_groups", "state_dict"})


def kind_of(name: str, annotation: str | None, uses: Uses) -> Kind:
    """What to stand in for an argument of this name. What the body does with it outweighs its name."""
    by_uses = _by_uses(uses)
    by_name = _match(_BY_NAME, name)
    if annotation and (by_annotation := _match(_BY_ANNOTATION, annotation)) != "unknown":
        return "criterion" if by_annotation == "model" and by_name == "criterion" else by_annotation
    if by_uses in ("optimizer", "model", "scaler") or by_name == "unknown":
        return by_uses
    if by_name == "args" and uses.keys and not uses.attrs:
        return "mapping"
    if by_name in ("dataset", "criterion") and uses.keys and not (uses.iterated or uses.called):
        return "mapping"  # sizes or losses by their names
    if name == "data" and by_uses == "args" and len(uses.attrs) > 1:
        return "args"  # an object that holds all that is known of the data
    if name == "opt" and uses.attrs and not uses.attrs & _OF_OPTIMIZERS:  # of parsed options
        return "args"
    if by_name == "dataset" and uses.methods & _OF_VALUES:
        return "input"
    if by_name in ("dataset", "batch", "input") and uses.iterated and (uses.unpacked or uses.dict_items):
        return "loader"
    return by_name


def _by_uses(uses: Uses) -> Kind:
    if uses.attrs & {"parameters", "train", "eval", "named_parameters", "modules"}:
        return "model"
    if {"zero_grad", "step"} <= uses.attrs:
        return "optimizer"
    if uses.attrs & {"scale", "unscale_"} and "update" in uses.attrs:
        return "scaler"
    if uses.iterated and (uses.unpacked >= 1 or uses.dict_items or "dataset" in uses.attrs):
        return "loader"
    if uses.attrs & {"backward"}:
        return "unknown"
    acts = uses.attrs & (uses.methods | OF_TENSORS)
    if uses.attrs and not (acts or uses.called or uses.iterated):
        return "args"
    return "mapping" if uses.keys else "unknown"


def _match(table: tuple[tuple[str, Kind], ...], text: str) -> Kind:
    return next((kind for pattern, kind in table if re.search(pattern, text)), "unknown")
