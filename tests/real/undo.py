"""Mends the files of the real cases, mends them again, and takes all back.

    python tests/real/undo.py [MIRROR] [--only NUMBER ...]

The second run has to change nothing, and `modereview undo` to restore every byte. Fixes are written without a
proof (`--unproved --unsafe-fixes`): the packages that these files import are not there to run them. The exit
code is 1 where a case does otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from lay_out import Case, laid_out, mirror_of
from modereview import parse
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.fix import Tools, mend
from modereview.journal import undo, write_back
from modereview.records import Finding, Program, Source
from modereview.rules import check


def look(source: Source) -> tuple[Program, tuple[Finding, ...]]:
    program = analyze(source, parse.read)
    return program, tuple(check(program))


def mended(path: Path, root: Path) -> bytes:
    """The file with every fix that the analysis is content with, written as a review writes."""
    source = parse.read(path, root)
    tools = Tools(look, run=lambda _: (), unsafe=True, unproved=True)
    after = mend(*look(source), (), (), tools).source.raw
    write_back(root, {path: (source.raw, after)})
    return after


def files(root: Path) -> dict[str, bytes]:
    """Every file without the journal."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".modereview" not in path.parts
    }


def tell(case: Case, folder: Path) -> str:
    """What became of a case, in words."""
    root = case.root(folder, "old")
    path, before = root / case.path, files(root)
    first = mended(path, root)
    if first == before[case.path]:
        return "nothing to mend"
    if mended(path, root) != first:
        return "the second run changes it again"
    undo(root)
    return "right" if files(root) == before else "undo does not bring every byte back"


def main() -> None:
    parser = argparse.ArgumentParser(description="second runs and undo over the real cases")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of cases")
    arguments = parser.parse_args()
    mirror, counts = mirror_of(arguments.mirror), Counter[str]()
    for case, folder in laid_out(mirror, arguments.only):
        try:
            told = tell(case, folder)
        except InputError as error:
            sys.exit(str(error))
        counts[told] += 1
        print(f"{case.number:>2} {case.repository:<46} {case.rule}  {told}", flush=True)
    print(dict(counts))
    sys.exit(bool(counts.keys() - {"right", "nothing to mend"}))


if __name__ == "__main__":
    main()
