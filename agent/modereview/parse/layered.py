"""Which file of a project names a layer that depends on the mode, where a network may come from.

Told by the text, no file is parsed: of a network whose layers are out of view, this is what shows that its
mode may matter. Where it comes from is the file that defines its maker, and what that file imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from modereview.parse.project import files, state, text_of
from modereview.records import Source

# Layers, functions and questions that depend on the mode.
_LAYERS = re.compile(
    rb"\b(?:Alpha|FeatureAlpha)?Dropout[123]?d?\b|\bDropPath\b|\b[fF](?:unctional)?\.(?:alpha_)?dropout|"
    rb"BatchNorm|\bbatch_norm\s*\(|\btrack_running_stats\s*=\s*True|\bRReLU\b|\bself\.training\b|"
    rb"\bnn\.Transformer|\bdropout(?:_p)?\s*=\s*(?:self\b|0?\.\d*[1-9])"
)
# Libraries most of whose networks hold some, and what is asked of them.
_NETWORKS = (
    "diffusers|segmentation_models_pytorch|efficientnet_pytorch|pretrainedmodels|open_clip|"
    "pytorch_pretrained_bert|pytorch_transformers|fairseq|torch_geometric\\.nn"
)
_LIBRARIES = re.compile(
    rb"\btorchvision(?:\.|\s+import\s+)[^\n]*\bmodels\b|(?<!\bEmbedding\.)(?<!\bEmbeddingBag\.)\bfrom_pretrained\b|"
    rb"^\s*\"?(?:from|import)\s+(?:" + _NETWORKS.encode() + rb")\b|"
    rb"^\s*\"?import\s+(?:timm|transformers)\b|\btorch\.hub\.load\b|"
    # Of these two, what is no model and no builder of one says nothing: tokenizers, single blocks, schedules.
    rb"^\s*\"?from\s+timm\b[^\n]*\bcreate_model\b|"
    rb"^\s*\"?from\s+transformers\b[^\n]*\bimport\s+(?:\([^)]*|[^\n]*)\w*(?:Model\b|For[A-Z]\w*)",
    re.MULTILINE,
)
_MAKERS = re.compile(rf"(?:torchvision\.models|torch\.hub|timm|transformers|{_NETWORKS})\b")
_PICTURE = re.compile(rb'"image/[^"]+": "[^"]*"')  # most of what a notebook holds
_COMMENT = re.compile(rb"(?m)^\s*#.*$")
_IMPORT = re.compile(
    rb"^\s*\"?(?:from\s+([.\w]+)\s+import\s+(\([^)]*\)|[^\n;#]+)|import\s+([\w., \t]+))", re.MULTILINE
)
_MODULE = re.compile(rb"\bnn\.(?:Linear|Conv\d?d|Embedding|LSTM|GRU|Parameter|LayerNorm)\b")
_BASES = re.compile(rb"(?m)^\s*\"?\s*class\s+(\w+)\s*\(([^()]*)\)\s*:")
_ASIDE = re.compile(r"test|_?version$")
_OPTION = re.compile(rb"\s*if\s+(\w+)\s*:\s*")
_NAME = re.compile(rb"\w+")


@dataclass(frozen=True)
class _File:
    """What matters of a file here."""

    own: str  # the first word in it that names such a layer; "" for none
    layer: str  # or a library of networks that hold some
    imports: frozenset[str]  # dotted, relative ones with their dots, names that may be modules as well
    defined: frozenset[bytes]  # classes and functions
    layered: bool  # whether it builds layers
    sources: frozenset[str]  # what it imports from, by absolute names
    bases: tuple[tuple[bytes, bytes], ...]  # of each class, as written


def layered(source: Source, makers: Iterable[str], near: Path | None = None) -> tuple[Path, str] | None:
    """A file that a network may come from and that names a layer which depends on the mode, and that word.

    `makers` are the classes and functions that may have made it; where none is known, each class of the
    project may be one. The word is "" where the project defines a maker, and names no such layer there; None
    where it defines none, and what the file imports names no layer either.

    With `near` the search goes no further than to the file that defines a maker and what that file imports:
    what lies behind is as often of another network. Where no maker is known it stays in that file, or, if it
    is not the one under review, with it and what it imports. A maker of a library has to be of one whose
    networks hold such layers.
    """
    index = _index(source.root, state(source.root)) | {source.path: _look(source.raw)}
    wanted = {maker.rpartition(".")[2].encode() for maker in makers}
    starts = [path for path, file in index.items() if (file.defined & wanted if wanted else file.layered)]
    if near is not None and not wanted:
        levels = 0 if near == source.path else 1
        return _named(index, _reached(index, [near], levels), layers_alone=levels == 0)
    if near is not None and not starts:
        library = next(filter(None, map(_MAKERS.match, sorted(makers))), None)
        return (source.path, library.group()) if library else None
    levels = len(index) if near is None else 1
    looked = list(_reached(index, starts or [source.path], levels)) if wanted else [source.path, *index]
    whole = starts and not _lacks([index[path] for path in looked], source.root, index)
    return _named(index, looked) or ((starts[0], "") if whole else None)


def _named(
    index: dict[Path, _File], looked: Iterable[Path], *, layers_alone: bool = False
) -> tuple[Path, str] | None:
    """The first file that names a layer, or a library whose networks hold some, with the word."""
    words = ((path, index[path].own if layers_alone else index[path].layer) for path in looked)
    return next(((path, word) for path, word in words if word), None)


def has_all(source: Source) -> bool:
    """Whether the file is one of a project's, and all that it imports from it is there.

    What none of them defines comes from a library then; of a script by itself, or of a part of a project,
    nobody knows.
    """
    index = _index(source.root, state(source.root)) | {source.path: _look(source.raw)}
    return len(index) > 1 and not _lacks([index[source.path]], source.root, index)


def derives_from_module(source: Source, cls: str) -> bool:
    """Whether a class that the project defines in another file inherits a module, by what the texts say."""
    bases: dict[bytes, bytes] = {}
    for file in _index(source.root, state(source.root)).values():
        bases.update(file.bases)
    todo, seen = [cls.encode()], set[bytes]()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += _NAME.findall(bases.get(name, b""))
    return b"Module" in seen


def _lacks(looked: Iterable[_File], root: Path, index: Iterable[Path]) -> bool:
    """Whether some file imports from a package of the project what is not there: not all of it is in view.

    Tests, which are not looked through, and what an installation writes do not count.
    """
    paths = [path.relative_to(root) for path in index if path.is_relative_to(root)]
    packages = {path.parts[0] for path in paths if len(path.parts) > 1}
    known = {path.stem for path in paths} | {folder.name for path in paths for folder in path.parents}
    rows = (dotted.split(".") for file in looked for dotted in file.sources)
    missing = (row for row in rows if len(row) > 1 and row[0] in packages and row[-1] not in known)
    return any(not any(map(_ASIDE.match, row)) for row in missing)


def _reached(index: dict[Path, _File], starts: list[Path], levels: int) -> Iterator[Path]:
    """The files, and what they import from the project, nearest first, over so many levels of imports."""
    modules: dict[str, list[Path]] = {}
    for path in index:
        modules.setdefault(path.parent.name if path.stem == "__init__" else path.stem, []).append(path)
    todo, seen = [(path, 0) for path in starts], set(starts)
    while todo:
        path, level = todo.pop(0)
        yield path
        for dotted in sorted(index[path].imports) if level < levels else ():
            for found in (*_resolved(path, dotted, modules), *_handed_on(path, dotted, modules, index)):
                if found not in seen:
                    seen.add(found)
                    todo.append((found, level + 1))


def _handed_on(
    path: Path, dotted: str, modules: dict[str, list[Path]], index: dict[Path, _File]
) -> Iterator[Path]:
    """The files of a package that define what is imported from it by name: its `__init__` hands it on."""
    package, _, name = dotted.rpartition(".")
    for whole in _resolved(path, package, modules) if package.strip(".") else ():
        if whole.stem == "__init__":
            inside = (each for each in index if each.is_relative_to(whole.parent))
            yield from (each for each in inside if name.encode() in index[each].defined)


def _resolved(path: Path, dotted: str, modules: dict[str, list[Path]]) -> Iterator[Path]:
    """The files that an import may mean: those at the end of whose path it stands."""
    bare = dotted.lstrip(".")
    parts = bare.split(".")
    for found in modules.get(parts[-1], ()):
        place = found.parent.parts if found.stem == "__init__" else (*found.parent.parts, found.stem)
        near = len(parts) > 1 or dotted == bare or found.is_relative_to(path.parent)
        if near and place[-len(parts) :] == tuple(parts):
            yield found


@lru_cache(maxsize=4)
def _index(root: Path, state: str) -> dict[Path, _File]:
    """Every file of a project, looked at once while it is in one state."""
    return {path: _look(text_of(path)) for path in files(root)}


def _look(raw: bytes) -> _File:
    text = _COMMENT.sub(b"", _PICTURE.sub(b"", raw))
    own = _word(_LAYERS, text)
    return _File(
        own,
        own or _word(_LIBRARIES, text),
        frozenset(_imports(raw)),
        frozenset(re.findall(rb"(?m)^\s*\"?\s*(?:def|class)\s+(\w+)", raw)),
        bool(_MODULE.search(raw)),
        frozenset(m.decode() for m, _, _ in _IMPORT.findall(raw) if m and not m.startswith(b".")),
        tuple(_BASES.findall(raw)),
    )


def _word(words: re.Pattern[bytes], text: bytes) -> str:
    """The first such word; "" for none.

    Not what an option builds that is off, where the file never turns it on: `def vgg(cfg, batch_norm=False)`.
    """
    for found in words.finditer(text):
        above = text[: found.start()].rpartition(b"\n")[0].rstrip().rpartition(b"\n")[2]
        option = _OPTION.fullmatch(above)
        given = re.findall(rb"\b%s(?:\s*:\s*bool)?\s*=\s*(\w+)" % option[1], text) if option else []
        if set(given) != {b"False"}:
            return found.group().split()[-1].strip(b"(").decode(errors="replace")
    return ""


def _imports(raw: bytes) -> Iterator[str]:
    for module, names, plain in _IMPORT.findall(raw):
        whole = module.decode()
        if whole:
            yield whole
            apart = "" if whole.endswith(".") else "."
            yield from (f"{whole}{apart}{name.decode()}" for name in _NAME.findall(names) if name != b"as")
        else:
            yield from (text.split()[0] for text in plain.decode().split(",") if text.strip())
