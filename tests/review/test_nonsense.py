"""A weak model can do no harm: plausible, seeded, mostly wrong answers are dropped or proved.

The generator speaks the protocol over HTTP to the real client. It takes good answers and spoils them:
truncated, renamed, negated, emptied of their assertion, in the wrong form, with something forbidden put in.
MODEREVIEW_NONSENSE=500 makes it 500 answers; here a few of them must do.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sys
from pathlib import Path

import pytest
from modereview import parse
from modereview.advisor import Model
from modereview.analyze import analyze
from modereview.claims import prove
from modereview.claims.seen import WRONG
from modereview.fix import Mended, Tools, mend
from modereview.fix.mutants import mutants
from modereview.llm import Budget, Options
from modereview.plan import own_run, plan
from modereview.plan.contracts import contracts
from modereview.proof import Proof
from modereview.records import Remark, Status
from modereview.rules import check, look
from modereview.run import Worker
from modereview.settings import Settings
from modereview.verify import compare
from modereview.workbench import Bench
from modereview.write import builtin, gates
from modereview.write.remarks import MOST

REPLAYS = Path(__file__).parents[1] / "replays" / "graphs"
PHASES = Path(__file__).parents[1] / "replays" / "phases" / "phases.py"
ANSWERS = int(os.environ.get("MODEREVIEW_NONSENSE", "40"))
DROPOUT = "        return F.dropout(F.relu(self.norm(self.own(nodes) + came)), self.drop"
FORBIDDEN = (
    "import os",
    "open('/etc/passwd')",
    "torch.load('x')",
    "script.Molecules = None",
    "pytest.skip('')",
)
FIX = {
    "edits": [
        {
            "search": f"{DROPOUT})",
            "replace": f"{DROPOUT}, self.training)",
        }
    ],
    "title": "follow the mode",
}


def good_answers() -> dict[str, list[str]]:
    """What a good model said, by the name of the answer's shape."""
    found: dict[str, list[str]] = {"Fix": [json.dumps(FIX)]}
    shapes = {"recipe": "Recipe", "tests": "NewTests", "review": "ReviewNotes"}
    for path in sorted((REPLAYS / "exchanges").glob("*.md")):
        text = path.read_text()
        prompt = re.search(r"^prompt: (\w+)$", text, re.M)[1]
        found.setdefault(shapes[prompt], []).append(text.partition(" answer -->\n")[2].strip())
    tests = [code for answer in found["NewTests"] for code in json.loads(answer)["tests"]]
    found["Repair"] = [json.dumps({"code": code}) for code in tests]
    return found


class Nonsense:
    """Spoils good answers, reproducibly: the same seed spoils them alike."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.good = good_answers()
        self.given = 0
        self.claims = 0

    def __call__(self, request: dict[str, object], answers: type) -> object:
        self.given += 1
        shape = request["response_format"]["json_schema"]["name"]
        text = self.accusation() if shape == "ReviewNotes" else self.random.choice(self.good[shape])
        for _ in range(self.random.randint(0, 2)):
            text = self.random.choice(SPOILERS)(text, self.random)
        return answers.completion(text, ended=self.random.choice(["stop", "stop", "stop", "length"]))

    def accusation(self) -> str:
        """Claims about lines and by contracts that are there, which are nonsense all the same."""
        lines, named = len((REPLAYS / "graphs.py").read_text().splitlines()), [c.id for c in contracts()]
        claims = [random_claim(self.random, lines, named) for _ in range(self.random.randint(0, 4))]
        self.claims += len(claims)
        return json.dumps({"missed": claims, "wrong": []})


def random_claim(chance: random.Random, lines: int, named: list[str]) -> dict[str, object]:
    words = "the model is in the wrong mode here"
    return {"line": chance.randint(1, lines), "contract": chance.choice(named), "claim": words}


def inside(change):
    """A change of the strings within an answer, so that its form stays good."""

    def spoil(text: str, chance: random.Random) -> str:
        try:
            return json.dumps(_each(json.loads(text), lambda value: change(value, chance)))
        except ValueError:
            return text

    return spoil


def _each(value, change):
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def truncated(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def without_a_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    lines.pop(chance.randrange(len(lines)))
    return "\n".join(lines)


def with_a_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines) + 1), "    " + chance.choice(FORBIDDEN))
    return "\n".join(lines)


def replaced(old: str, new: str):
    return lambda text, _: re.sub(old, new, text)


def another_number(text: str, chance: random.Random) -> str:
    return re.sub(r"\d+", lambda match: str(chance.choice([0, 1, -1, 3, 10**6, match[0]])), text, count=1)


SPOILERS = [
    truncated,
    inside(truncated),
    inside(without_a_line),
    inside(with_a_line),
    inside(another_number),
    inside(replaced(r"script\.\w+", "script.Nett")),
    inside(replaced(r"assert .*", "assert True")),
    inside(replaced(r"assert (?=[a-z])", "assert not ")),
    inside(replaced(r"assert .*", "pass")),
    inside(replaced(r"\.eval\(\)", ".train()")),
    inside(replaced(r"self\.training", "True")),
    inside(replaced(r"def test_\w+", "def test_net")),
    inside(replaced(r"model", "modle")),
    lambda text, _: f"<think>{text}</think>",
    lambda text, _: f"Sure! Here it is:\n```json\n{text}\n```\nHope this helps!",
    lambda text, _: text.replace('"', "'"),
    lambda text, _: json.dumps({"answer": text}),
    lambda text, _: "",
]


@pytest.fixture(scope="module")
def settings():
    options = Options(cache=False, budget=Budget(calls=ANSWERS), retries=0)
    return Settings(model="weak", llm=options)


def test_everything_that_nonsense_leads_to_is_dropped_or_proved(
    tmp_path, endpoint, answers, settings, monkeypatch
):
    shutil.copy(REPLAYS / "graphs.py", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    before = (tmp_path / "graphs.py").read_bytes()
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    nonsense = Nonsense(seed=20)
    endpoint.answer = lambda request: nonsense(request, answers)
    source = parse.read(tmp_path / "graphs.py")
    program = analyze(source, parse.read)
    model = Model(settings)
    monkeypatch.setattr("modereview.claims.trial.own_run", cache_by_file(own_run))
    kept_tests = kept_recipes = kept_fixes = 0
    with Worker(tmp_path, packages=("torch",)) as worker:
        bench = Bench(worker, source)
        planned = plan(program, check(program), bench.ask, tmp_path / "test_graphs_modes.py")
        while nonsense.given < ANSWERS:
            advisor = model.advisor(bench)
            found = advisor.recipes(planned)
            suite = advisor.tests(found, builtin.write(found))
            kept_recipes += len(found.recipes)
            kept_tests += judge_tests(suite, bench, program)
            kept_fixes += judge_fixes(advisor, found, bench, program)
            judge_claims(advisor, found, suite, bench)
    assert nonsense.given == ANSWERS
    assert (tmp_path / "graphs.py").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"graphs.py", "pyproject.toml"}
    print(f"{ANSWERS} answers: {kept_recipes} recipes, {kept_tests} tests, {kept_fixes} mends held")
    print(f"{nonsense.claims} claims, none of them proved")
    # Some answers were left good, or good enough: else this would show nothing.
    assert kept_recipes and (kept_tests or kept_fixes)


def cache_by_file(search):
    """The search for a script's own run, made once: no claim changes what it finds."""
    known: dict[str, object] = {}

    def found(planned, ask, given):
        name = planned.program.source.name
        if name not in known:
            known[name] = search(planned, ask, given)[1]
        return planned, known[name]

    return found


def judge_claims(advisor, found, suite, bench) -> None:
    """No claim becomes a finding: what is wrong in the file the analysis finds itself."""
    repeats = bench.repeats(suite, 2)
    suite = gates.believed(gates.steady(suite, repeats), repeats[0], found.findings)
    before = gates.of(suite, repeats[0])
    mended = Mended(bench.source, found.program, (), before)
    proof, notes = advisor.second_look(Proof(found, suite, before, mended), told, tools_for(bench), ())
    assert proof.mended is mended and proof.suite is suite
    assert all(note.reason for note in notes)


def told(program, also):
    return look(program, also=also).found


def tools_for(bench):
    def looked(version):
        program = analyze(version)
        return program, check(program)

    return lambda suite: Tools(looked, lambda version: bench.run(suite, version), fix=True, unsafe=True)


def test_of_nonsense_about_a_faulty_script_only_the_fault_is_proved(tmp_path, monkeypatch):
    """Claims about every line, by every contract, at random: one line is at fault, by one of them."""
    shutil.copy(PHASES, tmp_path)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr("modereview.claims.trial.own_run", cache_by_file(own_run))
    chance, source = random.Random(4), parse.read(tmp_path / PHASES.name)
    named = [*(contract.id for contract in contracts()), *WRONG] * 2 + ["training_runs_in_train_mode"] * 20
    drawn = [random_claim(chance, len(source.lines), named) for _ in range(ANSWERS // 2)]
    claims = [Remark(claim["line"], claim["contract"], claim["claim"]) for claim in drawn]
    program, seen = analyze(source, parse.read), 0
    with Worker(tmp_path, packages=("torch",)) as worker:
        bench = Bench(worker, source)
        planned = plan(program, check(program), bench.ask, tmp_path / "test_phases_modes.py")
        suite = builtin.write(planned)
        repeats = bench.repeats(suite, 2)
        suite = gates.believed(gates.steady(suite, repeats), repeats[0], planned.findings)
        before = gates.of(suite, repeats[0])
        start = Proof(planned, suite, before, Mended(source, program, (), before))
        for first in range(0, len(claims), MOST):
            answer = claims[first : first + MOST]
            proof, notes, drops = prove(answer, start, bench, told, tools_for(bench), "weak")
            found = [(v.finding.rule, v.finding.span.line, v.state) for v in proof.mended.verdicts]
            assert found in ([], [("MR102", 34, "fixed")])
            assert len(found) + len(notes) + len(drops) == len(answer)
            seen += len(found)
    print(f"{len(claims)} claims: {seen} answers met the fault, by its loop, its switch or its forward")
    # Some meet it, else this would show nothing; Python 3.10 does not tell where calls are.
    assert bool(seen) is (sys.version_info >= (3, 11))


def judge_tests(suite, bench, program) -> int:
    """What is left of the model's tests is sound: it says nothing forbidden, and it catches a fault."""
    repeats = bench.repeats(suite, 2)
    suite = gates.drop(suite, [*gates.flaky(repeats), *gates.broken(suite.cases, repeats[0])])
    faults = mutants(program)
    clean, *runs = bench.on_each(suite, [bench.source, *(fault.source for fault in faults)])
    suite = gates.founded(suite, clean)  # nothing is mended here
    green = {o.case for o in clean if o.status is Status.PASSED}
    red = frozenset(o.case for run in runs for o in run if o.status is Status.FAILED and o.case in green)
    kept = [case for case in gates.keep(suite, clean, frozenset(), red, ()).cases if case.author == "weak"]
    for case in kept:
        assert not any(word in case.code for word in FORBIDDEN)
        statuses = [{o.case: o.status for o in run}.get(case.name) for run in runs]
        assert {o.case: o.status for o in clean}[case.name] is Status.PASSED and Status.FAILED in statuses
    return len(kept)


def judge_fixes(advisor, found, bench, program) -> int:
    """What is left of the model's mends is proved: red before, green after, nothing else changed."""
    suite = builtin.write(found)
    if not suite.cases:
        return 0

    def look(version):
        looked = analyze(version)
        return looked, check(looked)

    none_of_ours = Tools(look, lambda version: bench.run(suite, version), fix=False, unsafe=True)
    outcomes = bench.run(suite, bench.source)
    mended = mend(program, found.findings, outcomes, suite.cases, none_of_ours)
    verdicts = tuple(
        type(verdict)(verdict.finding, "proved") if verdict.state == "suggested" else verdict
        for verdict in mended.verdicts
    )
    mended = type(mended)(mended.source, mended.program, verdicts, mended.outcomes)
    tools = Tools(look, none_of_ours.run, fix=True, unsafe=True)
    after = advisor.fixes(mended, suite.cases, tools)
    if after.source is mended.source:
        return 0
    assert compare(outcomes, bench.run(suite, after.source)).proves
    return 1
