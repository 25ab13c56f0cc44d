"""A claim is believed where its contract's test is red for the line that it names, and not otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="Python 3.10 does not tell where calls are"
)

TRAINS, EVALUATES = "training_runs_in_train_mode", "evaluation_runs_in_eval_mode"
REPEATS, ALONE = "eval_is_deterministic", "eval_sample_independent_of_batch"
PHASES = (Path(__file__).parents[1] / "replays" / "phases" / "phases.py").read_text()
TRAINED, JUDGED, SWITCHED = "F.cross_entropy(model(x), y)", "right += (model(x)", 'getattr(model, "eval")()'
# The same, but what a table names puts the model into TRAIN for both.
IN_TRAIN = (
    PHASES.replace(f"    {SWITCHED}\n", "")
    .replace(
        "            PHASES[name](", "            getattr(model, MODES[name])()\n            PHASES[name]("
    )
    .replace("PHASES = {}", 'PHASES = {}\nMODES = {"fit": "train", "judge": "train"}')
)


@pytest.fixture(scope="module")
def phases(put_on_trial):
    """True claims and others about a script that trains in EVAL from the second epoch on."""
    return put_on_trial(
        PHASES,
        (TRAINED, EVALUATES),  # what is trained is no evaluation
        (JUDGED, EVALUATES),  # it runs in EVAL
        (JUDGED, TRAINS),  # it is not trained
        ("self.norm = nn", REPEATS),
        ("def keep(", TRAINS),  # runs, and leads to no forward
        (TRAINED, TRAINS),
        (TRAINED, TRAINS),  # mended by then
        (SWITCHED, TRAINS),
    )


def test_fault_that_a_run_shows_at_its_line_is_a_finding_with_a_mend(phases):
    (verdict,) = phases.found
    assert (verdict.finding.rule, verdict.finding.span.line, verdict.state) == ("MR102", 34, "fixed")
    assert "claimed by the model fake, and shown by a test: so it is" in verdict.finding.facts
    assert phases.proof.mended.source.text == PHASES.replace(
        "optimizer):\n    for x", "optimizer):\n    model.train()\n    for x"
    )
    (proved_by,) = verdict.proved_by
    assert proved_by in {case.name for case in phases.proof.suite.cases} - {
        case.name for case in phases.before.suite.cases
    }


def test_claims_of_other_lines_and_other_contracts_are_dropped(phases):
    assert not [note for note in phases.notes if note.line in (11, 34, 41, 45)]
    whats = [what for what, _ in phases.drops]
    assert whats == [f"claim about line {n}" for n in (34, 45, 45, 11, 34, 41)]
    assert "passes and does not bear it out" in " ".join(phases.reasons)


def test_claim_of_a_line_that_leads_to_no_forward_is_a_note(phases):
    (note,) = phases.notes
    assert (note.line, note.state, note.reason) == (23, "open", "no forward that ran leads through that line")


def test_what_cannot_be_mended_is_told_once(put_on_trial):
    tried = put_on_trial(PHASES, (TRAINED, TRAINS), (TRAINED, TRAINS), (SWITCHED, TRAINS), fix=False)
    (verdict,) = tried.found
    assert verdict.state == "suggested" and verdict.proved_by
    assert tried.reasons == ["MR102 says so already"] * 2


def test_evaluation_that_a_run_shows_in_train_is_found(put_on_trial):
    tried = put_on_trial(IN_TRAIN, (TRAINED, TRAINS), (JUDGED, EVALUATES))
    (verdict,) = tried.found
    assert verdict.finding.rule == "MR103" and verdict.state == "fixed"
    assert "model.eval()" in tried.proof.mended.source.text


def test_what_the_script_asks_of_a_machine_stands_in_its_own_run_too(put_on_trial):
    """No function that a test drives comes to the GPU: only the whole run does."""
    code = PHASES.replace("optimizer = torch", "torch.zeros(1).to(0)\n    optimizer = torch")
    tried = put_on_trial(code, (TRAINED, TRAINS))
    (verdict,) = tried.found
    assert (verdict.finding.rule, verdict.state) == ("MR102", "fixed")
    assert tried.proof.planned.instead == ("OnTheCpu",) and not tried.before.planned.instead


LAYERS = """\
import torch
from torch import nn
from torch.nn import functional as F

drop = F.dropout


def make(kind, rate):
    return getattr(nn, kind)(rate)


def two_of(kind, rate):
    return [make(kind, rate) for _ in range(2)]


class Maker(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.rest = nn.Dropout(0.1)
        self.last = nn.Linear(8, 3)  # of Maker

    def forward(self, x):
        x = make("Dropout", 0.3)(torch.relu(self.first(x)))
        x = self.rest(x)
        return self.last(x)


class Keeper(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.parts = two_of("Dropout", 0.2)
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return self.last(self.first(x))


class Sampler(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.spread = nn.Linear(8, 4), nn.Linear(8, 4)

    def forward(self, x):
        noise = torch.randn(4)
        return self.mean(x) + torch.mul(self.spread(x).exp(), noise)


class MCDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return drop(self.fc(x), 0.5)  # Monte Carlo: on in EVAL, too


class TokenNet(nn.Module):
    def __init__(self, token_dropout=0.5):
        super().__init__()
        self.token_dropout = token_dropout
        self.embed, self.head = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = self.embed(x)
        if self.token_dropout > 0:
            kept = torch.randn(len(x)).topk(max(1, int(len(x) * self.token_dropout))).indices
            x = x[kept].mean(0, keepdim=True).expand_as(x)
        return self.head(x)


class Shaker(nn.Module):
    def __init__(self, shake=True):
        super().__init__()
        self.shake, self.head = shake, nn.Linear(8, 3)

    def forward(self, x):
        if self.shake:
            x = x.roll(int(torch.randint(8, ())), 1)
        return self.head(x)


if __name__ == "__main__":
    for net in (Maker(), Keeper(), Sampler(), MCDropout(), TokenNet(), Shaker()):
        print(net(torch.randn(4, 8)))
"""


@pytest.fixture(scope="module")
def layers(put_on_trial):
    """Claims about classes whose output is random in EVAL: by a fault, and on purpose."""
    return put_on_trial(
        LAYERS,
        ("x = self.rest(x)", REPEATS),  # a dropout that follows the mode
        ("return self.last(x)", REPEATS),  # behind the fault
        ("# of Maker", REPEATS),
        ('x = make("Dropout"', REPEATS),
        ('self.parts = two_of("Dropout"', "switches_reach_every_submodule"),
        ("torch.mul(self.spread", REPEATS),  # a sampler's noise
        ("return drop(self.fc(x)", REPEATS),  # said to be meant
        ("return drop(self.fc(x)", ALONE),  # the contract is not about such a class
        ("return drop(self.fc(x)", "same_seed_same_run"),
        ("if self.token_dropout", REPEATS),
        ("if self.shake", REPEATS),
    )


def test_layer_without_which_the_test_is_green_is_a_finding(layers):
    made, kept, dropped = layers.found
    assert (made.finding.rule, made.finding.function) == ("MR203", "Maker.forward")
    assert made.state == "fixed" and made.proved_by == ("test_model_determinism[Maker]",)
    assert (kept.finding.rule, kept.finding.subject, kept.state) == ("MR205", "self.parts", "proved")
    assert (dropped.finding.rule, dropped.finding.subject) == ("MR201", "self.token_dropout > 0")
    assert dropped.state == "proved" and dropped.proved_by == ("test_model_determinism[TokenNet]",)


def test_what_may_be_meant_stays_a_note(layers):
    notes = [note for note in layers.notes if note.contract == REPEATS]
    lines = LAYERS.splitlines()
    assert {lines[note.line - 1].strip(): "may be meant" in note.reason for note in notes} == {
        "x = self.rest(x)": False,
        "return self.last(x)": False,
        "self.last = nn.Linear(8, 3)  # of Maker": False,
        "return self.mean(x) + torch.mul(self.spread(x).exp(), noise)": True,
        "if self.shake:": True,
        "return drop(self.fc(x), 0.5)  # Monte Carlo: on in EVAL, too": True,
    }
    assert {note.state for note in notes} == {"shown"}


def test_claim_whose_contract_no_test_checks_there_is_a_note(layers):
    (note,) = [note for note in layers.notes if note.contract == "same_seed_same_run"]
    assert (note.state, note.reason) == ("open", "no test of that contract runs there")


def test_claim_by_a_contract_that_holds_is_dropped(layers):
    (reason,) = layers.reasons
    assert reason == "test_eval_output_is_independent_of_the_batch passes and does not bear it out"


GAN = """\
import torch
from torch import nn
from torch.nn import functional as F


def block(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, outputs))


def main():
    G, D = block(4, 6), block(6, 1)
    steps = {"g": torch.optim.SGD(G.parameters(), lr=0.1), "d": torch.optim.SGD(D.parameters(), lr=0.1)}
    for real in [torch.randn(16, 6) for _ in range(4)]:
        with torch.no_grad():
            fake = G(torch.randn(16, 4))
        steps["d"].zero_grad()
        judged = D(torch.cat([real, fake]))
        F.binary_cross_entropy_with_logits(judged, torch.ones(32, 1)).backward()
        steps["d"].step()
        steps["g"].zero_grad()
        made = D(G(torch.randn(16, 4)))
        F.binary_cross_entropy_with_logits(made, torch.ones(16, 1)).backward()
        steps["g"].step()
        shown = G(torch.randn(2, 4))


if __name__ == "__main__":
    main()
"""
EVERYWHERE = [(n, contract) for n in (11, 13, 15, 17, 18, 21, 24) for contract in (
    TRAINS, EVALUATES, "targets_are_made_in_eval", "probes_run_in_eval", "exports_are_made_in_eval"
)]  # fmt: skip


def test_forwards_that_are_in_train_on_purpose_are_no_finding_whatever_is_claimed(put_on_trial):
    tried = put_on_trial(GAN, *EVERYWHERE)
    assert not tried.found
    assert len(tried.notes) + len(tried.drops) == len(EVERYWHERE)
    assert tried.proof.mended.source is tried.before.mended.source


def test_comment_that_takes_a_finding_back_does_so_for_a_claim(put_on_trial):
    line = "        loss = F.cross_entropy(model(x), y)"
    tried = put_on_trial(
        PHASES.replace(line, f"{line}  # modereview: ignore[MR102] as we like it"), (TRAINED, TRAINS)
    )
    assert not tried.found
    (note,) = tried.notes
    assert note.state == "shown" and "no rule takes it for a fault" in note.reason


HELPERS = """\
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = nn.Linear(8, 3), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))


def score(model, loader):
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)


def fit(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    getattr(model, "eval")()


def resume(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    getattr(model, "eval")()
"""


def test_mode_that_only_the_test_gives_proves_nothing(put_on_trial):
    """Nobody in view calls these: their callers may switch, and nobody need call them twice."""
    tried = put_on_trial(HELPERS, ("model(x).argmax(1) == y", EVALUATES), ("loss = F.cross_entropy", TRAINS))
    assert not tried.found and tried.proof.mended.source is tried.before.mended.source
    assert len(tried.notes) + len(tried.drops) == 2
    assert {note.reason for note in tried.notes} == {
        "so it ran in a test, but in the mode that its stand-ins were built in"
    }


def test_line_that_nothing_drives_is_told_as_that(put_on_trial):
    """A class of a library that hands its own parts about: no function and no run of the file comes there."""
    library = """\
import torch


class Score:
    def __init__(self, sampler, rate):
        self.sampler, self.rate = sampler, rate

    @torch.inference_mode()
    def score(self, count):
        return self.rate(self.sampler.draw(count))
"""
    (note,) = put_on_trial(library, ("self.sampler.draw", EVALUATES)).notes
    assert note.reason == "no test drives that line, and run by itself the file calls no model"


def test_claim_that_cannot_be_put_to_the_test_costs_nothing_else(put_on_trial, monkeypatch):
    def stumbles(*_):
        raise KeyError("lost")

    monkeypatch.setattr("modereview.claims.of_class", stumbles)
    tried = put_on_trial(PHASES, ("self.norm = nn", REPEATS), (TRAINED, TRAINS))
    (note,) = tried.notes
    assert "KeyError: 'lost'" in note.reason and len(tried.found) == 1
