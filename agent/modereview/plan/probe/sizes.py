"""What usually stands behind a name: small sizes, rates, flags."""

from __future__ import annotations

import re

# (pattern of the parameter's name, what stands in for it); widths are multiples of the heads.
_BY_NAME = (
    (r"(^|_)(idx|index|id)$", "0"),
    (r"max_?pos|n_positions", "64"),
    (r"^pretrained$|^load_", "False"),
    (r"(path|file|dir|ckpt|checkpoint|weights)$", "'a'"),
    (r"drop|^p$|prob|rate|alpha", "0.1"),
    (r"heads?$", "2"),
    (r"layers|depth|blocks|^n_?convs?$", "2"),
    (r"kernel|^ks$", "3"),
    (r"stride|dilation|groups|expansion", "1"),
    (r"pad_?(idx|index|token)|padding|^sos|^eos", "0"),
    (r"device", "torch.device('cpu')"),
    (r"bidirectional|batch_first|bias|^use_|^is_|^with_", "True"),
    (r"act_(layer|fn|func|cls)$", "nn.ReLU"),
    (r"activation|^act$|nonlin", "nn.ReLU()"),
    (r"norm_layer|^norm$", "nn.BatchNorm2d"),
    (r"class|n_?labels|num_labels|n_?out$|out(put)?_(size|dim|features|channels)|action", "5"),
    (r"vocab|n_?tokens?|num_embeddings|ntoken|n_?words|dict_size", "97"),
    (r"max_?len|seq|block_size|context", "12"),
    (r"image_?size|img_?size|resolution", "32"),
    (r"patch", "8"),
    (r"channels|in_?ch|^nc$", "3"),
    (r"^num_(inputs?|features)$", "16"),
    (r"hidden|embed|emb|d_?model|dim|width|ninp|nhid|latent|n_?z$|^nz$|filters|^ng?d?f$", "16"),
)


def options(values: dict[str, str]) -> str:
    """The same, where the script also reads them by key: a dict that has them as attributes."""
    return f"Options({namespace(values).removeprefix('types.SimpleNamespace(')}"


def namespace(values: dict[str, str]) -> str:
    """An object of options by name; "SOLVER.BASE_LR" is one of an object within it."""
    parts: dict[str, dict[str, str]] = {}
    for name, code in values.items():
        first, _, rest = name.partition(".")
        parts.setdefault(first, {})[rest] = code
    written = []
    for name, held in parts.items():
        inner = {rest: code for rest, code in held.items() if rest}
        written.append(f"{name}={namespace(inner) if inner else held['']}")
    return f"types.SimpleNamespace({', '.join(written)})"


_LENGTHS = {"7": 4, "16": 3, "3": 2}  # of sequences, another one for each trial


def number(name: str) -> str | None:
    """What usually stands behind a name, as code; None where it says nothing."""
    return next((code for pattern, code in _BY_NAME if re.search(pattern, name.lower())), None)


def typed(annotation: str, fill: str) -> str | None:
    """What an annotation allows, where the name alone would mislead: sequences, flags, words."""
    kind = annotation.replace("typing.", "").removeprefix("Optional[").partition("|")[0].strip()
    if re.match(r"(list|tuple|sequence|iterable)\b", kind, re.IGNORECASE):
        return f"[{', '.join(['0.1' if 'float' in kind else fill] * _LENGTHS[fill])}]"
    plain = {"bool": "False", "str": "'a'", "float": "0.1", "torch.device": "torch.device('cpu')"}
    return plain.get(kind.rstrip("]"))
