"""MR206: overrides of train and eval that break the switch."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview import parse
from modereview.records import Program
from modereview.rules.mr206 import RULE

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "a stub that undoes the eval() of its own class": (
        """
        class Frozen(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout()
                self.eval()

            def train(self, mode=True):
                pass
    """,
        ["error def train(self, mode=True):"],
    ),
    "an eval of a layer that does more than switch": (
        """
        class Folded(nn.Linear):
            def __init__(self):
                super().__init__(4, 4)
                self.drop = nn.Dropout()

            def eval(self):
                super().eval()
                self.folded = True
                return self
    """,
        ["warning def eval(self):"],
    ),
    "no mode, and what is inside comes from a builder that chooses by name": (
        """
        import nets

        def build_model(cfg):
            student = nets.__dict__[cfg.arch](cfg.patch)
            teacher = nets.__dict__[cfg.arch](cfg.patch)
            return student, teacher

        class Distilled(nn.Module):
            def __init__(self, cfg):
                super().__init__()
                parts, others = {}, {}
                parts["backbone"], others["backbone"] = build_model(cfg)
                self.student, self.teacher = nn.ModuleDict(parts), nn.ModuleDict(others)

            def train(self):
                super().train()
                self.teacher.eval()
    """,
        ["error def train(self):"],
    ),
    "an eval of a part that does more than switch": (
        """
        class Part(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout()

            def eval(self):
                super().eval()
                self.cache = None
                return self

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.part = Part()
    """,
        ["warning def eval(self):"],
    ),
    "no mode": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self):
                super().train()
                self.norm.eval()
                return self
    """,
        ["error def train(self):"],
    ),
    "no mode, and an eval that goes through it": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self):
                super().train()
                return self

            def eval(self):
                return super().eval()
    """,
        ["error def train(self):"],
    ),
    "no mode, and an eval of its own": (
        """
        class Net(nn.Module):
            def __init__(self, parts):
                super().__init__()
                self.parts = nn.ModuleList(parts)

            def train(self):
                for part in self.parts:
                    part.train()
                return self

            def eval(self):
                for part in self.parts:
                    part.eval()
                return self
    """,
        ["note def train(self):"],
    ),
    "a training function without arguments": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self):
                for epoch in range(9):
                    self.step()
    """,
        ["warning def train(self):"],
    ),
    "a training function": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, loader, epochs=3):
                for x in loader:
                    self(x).sum().backward()
    """,
        ["warning def train(self, loader, epochs=3):"],
    ),
    "an evaluating function": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def eval(self, loader):
                return [self(x) for x in loader]
    """,
        ["warning def eval(self, loader):"],
    ),
    "mode not handed on": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                super().train()
                self.norm.eval()
                return self
    """,
        ["error def train(self, mode=True):"],
    ),
    "no super": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                self.mode = mode
                return self
    """,
        ["error def train(self, mode=True):"],
    ),
    "eval without super": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def eval(self):
                self.cache = None
                return self
    """,
        ["error def eval(self):"],
    ),
    "no default": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode):
                return super().train(mode)
    """,
        ["warning def train(self, mode):"],
    ),
    "self not returned": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                super().train(mode)
                self.norm.eval()
    """,
        ["note def train(self, mode=True):"],
    ),
    "self not returned, and the result used": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                super().train(mode)
                self.norm.eval()

        model = Net().to('cpu')
        model = model.eval()
    """,
        ["warning def train(self, mode=True):"],
    ),
    "nothing inside depends on the mode": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.Linear(4, 4)

            def train(self, data):
                return data
    """,
        ["note def train(self, data):"],
    ),
}

INNOCENT = {
    "an eval of a whole model that does more than switch": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout()

            def eval(self):
                super().eval()
                self.cache = None
                return self
    """,
    "an eval of a layer that switches alone": """
        class Layer(nn.Linear):
            def __init__(self):
                super().__init__(4, 4)
                self.drop = nn.Dropout()

            def eval(self):
                super().eval()
                self.training = False
                return self
    """,
    "handed on": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                super().train(mode)
                self.norm.eval()
                return self
    """,
    "handed on and returned": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode: bool = True):
                return super(Net, self).train(mode)
    """,
    "handed on by name": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                nn.Module.train(self, mode)
                return self
    """,
    "another name for mode": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, phase=True):
                super().train(phase)
                return self
    """,
    "arguments passed through": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, *args, **kwargs):
                super().train(*args, **kwargs)
                return self
    """,
    "by hand": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                self.training = mode
                for m in self.children():
                    m.train(mode)
                return self
    """,
    "a mode that decides": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                if mode:
                    super().train()
                else:
                    super().train(False)
                return self
    """,
    "frozen by construction": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                return self
    """,
    "always in EVAL, on purpose": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                return super().train(False)
    """,
    "abstract": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, mode=True):
                raise NotImplementedError
    """,
    "a mode under another name, and more behind it": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, val=True, *args, **kwargs):
                if val:
                    self.cache = None
                return super().train(val, *args, **kwargs)
    """,
    "eval handed on": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def eval(self):
                self.cache = None
                return super().eval()
    """,
    "no module": """
        class Net(object):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def train(self, loader):
                return loader
    """,
}


def found(program: Callable[[str], Program], script: str) -> list[str]:
    """What the rule finds, as "severity line"."""
    return [f"{f.severity.value} {f.line_text}" for f in RULE.check(program(HEAD + dedent(script)))]


@pytest.mark.parametrize(("script", "expected"), FOUND.values(), ids=FOUND)
def test_found(program: Callable[[str], Program], script: str, expected: list[str]):
    assert found(program, script) == expected


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_not_flagged(program: Callable[[str], Program], script: str):
    assert found(program, script) == []


POLICY = """
class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()
        self.opt = torch.optim.SGD(self.parameters(), 0.1)

    def forward(self, x):
        return self.drop(x)

    def {name}:
        self.opt.zero_grad()
        self(torch.ones(1)).sum().backward()
        self.opt.step()
"""
MAIN = """
if __name__ == "__main__":
    pi = Policy().to("cpu")
    pi.train()
"""


def mended(program: Callable[[str], Program], script: str) -> str | None:
    """The script after the best fix of its only finding; None without any."""
    known = program(HEAD + script)
    (finding,) = RULE.check(known)
    fix = next(iter(RULE.mend(known, finding)), None)
    return parse.apply(known.source, fix.edits).text.removeprefix(HEAD) if fix else None


def test_a_training_function_gets_another_name_with_its_calls(program: Callable[[str], Program]):
    script = POLICY.format(name="train(self)") + MAIN
    renamed = POLICY.format(name="train_model(self)") + MAIN.replace("pi.train()", "pi.train_model()")
    assert mended(program, script) == renamed
    assert list(RULE.check(program(HEAD + renamed))) == []


KEPT = {
    "nothing says that the file is a script": POLICY.format(name="train(self)"),
    "a call on who knows what": POLICY.format(name="train(self)")
    + "\ndef run(agent):\n    agent.train()\n"
    + MAIN,
    "the new name is taken": POLICY.format(name="train(self)")
    + MAIN
    + "\ndef train_model(x):\n    return x\n",
    "a class of the file inherits it": POLICY.format(name="train(self)")
    + "\nclass Own(Policy):\n    pass\n"
    + MAIN,
    "a base class out of view may call it": "from kit import Agent\n"
    + POLICY.format(name="train(self)").replace("nn.Module", "nn.Module, Agent")
    + MAIN,
}


@pytest.mark.parametrize("script", KEPT.values(), ids=KEPT)
def test_where_not_all_callers_are_in_view_it_keeps_its_name(program: Callable[[str], Program], script: str):
    assert mended(program, script) is None


def test_another_models_switch_stays(program: Callable[[str], Program]):
    other = "\nclass Net(nn.Module):\n    pass\n"
    script = POLICY.format(name="train(self)") + other + MAIN + "    net = Net()\n    net.train()\n"
    assert "    pi.train_model()\n    net = Net()\n    net.train()\n" in (mended(program, script) or "")


@pytest.mark.parametrize(("given", "becomes"), [("mode", "mode=True"), ("mode: bool", "mode: bool = True")])
def test_a_mode_gets_its_default(program: Callable[[str], Program], given: str, becomes: str):
    script = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def train(self, {}):
        super().train({})
        self.norm.eval()
        return self
"""
    assert mended(program, script.format(given, "mode")) == script.format(becomes, "mode")


OVERRIDE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout()

    def {head}:
        {body}
"""
COMPLETED = {
    "the base class by its name": (
        ("train(self)", "nn.Module.train(self)\n        self.norm.eval()"),
        (
            "train(self, mode=True)",
            "nn.Module.train(self, mode)\n        self.norm.eval()\n        return self",
        ),
    ),
    "super in the old way": (
        ("train(self)", "super(Net, self).train()\n        self.norm.eval()"),
        (
            "train(self, mode=True)",
            "super(Net, self).train(mode)\n        self.norm.eval()\n        return self",
        ),
    ),
    "nothing that reaches the rest": (
        ("train(self)", "self.norm.eval()"),
        ("train(self, mode=True)", "super().train(mode)\n        self.norm.eval()\n        return self"),
    ),
    "part by part, and the result missing": (
        ("train(self, mode=True)", "self.training = mode\n        for m in self.children(): m.train(mode)"),
        (
            "train(self, mode=True)",
            "self.training = mode\n        for m in self.children(): m.train(mode)\n        return self",
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), COMPLETED.values(), ids=COMPLETED)
def test_an_override_gets_what_it_lacks_and_no_more(program: Callable[[str], Program], before, after):
    (head, body), (new_head, new_body) = before, after
    whole = OVERRIDE.format(head=new_head, body=new_body)
    assert mended(program, OVERRIDE.format(head=head, body=body)) == whole
    assert list(RULE.check(program(HEAD + whole))) == []


def test_the_base_class_by_its_name_with_no_mode_always_trains(program: Callable[[str], Program]):
    script = OVERRIDE.format(head="train(self, mode=True)", body="nn.Module.train(self); return self")
    assert found(program, script) == ["error def train(self, mode=True):"]
