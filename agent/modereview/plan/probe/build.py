"""Constructor calls: what the file passes, then defaults, then small numbers for what comes from data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# (pattern of the parameter's name, what stands in for it); widths are multiples of the heads.
_BY_NAME = (
    (r"drop|^p$|prob|rate|alpha", "0.1"),
    (r"n_?heads?|num_heads|^heads$", "2"),
    (r"layers|depth|blocks|^n_?convs?$", "2"),
    (r"kernel|^ks$", "3"),
    (r"stride|dilation|groups|expansion", "1"),
    (r"pad_?(idx|index|token)|padding|^sos|^eos", "0"),
    (r"device", "torch.device('cpu')"),
    (r"bidirectional|batch_first|bias|^use_|^is_|^with_", "True"),
    (r"activation|^act$|nonlin", "nn.ReLU()"),
    (r"norm_layer|^norm$", "nn.BatchNorm2d"),
    (r"class|n_?labels|num_labels|n_?out$|out(put)?_(size|dim|features|channels)|action", "5"),
    (r"vocab|n_?tokens?|num_embeddings|ntoken|n_?words|dict_size", "97"),
    (r"max_?len|seq|block_size|context", "12"),
    (r"image_?size|img_?size|resolution", "32"),
    (r"patch", "8"),
    (r"channels|in_?ch|^nc$", "3"),
    (r"hidden|embed|emb|d_?model|dim|width|ninp|nhid|latent|n_?z$|^nz$|filters|^ng?d?f$", "16"),
)
_FILLS = ("7", "16", "3")  # what all other unknowns are, one trial each
_OF_VALUES = {"shape", "size", "items", "keys", "append", "lower", "parameters", "to", "device", "dtype"}
GIVEN = "given in pyproject.toml"
_CHANNELS = re.compile(r"channels|in_?ch|^nc$")


@dataclass(frozen=True)
class Build:
    """An expression that builds a model, and where its numbers come from."""

    code: str
    why: str


def builds(subject: dict[str, Any]) -> Iterator[Build]:
    """Ways to build a subject, the file's own first, without repetition."""
    if "code" in subject:
        yield Build(subject["code"], f"as at line {subject['line']}")
        return
    if subject.get("args") is not None:
        yield Build(f"{subject['callee']}({subject['args']})", GIVEN)
        return
    seen = set()
    for way in subject["builds"]:
        for fill in _FILLS:
            build = _filled(subject["callee"], way, fill)
            if build.code not in seen:
                seen.add(build.code)
                yield build


def _filled(callee: str, way: dict[str, Any], fill: str) -> Build:
    written, unknown = [], []
    for argument in way["arguments"]:
        code = argument["code"]
        if code is None:
            code = _object(argument["attributes"], fill) or _stand_in(argument["name"], fill)
            size = code if code.isalnum() else "small sizes"
            unknown.append(f"{size} for `{argument['name']}`, which the file does not tell")
        written.append(f"{argument['name']}={code}" if argument["keyword"] else code)
    place = f"arguments as at line {way['line']}" if way["line"] else "" if written else "defaults"
    return Build(f"{callee}({', '.join(written)})", "; ".join(filter(None, [place, *unknown])))


def _stand_in(name: str, fill: str) -> str:
    if fill != _FILLS[0] and _CHANNELS.search(name):
        return fill
    return number(name) or fill


def number(name: str) -> str | None:
    """What usually stands behind a name, as code; None where it says nothing."""
    return next((code for pattern, code in _BY_NAME if re.search(pattern, name.lower())), None)


def _object(attributes: dict[str, str | None], fill: str) -> str | None:
    """A namespace, where the constructor reads attributes of its argument: `config.n_embd`."""
    if not attributes or attributes.keys() & _OF_VALUES:
        return None
    written = (f"{name}={code or _stand_in(name, fill)}" for name, code in attributes.items())
    return f"types.SimpleNamespace({', '.join(written)})"
