"""A language model in the whole command: what it proposes passes the gates or is dropped with its reason."""

from __future__ import annotations

import json

import pytest
from modereview.llm.fake import FakeModel

NOTHING = '{"tests": []}'
NO_NOTES = '{"missed": [], "wrong": []}'
GOOD = '''
def test_net_eval_ignores_dropout():
    """In EVAL mode ten passes agree."""
    model, inputs = build_net()
    model.eval()
    passes = [model(*inputs) for _ in range(10)]
    assert all(torch.equal(passes[0], other) for other in passes), "dropout is on in EVAL mode"
'''
BROKEN = '''
def test_net_dropout_drops():
    """In TRAIN mode some outputs are zero."""
    model, inputs = build_net()
    model.train()
    assert (model(inputs) == 0).any(), "nothing is dropped in TRAIN mode"
'''
REPAIRED = BROKEN.replace("model(inputs)", "model(*inputs)")
USELESS = '''
def test_net_has_two_outputs():
    """The output has two columns."""
    model, inputs = build_net()
    assert model(*inputs).shape[1] == 2, "another number of columns"
'''
FLAKY = '''
def test_net_coin():
    """A coin shows heads."""
    model, inputs = build_net()
    assert torch.rand(()) < 0.5, "tails"
'''
FORBIDDEN = '''
def test_net_reads_files():
    """Reads what it should not."""
    import os
    assert os.listdir("/") == []
'''
UNFOUNDED = '''
def test_net_output_is_zero_in_eval():
    """Demands what nobody promised."""
    model, inputs = build_net()
    model.eval()
    assert (model(*inputs) == 0).all(), "not zero"
'''
DROPPED = {
    "test_net_has_two_outputs": "shows no fault and notices no mutant",
    "test_net_coin": "flaky: ",
    "test_net_reads_files": "it imports `os`",
    "test_net_output_is_zero_in_eval": "fails, and no contract or fix bears it out",
}


def fenced(*functions):
    return "```python\nimport torch\n" + "\n".join(functions) + "\n```"


@pytest.fixture(scope="module")
def script(tmp_path_factory, zombie):
    path = tmp_path_factory.mktemp("fake") / "train.py"
    path.write_text(zombie)
    return path


@pytest.fixture(scope="module")
def fake():
    """Proposes tests of every kind for `Net`, none for `train`, and then repairs the broken one."""
    proposed = fenced(GOOD, BROKEN, USELESS, FLAKY, FORBIDDEN, UNFOUNDED)
    answers = {"tests": [proposed, NOTHING], "repair": [fenced(REPAIRED)], "review": [NO_NOTES]}
    return FakeModel(answers, name="fake-1")


@pytest.fixture(scope="module")
def reviewed(script, fake, modereview):
    """What the report says of a review with the fake, and how the command ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modereview.llm.connect", lambda *_: fake)
        patch.setattr("modereview.write.gates.REPEATS", 20)  # a coin may show one side five times
        ran = modereview(script, "--model", "fake-1", "--format", "json")
    return json.loads(ran.out)["files"][0], ran.code


def test_a_good_and_a_repaired_test_are_kept(reviewed, script):
    report, _ = reviewed
    authors = {case["name"]: case["author"] for case in report["tests"]["cases"]}
    assert {name for name, author in authors.items() if author == "fake-1"} == {
        "test_net_eval_ignores_dropout",
        "test_net_dropout_drops",
    }
    text = (script.parent / "test_train_modes.py").read_text()
    assert all(f"def {name}(" in text for name in authors)


@pytest.mark.parametrize("name", DROPPED)
def test_the_others_are_dropped_each_with_its_reason(reviewed, script, name):
    report, _ = reviewed
    reasons = {drop["case"]: drop["reason"] for drop in report["tests"]["dropped"]}
    assert reasons[name].startswith(DROPPED[name])
    assert name not in (script.parent / "test_train_modes.py").read_text()


def test_the_bill_is_in_the_report(reviewed):
    usage = reviewed[0]["model"]
    assert (usage["model"], usage["calls"], usage["error"]) == ("fake-1", 4, "")
    assert usage["tokens"] > 0
    assert (usage["kept"], usage["dropped"]) == (2, len(DROPPED))


def test_built_in_tests_and_fixes_are_as_without_a_model(reviewed, script, mended):
    report, code = reviewed
    assert code == 0
    assert script.read_text() == mended
    assert "builtin" in {case["author"] for case in report["tests"]["cases"]}
    assert {outcome["status"] for outcome in report["tests"]["outcomes"]} == {"passed"}


def test_the_model_sees_the_target_and_nothing_of_the_machine(reviewed, fake, script):
    texts = ["\n".join(message.content for message in prompt) for prompt in fake.prompts]
    net, train, repair, review = texts
    assert fake.asked == ["tests", "tests", "repair", "review"]
    assert "class Net(nn.Module):" in net and "def train(" not in net
    assert "def train(" in train and "def validate(" in train
    assert "test_net_dropout_drops" in repair
    assert str(script.parent) not in net + train + repair + review


def test_the_real_client_over_http(tmp_path, zombie, mended, modereview, endpoint, answers):
    (tmp_path / "train.py").write_text(zombie)
    endpoint.replies = [answers.completion(text) for text in (fenced(GOOD), NOTHING, NO_NOTES)]
    keys = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": endpoint.url}
    ran = modereview(tmp_path / "train.py", "--model", "m", **keys)
    assert (ran.code, (tmp_path / "train.py").read_text()) == (0, mended)
    assert {request["model"] for request in endpoint.requests} == {"m"}
    assert endpoint.keys == ["Bearer sk-test"] * 3
    assert "def test_net_eval_ignores_dropout" in (tmp_path / "test_train_modes.py").read_text()
    assert "model m (3 calls, 126 tokens" in ran.text


def test_an_endpoint_that_fails_costs_the_review_nothing(
    tmp_path, zombie, mended, modereview, endpoint, answers
):
    (tmp_path / "train.py").write_text(zombie)
    endpoint.replies = [answers.refusal(401, "bad key")]
    keys = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": endpoint.url}
    ran = modereview(tmp_path / "train.py", MODEREVIEW_MODEL="m", **keys)
    assert (ran.code, (tmp_path / "train.py").read_text()) == (0, mended)
    (warning,) = [line for line in ran.text.splitlines() if line.startswith("Warning: model m: ")]
    assert "bad key" in warning and "sk-test" not in ran.text


def test_a_key_alone_uploads_nothing(tmp_path, zombie, modereview, endpoint):
    (tmp_path / "train.py").write_text(zombie)
    keys = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": endpoint.url}
    ran = modereview(tmp_path / "train.py", **keys)
    assert ran.code == 0
    assert ", offline." in ran.text
    assert endpoint.requests == []
