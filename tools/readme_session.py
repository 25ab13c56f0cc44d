"""Puts a real terminal session into README.md: a review of examples/tutorial.py, its mend, and the new tests.

python tools/readme_session.py            write it between the markers
python tools/readme_session.py --check    exit 1 if README.md shows something else; seconds may differ
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
REVIEW, TESTS = ("modereview", "tutorial.py"), ("pytest", "--quiet")
MEND = ("diff", "examples/tutorial.py", "tutorial.py")
BLOCK = re.compile(r"(<!-- session -->\n).*?(<!-- /session -->)", re.DOTALL)
OF_THE_MACHINE = re.compile(r"\b\d+\.\d+ ?s\b|^Warning: .*\n", re.MULTILINE)


def output(command: tuple[str, ...], folder: Path) -> str:
    """What a command prints on its standard output; its exit code must be 0."""
    plain = {"NO_COLOR": "1", "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    keyless = {
        name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MODEREVIEW_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=keyless | plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.rstrip()


def session() -> str:
    """The commands and what they print, as a Markdown block, run on a fresh copy of the example."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "examples").mkdir()
        for place in (folder, folder / "examples"):
            shutil.copy(ROOT / "examples" / "tutorial.py", place)
        told: dict[tuple[str, ...], str] = {REVIEW: output(REVIEW, folder)}
        told[MEND] = subprocess.run(MEND, cwd=folder, capture_output=True, text=True).stdout.rstrip()
        told[TESTS] = output(TESTS, folder)
    return "```console\n" + "\n\n".join(f"$ {' '.join(c)}\n{text}" for c, text in told.items()) + "\n```\n"


def main() -> None:
    """Write the block, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    old = README.read_text(encoding="utf-8")
    block = session()
    new = BLOCK.sub(lambda match: match[1] + block + match[2], old)
    if not check:
        README.write_text(new, encoding="utf-8")
    elif OF_THE_MACHINE.sub("", old) != OF_THE_MACHINE.sub("", new):
        sys.exit(
            f"README.md shows another session; run `python tools/readme_session.py`. It is now:\n{block}"
        )


if __name__ == "__main__":
    main()
