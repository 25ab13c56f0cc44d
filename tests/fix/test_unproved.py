"""Fixes without a proof are written only where that is asked for, and never against a test."""

from __future__ import annotations

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Mended, Tools, mend
from modereview.records import Outcome, Severity, Status
from modereview.rules import check, rule

DROPOUT = rule("MR201").bad
GRAPH = rule("MR104").bad
FROZEN = rule("MR207").bad
NOISE = rule("MR208").bad


def look(source):
    program = analyze(source)
    return program, check(program)


def mended(tmp_path, text: str, *, green=lambda text: True, **asked: bool) -> Mended:
    source = parse.decode(tmp_path / "train.py", tmp_path, text.encode())

    def run(version):
        return (Outcome("t", Status.PASSED if green(version.text) else Status.FAILED),)

    return mend(*look(source), run(source), (), Tools(look, run, **asked))


def states(done: Mended) -> list[tuple[str, str]]:
    return [(v.finding.rule, v.state) for v in done.verdicts if v.finding.severity is not Severity.NOTE]


def test_by_default_it_is_only_suggested(tmp_path):
    done = mended(tmp_path, DROPOUT)
    assert states(done) == [("MR201", "suggested")]
    assert done.source.text == DROPOUT


def test_it_is_written_when_asked_for_and_not_called_fixed(tmp_path):
    done = mended(tmp_path, DROPOUT, unproved=True)
    assert states(done) == [("MR201", "unproved")]
    assert "training=self.training" in done.source.text
    assert done.verdicts[0].reason == "no test could be run that shows the fault"


def test_not_where_it_turns_a_test_red(tmp_path):
    done = mended(tmp_path, DROPOUT, unproved=True, green=lambda text: "training=" not in text)
    assert states(done) == [("MR201", "suggested")]
    assert done.source.text == DROPOUT


@pytest.mark.parametrize(("unsafe", "state"), [(False, "suggested"), (True, "unproved")])
def test_an_unsafe_one_needs_both_words(tmp_path, unsafe, state):
    assert states(mended(tmp_path, NOISE, unproved=True, unsafe=unsafe)) == [("MR208", state)]


def test_a_note_about_something_harmless_is_offered_its_fix(tmp_path):
    (verdict,) = [v for v in mended(tmp_path, GRAPH).verdicts if v.finding.rule == "MR104"]
    assert verdict.state == "suggested"
    assert verdict.fix is not None and verdict.fix.title == "write `@torch.no_grad()`"
    assert "@torch.no_grad()" in mended(tmp_path, GRAPH, unproved=True).source.text


def test_what_somebody_means_is_offered_none(tmp_path):
    meant = DROPOUT.replace("0.5)", "0.5)  # Monte-Carlo dropout")
    (verdict,) = mended(tmp_path, meant, unproved=True).verdicts
    assert (verdict.state, verdict.fix) == ("reported", None)


def test_what_an_unproved_fix_mends_as_well_is_told_so(tmp_path):
    """`first` leaves the model in EVAL, so that `second` is mended with it."""
    judged = "    with torch.no_grad(): return sum((net(x).argmax(1) == y).sum() for x, y in loader)\n"
    text = (
        "import torch\nfrom torch import nn\n"
        f"def first(net, loader):\n{judged}def second(net, loader):\n{judged}"
        "net = nn.Dropout()\nfirst(net, [])\nsecond(net, [])\n"
    )
    done = mended(tmp_path, text, unproved=True)
    assert states(done) == [("MR103", "unproved"), ("MR103", "unproved")]
    assert done.source.text.count("net.eval()") == 1


def test_no_fix_wins(tmp_path):
    done = mended(tmp_path, DROPOUT, unproved=True, fix=False)
    assert states(done) == [("MR201", "suggested")]


def test_what_is_written_composes_with_what_is_proved(tmp_path):
    both = DROPOUT.replace(
        "return F.dropout(self.fc(x), 0.5)", "x = F.dropout(x, 0.1)\n        return nn.Dropout()(x)"
    )
    done = mended(tmp_path, both, unproved=True, green=lambda text: "0.1, training=" in text)
    assert states(done) == [("MR201", "fixed"), ("MR203", "unproved")]
    edits = [edit for v in done.verdicts if v.fix for edit in v.fix.edits]
    source = parse.decode(tmp_path / "train.py", tmp_path, both.encode())
    assert parse.apply(source, edits).text == done.source.text


GIVEN = """\
def test_model(model, loader):
    model.to("cpu")
    right = 0
    for x, y in loader:
        right += (model(x).argmax(1) == y).sum().item()
    return right / len(loader)
"""
SAVED = """\
import torch
model = torch.load("model.pt")
with torch.no_grad():
    print(model(torch.rand(2, 4)).argmax(1))
"""
TARGETS = """\
import torch
import torch.nn.functional as F
from nets import Policy

class DQN:
    def __init__(self):
        self.policy = Policy()
        self.q_net, self.q_net_target = self.policy.q_net, self.policy.q_net_target
        self.optimizer = torch.optim.Adam(self.q_net.parameters())

    def train(self, batch):
        self.policy.train()
        with torch.no_grad():
            wanted = batch.rewards + self.q_net_target(batch.next_observations).max(1).values
        loss = F.mse_loss(self.q_net(batch.observations).max(1).values, wanted)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
"""


@pytest.mark.parametrize(
    ("text", "rule_id", "written"),
    [
        (GIVEN, "MR101", "was_training = model.training"),  # whoever hands it over may train on
        (SAVED, "MR103", 'load("model.pt")\nmodel.eval()\n'),
        (TARGETS, "MR108", "self.policy.train()\n        self.q_net_target.eval()\n"),
    ],
)
def test_a_note_that_somebody_out_of_view_may_answer_for_is_offered_its_fix(tmp_path, text, rule_id, written):
    (verdict,) = [v for v in mended(tmp_path, text).verdicts if v.finding.rule == rule_id]
    assert (verdict.finding.severity, verdict.state) == (Severity.NOTE, "suggested")
    assert verdict.reason == "it is right only if nobody out of view sees to it"
    assert mended(tmp_path, text).source.text == text
    done = mended(tmp_path, text, unproved=True)
    assert written in done.source.text
    again = mended(tmp_path, done.source.text, unproved=True)
    assert again.source.text == done.source.text


def test_not_even_a_red_test_has_it_written_unasked(tmp_path):
    """A test that drives the function cannot know who else does."""
    done = mended(tmp_path, GIVEN, green=lambda text: "eval()" in text)
    assert (done.source.text, done.verdicts[0].state) == (GIVEN, "suggested")
    done = mended(tmp_path, GIVEN, green=lambda text: "eval()" in text, unproved=True)
    assert "model.eval()" in done.source.text


def test_a_note_that_somebody_means_is_offered_none(tmp_path):
    meant = GIVEN.replace(".item()", ".item()  # Monte-Carlo dropout")
    (verdict,) = [v for v in mended(tmp_path, meant).verdicts if v.finding.rule == "MR101"]
    assert (verdict.state, verdict.fix) == ("reported", None)


def test_what_may_be_any_function_is_offered_no_switch(tmp_path):
    """A sampler is handed what denoises: a network, or a function around one."""
    sampler = GIVEN.replace('    model.to("cpu")\n', "")
    assert all(v.fix is None for v in mended(tmp_path, sampler).verdicts)
