"""What a static review loses by leaving out the mode flow where it can lead to no finding: nothing.

    python benchmarks/skipping.py FOLDER...

Looks at each file of the folders twice, with all of the flow and with what `analyze/worth.py` finds worth it,
and prints the findings that only one of them has. A file whose whole flow gives up says nothing of the
other; those are counted. Exit 1 where something was lost.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.parse import collect, find_root, read
from modereview.records import Finding, Source
from modereview.rules import look
from modereview.scan.pool import Lost, cores, each

SECONDS = 300.0


@dataclass(frozen=True)
class Pair:
    """What the two looks at a file found; what is missing in the second is lost."""

    whole: frozenset[Finding] = frozenset()
    part: frozenset[Finding] = frozenset()
    gave_up: bool = False

    def __str__(self) -> str:
        rows = [("lost", f) for f in self.whole - self.part] + [("new", f) for f in self.part - self.whole]
        rows.sort(key=lambda row: (row[1].span, row[1].rule, row[0]))
        return "\n".join(
            f"  {word}: {f.span.line} {f.severity.value} {f.rule} {f.message}" for word, f in rows
        )


def main() -> None:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    files = list(_files(parser.parse_args().folders))
    count: Counter[str] = Counter()
    for index, pair in each(compare, files, SECONDS, cores()):
        kind = _kind(pair)
        count[kind] += 1
        if kind in ("differ", "crashed"):
            print(f"{files[index]}\n{pair if isinstance(pair, Pair) else pair.why}", flush=True)
    print(f"{len(files)} files: {', '.join(f'{n} {kind}' for kind, n in count.most_common())}")
    sys.exit(1 if count["differ"] or count["crashed"] else 0)


def _files(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            yield from collect([folder])
        except InputError as error:
            print(error)


def compare(path: Path) -> Pair:
    """Both looks at a file."""
    try:
        source = read(path, find_root(path.resolve().parent))
    except InputError:
        return Pair()
    programs = [analyze(source, _near, static=static) for static in (False, True)]
    whole, part = (frozenset(look(program).found) for program in programs)
    return Pair(whole, part, gave_up=programs[0].gave_up is not None)


def _near(path: Path, root: Path) -> Source:
    return read(path, root)


def _kind(pair: Pair | Lost) -> str:
    if isinstance(pair, Lost):
        return "crashed"
    if pair.gave_up:
        return "not followed to the end"
    return "the same" if pair.whole == pair.part else "differ"


if __name__ == "__main__":
    main()
