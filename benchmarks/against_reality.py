"""The mode flow against reality: generated programs are run, and compared with what the flow says of them.

Prints how many forwards really ran and how many of them got a *must*; a program for which the flow is wrong
is shrunk and shown. The test of the same name runs the first 2,000 programs.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "analyze"))


def main() -> None:
    """Compare, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--programs", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--seed", type=int, default=0, help="other programs for another seed (default: 0)")
    wanted = parser.parse_args()
    comparison = importlib.import_module("differential.comparison")
    tally, start = comparison.Tally(), time.perf_counter()
    try:
        comparison.compare(tally, wanted.programs, wanted.seed)
    except AssertionError as error:
        sys.exit(str(error))
    print(tally)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
