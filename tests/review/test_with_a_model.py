"""A language model in the whole command: what it proposes passes the gates or is dropped with its reason."""

from __future__ import annotations

import json
import re
import tempfile

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

    def answer(request):
        """By what is asked: questions of different targets are asked side by side, in any order."""
        asked = str(request)
        about_net = "class Net" in asked and "def train(" not in asked
        return answers.completion(
            NO_NOTES if "ReviewNotes" in asked else fenced(GOOD) if about_net else NOTHING
        )

    endpoint.answer = answer
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


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("html", "gave an empty answer|did not answer as|sent no Chat Completions"),
        ("half", "sent no Chat Completions|cannot be reached"),
        ("busy", "takes no more requests now"),
        ("nonsense", ""),
    ],
)
def test_review_with_a_faulty_endpoint_ends_as_without(
    tmp_path, zombie, mended, modereview, endpoint, answers, fault, words
):
    (tmp_path / "train.py").write_text(zombie)
    replies = {
        "html": answers.Reply("<html>Sign in</html>", content_type="text/html"),
        "half": answers.Reply('{"choices": [{"mess'),
        "busy": answers.refusal(429),
        "nonsense": answers.completion("The weather is fine."),
    }
    endpoint.replies = [replies[fault]]
    ran = modereview(tmp_path / "train.py", "--model", "m", OPENAI_BASE_URL=endpoint.url)
    assert (ran.code, (tmp_path / "train.py").read_text()) == (0, mended)
    assert "fixed and proved" in ran.text
    warnings = [line for line in ran.text.splitlines() if line.startswith("Warning: model m: ")]
    assert [bool(re.search(words, line)) for line in warnings] == [True] * bool(words)


def test_shown_prompts_are_all_that_is_printed_and_nothing_is_sent(tmp_path, zombie, modereview, endpoint):
    (tmp_path / "train.py").write_text(zombie)
    ran = modereview(tmp_path / "train.py", "--show-prompts", "--model", "m", OPENAI_BASE_URL=endpoint.url)
    heads = [line for line in ran.text.splitlines() if line.startswith("=== ")]
    assert [head.partition(" (about")[0] for head in heads] == [
        "=== tests: Net of train.py",
        "=== tests: train of train.py",
        "=== review: train.py",
    ]
    assert "Took" not in ran.text and ran.code == 0
    assert endpoint.requests == [] and [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_spent_budget_ends_the_review_offline(tmp_path, zombie, mended, modereview, endpoint, answers):
    (tmp_path / "train.py").write_text(zombie)
    endpoint.replies = [answers.completion(NOTHING)]
    ran = modereview(tmp_path / "train.py", "--model", "m", "--max-calls", "1", OPENAI_BASE_URL=endpoint.url)
    assert (ran.code, (tmp_path / "train.py").read_text()) == (0, mended)
    assert len(endpoint.requests) == 1
    assert "the budget of 1 call (--max-calls) does not allow another call" in ran.text


def test_second_review_pays_nothing(tmp_path, zombie, modereview, endpoint, answers):
    (tmp_path / "train.py").write_text(zombie)
    endpoint.replies = [answers.completion(text) for text in (NOTHING, NOTHING, NO_NOTES)]
    words = [tmp_path / "train.py", "--check", "--model", "m"]
    with tempfile.TemporaryDirectory() as cache:
        texts = [modereview(*words, OPENAI_BASE_URL=endpoint.url, XDG_CACHE_HOME=cache).text for _ in "12"]
    assert len(endpoint.requests) == 3
    assert "(3 calls, 126 tokens" in texts[0] and "(0 calls, 3 from the cache, 0 tokens" in texts[1]


def test_a_key_alone_uploads_nothing(tmp_path, zombie, modereview, endpoint):
    (tmp_path / "train.py").write_text(zombie)
    keys = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": endpoint.url}
    ran = modereview(tmp_path / "train.py", **keys)
    assert ran.code == 0
    assert ", offline." in ran.text
    assert endpoint.requests == []
