"""What questions to a language model cost: tokens against whole files, time against the longest chain.

    python benchmarks/llm.py tokens PATH...        what questions show of a file, against the whole file
    python benchmarks/llm.py tokens PATH... --against URL     and our count against a llama.cpp server's
    python benchmarks/llm.py prompts FOLDER        how long each kind of question is, of recorded exchanges
    python benchmarks/llm.py wall [--latency 2]    chains side by side, through a slow local server

The limits are printed, not enforced: half of the tokens on average, 1.3 times the longest chain.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from modereview import parse
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.llm.agent import Chain, pursue
from modereview.llm.client import OpenAIModel
from modereview.llm.meter import Meter
from modereview.llm.prompts import Prompts
from modereview.llm.protocol import conversation
from modereview.llm.tokens import tokens, tokens_of
from modereview.plan import plan
from modereview.plan.targets import module_targets
from modereview.records import Case, Program, Source, Target
from modereview.rules import check
from modereview.run import Worker
from modereview.workbench import Bench
from modereview.write import builtin, model, remarks
from modereview.write.context import slices
from modereview.write.digest import whole

Row = tuple[Program, list[float], tuple[float, float]]  # a file and its `ratios`
LIMIT_TOKENS, LIMIT_WALL = 0.5, 1.3
CONTEXT = 3000  # tokens of code in a question, as by default
NETS = 6

NET = """
class Net{n}(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = nn.Linear(4, 4), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))

"""
TEST = '''
def test_net{n}_drops():
    """In TRAIN mode some outputs are zero."""
    model, inputs = build_net{n}()
    model.train()
    assert any((model(*inputs) == 0).any() for _ in range(20)), "nothing is dropped"
'''


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    of_tokens = commands.add_parser("tokens")
    of_tokens.add_argument("paths", nargs="+", type=Path)
    of_tokens.add_argument(
        "--against", metavar="URL", help="of a llama.cpp server, as in http://localhost:8080"
    )
    commands.add_parser("prompts").add_argument("folder", type=Path)
    of_wall = commands.add_parser("wall")
    of_wall.add_argument("--latency", type=float, default=2.0, help="seconds for an answer (default: 2)")
    given = parser.parse_args()
    if given.command == "tokens":
        print(token_report(list(programs(given.paths)), given.against))
    elif given.command == "prompts":
        print(prompt_report(given.folder))
    else:
        print(wall_report(given.latency))


# --- tokens --------------------------------------------------------------------------------------


def programs(paths: Sequence[Path]) -> Iterator[Program]:
    """The Python files that can be read, analysed."""
    for path in parse.collect([path.resolve() for path in paths], ()):
        try:
            program = analyze(parse.read(path), parse.read)
        except InputError:
            continue
        if path.suffix == ".py":
            yield program


def token_report(found: list[Program], server: str | None) -> str:
    """What one question shows and costs, against the same with the whole file; then of files with models."""
    if not found:
        sys.exit("There is no Python file.")
    rows = [(program, *ratios(program)) for program in found]
    parts = [_part(f"all {len(rows)} files", rows)]
    if models := [row for row in rows if row[0].modules]:
        parts.append(_part(f"the {len(models)} that define a model", models))
    return "\n".join([*parts, *([_accuracy(found, server)] if server else [])])


def _part(what: str, rows: list[Row]) -> str:
    """Of one set of files."""
    targets = [ratio for _, of_targets, _ in rows for ratio in of_targets]
    prompts = [prompt for _, _, (_, prompt) in rows]
    lines = [f"{what}, {_mean_size([program for program, *_ in rows]):.0f} tokens each"]
    lines += [_line("code shown for one target", targets)] if targets else []
    lines += [
        _line("code shown for a second look", [code for _, _, (code, _) in rows]),
        _line("whole prompt of a second look", prompts),
        f"  more than {LIMIT_TOKENS:.0%} for {sum(prompt > LIMIT_TOKENS for prompt in prompts)} files",
    ]
    return "\n".join(lines)


def _mean_size(found: list[Program]) -> float:
    return statistics.mean(tokens(program.source.code) for program in found)


def ratios(program: Program) -> tuple[list[float], tuple[float, float]]:
    """For each target the share of the file that is shown; for a second look that share, and the prompt's."""
    file = tokens(program.source.code)
    shown = [_size(program, target) / file for target in module_targets(program)]
    shown += [_size(program, Target("scenario", f.name, (f.name,))) / file for f in program.functions]
    findings = check(program)
    little = remarks.question(program, findings, Prompts(), CONTEXT)
    much = remarks.question(program, findings, Prompts(), CONTEXT, whole(program))
    digest = conversation(little.messages).partition("lines left out):")[2].partition("```\n\n")[0]
    return shown, (
        tokens(digest) / tokens(whole(program)),
        tokens_of(little.messages) / tokens_of(much.messages),
    )


def _size(program: Program, target: Target) -> int:
    return sum(tokens(text) for _, text in slices(program, target, CONTEXT))


def _line(what: str, shares: list[float]) -> str:
    mean, median = statistics.mean(shares), statistics.median(shares)
    return (
        f"  {what:<32} mean {mean:4.0%}   median {median:4.0%}   "
        f"of the whole file's   limit {LIMIT_TOKENS:.0%}"
    )


def _accuracy(found: list[Program], server: str) -> str:
    """Our count of tokens against that of a model's own tokenizer."""
    texts = [program.source.code for program in found]
    shares = [tokens(text) / _tokenized(server, text) for text in texts]
    spread = f"from {min(shares):.2f} to {max(shares):.2f}"
    return f"our count against {server}: mean {statistics.mean(shares):.2f}, {spread}"


def _tokenized(server: str, text: str) -> int:
    request = Request(f"{server.rstrip('/')}/tokenize", json.dumps({"content": text}).encode())
    with urlopen(request) as reply:
        return len(json.load(reply)["tokens"])


# --- prompts -------------------------------------------------------------------------------------


def prompt_report(folder: Path) -> str:
    """Mean tokens of the first questions of each kind: what every one says, and what it says of its file."""
    sizes: dict[str, list[tuple[int, int]]] = {}
    for path in folder.rglob("*.md"):
        front = dict(re.findall(r"^(\w+): (.*)$", path.read_text(), re.M))
        if front.get("turn") == "2":
            _, system, user, _ = re.split(rf"<!-- {front['key']} \w+ -->\n", path.read_text())
            sizes.setdefault(front["prompt"], []).append((tokens(system), tokens(user)))
    rows = [(kind, *map(statistics.mean, zip(*found, strict=True))) for kind, found in sorted(sizes.items())]
    return "\n".join(f"{kind:<8} {ours:5.0f} + {theirs:5.0f} tokens" for kind, ours, theirs in rows)


# --- wall ----------------------------------------------------------------------------------------


def wall_report(latency: float) -> str:
    """Each chain alone, then all together."""
    with tempfile.TemporaryDirectory() as name, _endpoint(latency) as url:
        folder = Path(name)
        source = _script(folder)
        with Worker(folder, packages=("torch",)) as worker:
            bench = Bench(worker, source)
            _seconds(bench, url, [1])  # imports the client
            alone = [_seconds(bench, url, [number]) for number in range(NETS)]
            together = _seconds(bench, url, range(NETS))
    return (
        f"{NETS} chains, {latency:g} s an answer, one of them with two repairs\n"
        f"longest chain alone   {max(alone):6.2f} s\n"
        f"one after the other   {sum(alone):6.2f} s\n"
        f"side by side          {together:6.2f} s\n"
        f"against the longest   {together / max(alone):6.2f}     limit {LIMIT_WALL}"
    )


def _script(folder: Path) -> Source:
    code = "import torch\nfrom torch import nn\n\n" + "".join(NET.format(n=n) for n in range(NETS))
    (folder / "nets.py").write_text(code)
    (folder / "pyproject.toml").touch()
    return parse.read(folder / "nets.py")


def _seconds(bench: Bench, url: str, numbers: Sequence[int]) -> float:
    """Wall time of the chains of these targets: asked, gated in the sandbox, repaired."""
    program = analyze(bench.source, parse.read)
    planned = plan(program, (), bench.ask, bench.source.root / "test_nets_modes.py")
    suite = builtin.write(planned)
    chains: Sequence[Chain[Case, Any]] = model.chains(
        planned, suite, {}, "slow", lambda s: bench.run(s, bench.source), Prompts(), CONTEXT
    )
    bench.run(suite, bench.source)  # the sandbox is warm
    start = time.perf_counter()
    asked = Meter(OpenAIModel("slow", base_url=url))
    kept = asyncio.run(pursue([chains[number] for number in numbers], asked.ask)).kept
    elapsed = time.perf_counter() - start
    if len(kept) != len(numbers):
        sys.exit(f"{len(kept)} of {len(numbers)} tests were kept: the measurement is worth nothing.")
    return elapsed


def _endpoint(latency: float) -> Any:
    """A server that answers after `latency` seconds; the tests of one target come broken, twice."""
    broken: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(latency)
            data = json.dumps(_completion(request, broken)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return _Running(ThreadingHTTPServer(("127.0.0.1", 0), Handler))


class _Running:
    """A server for the length of a `with` block, which is given its address."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _completion(request: dict[str, Any], broken: dict[str, int]) -> dict[str, Any]:
    text = request["messages"][1]["content"]
    found = re.search(r"test_net(\d)", text)
    code = TEST.format(n=found[1] if found else "0").strip()
    repair = request["response_format"]["json_schema"]["name"] == "Repair"
    if "net0" in code:
        rounds = broken["0"] = broken.get("0", 0) + 1 if repair else 0
        code = code if rounds == 2 else code.replace("model.train()", "model.trian()")
    answer = {"code": code} if repair else {"tests": [code]}
    message = {"role": "assistant", "content": json.dumps(answer)}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "slow",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


if __name__ == "__main__":
    main()
