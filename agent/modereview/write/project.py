"""The script among the project's files: what its imports bring in view, and what of that some code uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from modereview import parse
from modereview.analyze.linking import Linked, link
from modereview.llm.tokens import tokens
from modereview.records import Program, Source, Span
from modereview.write.context import Slice

Definition = tuple[str, int, str]  # path from the project, first line, text

# A name that is no attribute, no argument's and not being defined.
_READ = re.compile(r"(?<![\w.])(?<!def )(?<!class )([A-Za-z_]\w*)(?!\s*=[^=])\b")
_COMMENT = re.compile(r"#[^\n]*")


def brought_in(source: Source) -> frozenset[str]:
    """What of the project's other files the script can name: "Net" or "nets.Net".

    They are classes and functions of the user's own, as those of the script are; a module is none.
    """
    linked = link(source, parse.read)
    if not linked.neighbours:
        return frozenset()
    known = {name: name for name in (*linked.names.classes, *linked.names.functions)}
    known |= {
        name: _meant(linked, name) for name in linked.names.imports if _span(linked, _meant(linked, name))
    }
    found = set[str]()
    for local in linked.own.names.imports:
        origin = linked.names.resolve(linked.names.imports[local])
        found |= {local} if origin in known else set()
        found |= {local + name.removeprefix(origin) for name in known if name.startswith(f"{origin}.")}
    return frozenset(found)


def used_by(program: Program, code: Sequence[Slice], limit: int) -> list[Definition]:
    """The classes and functions whose names these slices of the file use, and what those use in turn.

    Nearest first into the `limit` of tokens; what does not fit whole is left out, as is what only it uses.
    """
    linked = link(program.source, parse.read)
    shown = "\n".join(text for _, text in code)
    waiting, found, seen = [_meant(linked, name) for name in _names(shown)], list[Definition](), set[str]()
    for name in waiting:  # grows meanwhile
        span = _span(linked, name)
        if name in seen or span is None:
            continue
        seen.add(name)
        text = linked.slice(span)
        if tokens(text) > limit or text.partition("\n")[0] in shown:
            continue
        limit -= tokens(text)
        found.append((*linked.at(span), text))
        module = "" if linked.here(span) else name.rpartition(".")[0] + "."
        waiting += [_meant(linked, module + used) for used in _names(text)]
    return sorted(found)


def _meant(linked: Linked, name: str) -> str:
    """The qualified name of what a name of the file, or a qualified one, stands for."""
    return linked.names.resolve(linked.names.imports.get(name, name))


def _span(linked: Linked, name: str) -> Span | None:
    defined = linked.names.classes.get(name) or linked.names.functions.get(name)
    return defined.span if defined else None


def _names(text: str) -> Iterable[str]:
    """The names that some code reads, also where it is shown in part and cannot be parsed."""
    return dict.fromkeys(_READ.findall(_COMMENT.sub("", text)))
