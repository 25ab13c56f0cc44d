"""How much of code that nobody here wrote the search for recipes reaches, with no hint and no network.

    python benchmarks/recipes.py scripts MIRROR [--python PYTHON]
    python benchmarks/recipes.py classes [--python PYTHON] [--seed 0] [--sample 200]

`scripts` takes the fifty training scripts of scripts.toml from a mirror of their repositories (see
tests/real/README.md): models found, and functions and loops that train or evaluate run under the recorder.
`classes` takes a seeded sample of 200 `nn.Module` classes with a forward out of timm, transformers' modeling
files and segmentation-models-pytorch, as installed for PYTHON. What is missing there (torchvision, tqdm) is
mocked, as for a user. Prints each file, what was not reached by reason, and the time.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from modereview import parse
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.plan import SECONDS, plan, probe_code
from modereview.plan.slots import reached
from modereview.records import Plan, Program, Unreached
from modereview.run import Worker

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "real"))
SAMPLE = 200
PACKAGES = {
    "timm": ("models/*.py", "layers/*.py"),
    "transformers": ("models/*/modeling_*.py",),
    "segmentation_models_pytorch": ("**/*.py",),
}
WANTED = {"train", "evaluate"}


@dataclass
class Tally:
    """What was wanted and what was reached, over all files."""

    models: Counter[bool] = field(default_factory=Counter)
    runs: Counter[bool] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    unread: int = 0

    def add(self, planned: Plan, wanted: set[str] | None = None) -> str:
        """Count a file, or some of its classes; what is printed of it."""
        found = {r.target.name for r in planned.recipes if r.target.kind == "module"}
        missed = [u for u in planned.unreached if u.target.kind == "module"]
        if wanted is not None:
            found, missed = found & wanted, [u for u in missed if u.target.name in wanted]
            unseen = wanted - found - {u.target.name for u in missed}
            self.reasons["module: not taken for a module"] += len(unseen)
            self.models[False] += len(unseen)
        runs = {} if wanted is not None else _runs(planned)
        self.models.update({True: len(found), False: len(missed)})
        self.runs.update(runs.values())
        self.reasons.update(map(_reason, missed if wanted is not None else planned.unreached))
        models = f"models {len(found)}/{len(found) + len(missed)}"
        return f"{models}, runs {sum(runs.values())}/{len(runs)}" if wanted is None else models

    def __str__(self) -> str:
        lines = [f"models found            {_share(self.models)}"]
        if self.runs:
            lines.append(f"functions and loops run {_share(self.runs)}")
        if self.unread:
            lines.append(f"files not read          {self.unread}")
        lines += ["not reached, by the last error:"]
        lines += [f"{count:5} {reason}" for reason, count in self.reasons.most_common(15)]
        times = f"median {statistics.median(self.seconds):.1f} s, in all {sum(self.seconds):.0f} s"
        return "\n".join([*lines, f"time a file: {times}"])


def _share(counted: Counter[bool]) -> str:
    whole = counted[True] + counted[False]
    return f"{counted[True]} of {whole} ({100 * counted[True] / max(whole, 1):.0f}%)"


def _runs(planned: Plan) -> dict[tuple[str, str], bool]:
    """(function, role) of each place that trains or evaluates a model, and whether a recipe runs it."""
    program = planned.program
    places = {
        (f.function, f.role)
        for f in program.forwards
        if f.role in WANTED and f.function.rpartition(".")[2] != "forward"
    }
    return {place: _run(planned, program, *place) for place in places}


def _run(planned: Plan, program: Program, function: str, role: str) -> bool:
    lines = {f.span.line for f in program.forwards if f.function == function and f.role == role}
    texts = {program.source.lines[line - 1].strip() for line in lines}
    for recipe in planned.recipes:
        if recipe.rehearsal:
            if any(drive.code in texts and role in drive.roles for drive in recipe.drives):
                return True
        elif any(function in reached(program, name) for name in recipe.target.functions):
            return True
    return False


def _reason(missed: Unreached) -> str:
    """The kind of the last error, without names and sizes, so that like ones are counted together."""
    error = re.sub(r"^.*?: (?=\w*(Error|Exception|OutOfTime))", "", missed.error)
    return f"{missed.target.kind}: {re.sub(r'[0-9]+|`[^`]*`|got .*', '..', error)[:70]}"


def planned_for(path: Path, root: Path, worker: Worker, wanted: set[str] | None = None) -> Plan:
    """The plan for a file, or for some of its classes. Raises InputError."""
    source = parse.read(path, root)
    program = analyze(source, parse.read)
    if wanted is not None:
        chosen = tuple(m for m in program.modules if m.name in wanted)
        program = replace(program, modules=chosen, functions=(), forwards=(), schedules=())
    return plan(
        program,
        (),
        lambda request: worker.ask({source.name: source.raw}, probe_code(), request, SECONDS),
        path.with_name("test_modes.py"),
    )


def scripts(mirror: Path, folder: Path, listed: str) -> Iterator[tuple[str, Path, Path]]:
    """(label, file, project root) of each script, its repository's own files beside it."""
    real = importlib.import_module("lay_out")
    table = tomllib.loads(Path(__file__).with_name(listed).read_text(encoding="utf-8"))
    for number, entry in enumerate(table["script"]):
        git = real.git_folder(mirror, entry["repository"])
        names = real.git(git, "ls-tree", "-rz", "--name-only", entry["commit"]).decode().split("\0")
        root = folder / f"{number:02}"
        text = [n for n in names if n.endswith((".py", ".yaml", ".yml", ".json", ".cfg"))]
        for name, content in real.blobs(git, entry["commit"], text):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        yield f"{entry['repository']}/{entry['path']}", root / entry["path"], root


def _imported(path: Path) -> tuple[str, ...]:
    """The packages that a script imports; none where it cannot be read."""
    try:
        return analyze(parse.read(path, path.parent), parse.read).imports
    except InputError:
        return ()


def _site(python: Path) -> Path:
    """The folder of an interpreter's packages."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def classes(site: Path, seed: int, size: int) -> Iterator[tuple[str, Path, set[str]]]:
    """(label, file, classes of the sample) of each file that the sample meets."""
    files = [
        p
        for package, patterns in PACKAGES.items()
        for pattern in patterns
        for p in (site / package).glob(pattern)
    ]
    known = [(path, name) for path in sorted(files) for name in _modules(path)]
    sample = Random(seed).sample(known, size)
    print(f"{size} of {len(known)} classes in {len(files)} files")
    for path in sorted({path for path, _ in sample}):
        yield path.relative_to(site).as_posix(), path, {name for p, name in sample if p == path}


def _modules(path: Path) -> list[str]:
    """The classes of a file that have a forward of their own, on an instance."""
    classes = [n for n in ast.parse(path.read_bytes()).body if isinstance(n, ast.ClassDef)]
    return [c.name for c in classes for f in c.body if isinstance(f, ast.FunctionDef) and _forward(f)]


def _forward(function: ast.FunctionDef) -> bool:
    return function.name == "forward" and function.args.args[:1] != [] and function.args.args[0].arg == "self"


def main() -> None:
    """Measure, and print what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["scripts", "classes"])
    parser.add_argument("mirror", nargs="?", type=Path, help="of the repositories, for scripts")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="that has the packages")
    parser.add_argument("--seed", type=int, default=0, help="another sample for another seed (default: 0)")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"classes to draw (default: {SAMPLE})")
    parser.add_argument("--list", default="scripts.toml", help="of scripts, beside this file")
    parser.add_argument("--first", type=int, default=0, help="script or file to begin with, from 0")
    parser.add_argument("--count", type=int, help="measure as many only")
    parser.add_argument("--verbose", action="store_true", help="tell of each that was missed")
    given = parser.parse_args()
    if given.what == "scripts" and given.mirror is None:
        parser.error("scripts need a mirror")
    tally = Tally()
    part = slice(given.first, None if given.count is None else given.first + given.count)
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "scripts":
            for label, path, root in [*scripts(given.mirror, Path(folder), given.list)][part]:
                with Worker(root, given.python, packages=_imported(path)) as worker:
                    measure(tally, label, path, root, worker, verbose=given.verbose)
        else:
            site = _site(given.python)
            with Worker(site, given.python, packages=tuple(PACKAGES)) as worker:  # warm for all of them
                for label, path, wanted in [*classes(site, given.seed, given.sample)][part]:
                    measure(tally, label, path, site, worker, wanted, given.verbose)
    print(tally)


def measure(
    tally: Tally,
    label: str,
    path: Path,
    root: Path,
    worker: Worker,
    wanted: set[str] | None = None,
    verbose: bool = False,
) -> None:
    """Plan for one file, count what was reached, and print it."""
    start = time.perf_counter()
    try:
        planned = planned_for(path, root, worker, wanted)
        told = tally.add(planned, wanted)
    except InputError as error:
        tally.unread += 1
        told = str(error)
    else:
        missed = [u for u in planned.unreached if verbose and (wanted is None or u.target.name in wanted)]
        told = "\n  ".join([told, *(f"{u.target.kind} {u.target.name}: {u.error}" for u in missed)])
    tally.seconds.append(time.perf_counter() - start)
    print(f"{label}: {tally.seconds[-1]:.1f} s, {told}", flush=True)


if __name__ == "__main__":
    main()
