"""Prompts and recipes are the base's: a branch gives the model no words and the search no code."""

from __future__ import annotations

from pathlib import Path

from modereview.github import checkout, event
from modereview.github.review import Wanted, review
from modereview.llm.fake import FakeModel
from stage.repository import CLEAN, FAULTY, Repository
from stage.sandbox import needs_sandbox

ROOT = Path(__file__).resolve().parents[2]
PROMPT = (ROOT / "prompts" / "tests.md").read_text()
NET = """

class Net(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, widths["hidden"]), nn.Dropout(0.5))

    def forward(self, x):
        return self.layers(x)


def validate("""


def project(hidden: int, words: str) -> dict[str, str]:
    """Settings with a recipe and a folder of prompts."""
    recipe = f"""target = "Net"\nargs = "{{'hidden': {hidden}}}"\ninputs = "torch.randn(4, 4)"\n"""
    llm = '[tool.modereview.llm]\nprompts-dir = "prompts"\n'
    return {
        "pyproject.toml": f"{llm}[[tool.modereview.recipe]]\n{recipe}",
        "prompts/tests.md": f"{PROMPT}\n{words}\n",
    }


@needs_sandbox
def test_prompts_and_recipes_of_the_branch_are_not_used(tmp_path, monkeypatch):
    repository = Repository(tmp_path / "train")
    base = {"train.py": CLEAN.replace("\n\ndef validate(", NET), **project(48, "Words of the base.")}
    head = {
        "train.py": FAULTY.replace("\n\ndef validate(", NET),
        **project(7, "Words of the branch."),
    }
    named = event.read(repository.pull_request(base, head))
    model = FakeModel({"tests": ['{"tests": []}'] * 9, "review": ['{"missed": [], "wrong": []}']})
    monkeypatch.setattr("modereview.llm.connect", lambda *_: model)
    here = checkout.checkout(repository.folder, named.head, named.base)
    told = review(here, Wanted({"sandbox": "required"}), lambda _: None).handover
    (tests,) = told.tests
    assert "{'hidden': 48}" in tests.content.replace('"', "'")
    assert "'hidden': 7" not in tests.content.replace('"', "'")
    asked = str(model.prompts)
    assert "Words of the base." in asked
    assert "Words of the branch." not in asked
