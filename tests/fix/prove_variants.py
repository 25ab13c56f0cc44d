"""Has the variants mended with proof: the real command, in the sandbox, against the golden files.

    python tests/fix/prove_variants.py

Prints for each what became of its findings, and whether the file is the golden one byte for byte.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).with_name("variants")


def review(folder: Path) -> list[dict[str, object]]:
    """The JSON report's files after a review that mends what can be proved."""
    command = [sys.executable, "-m", "modereview", "--offline", "--unsafe-fixes", "--format", "json", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if not done.stdout.strip():
        sys.exit(done.stderr)
    return json.loads(done.stdout)["files"]


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for bad in FOLDER.glob("*/bad.py"):  # notebooks are not run
            shutil.copy(bad, folder / f"{bad.parent.name}.py")
        totals: Counter[str] = Counter()
        for file in sorted(review(folder), key=lambda f: f["path"]):
            golden = FOLDER / Path(file["path"]).stem / "mended.py"
            equal = (folder / file["path"]).read_bytes() == golden.read_bytes()
            loud = [f for f in file["findings"] if f["severity"] != "note"]
            totals.update(f["state"] for f in loud)
            totals["files as the golden one"] += equal
            states = ", ".join(f"{f['rule']} {f['state']}" for f in loud)
            print(f"{file['path']:<32}{'as golden' if equal else 'other':<12}{states}")
        print(dict(totals))


if __name__ == "__main__":
    main()
