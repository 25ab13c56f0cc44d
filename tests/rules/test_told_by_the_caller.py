"""Dropouts that no mode reaches: those whose caller says when they drop are notes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Finding

LAYER = """
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.rate = 0.5

        def forward(self, {given}):
            x = self.fc({value})
            if {test}:
                x = {drop}
            return x
"""
FUNCTIONAL, BUILT = "F.dropout(x, self.rate)", "nn.Dropout(self.rate)(x)"
TOLD = {
    "a flag": {"given": "x, training=False", "value": "x", "test": "training"},
    "a switch beside a rate": {"given": "x, on", "value": "x", "test": "self.rate > 0 and on"},
    "a switch among the inputs": {"given": "inputs", "value": "inputs[0]", "test": "switch"},
}
UNTOLD = {
    "the rate alone": {"given": "x", "value": "x", "test": "self.rate > 0"},
    "what is handed in decides something else": {"given": "x, mask", "value": "x", "test": "mask is None"},
}


def script(shape: dict[str, str], drop: str) -> str:
    """A layer with a dropout under a test; a switch comes with the inputs."""
    text = LAYER.format(drop=drop, **shape)
    unpacked = "{0}x, switch = inputs\n{0}x = self.fc(x)".format(12 * " ")
    return text.replace("            x = self.fc(inputs[0])", unpacked)


@pytest.mark.parametrize("drop", [FUNCTIONAL, BUILT])
@pytest.mark.parametrize("shape", TOLD.values(), ids=TOLD)
def test_the_caller_says_when(shape: dict[str, str], drop: str, faults: Callable[[str], list[str]]):
    assert faults(script(shape, drop)) == []


@pytest.mark.parametrize(("drop", "rule"), [(FUNCTIONAL, "MR201"), (BUILT, "MR203")])
@pytest.mark.parametrize("shape", UNTOLD.values(), ids=UNTOLD)
def test_nobody_says_when(shape: dict[str, str], drop: str, rule: str, faults: Callable[[str], list[str]]):
    (fault,) = faults(script(shape, drop))
    assert fault.startswith(f"{rule} error")


ATTEND = """
    def attend(q, k, p=0.0):
        scores = (q @ k).softmax(-1)
        if p > 0:
            scores = F.dropout(scores, p)
        return scores
"""
CALLERS = {
    "nobody here": ("", "note"),
    "who gives 0 in EVAL": (
        """
    def attention(q, k, p, training=True):
        if not training:
            p = 0.0
        return attend(q, k, p)
""",
        "note",
    ),
    "who gives a rate": (
        """
    def attention(q, k):
        return attend(q, k, 0.1)
""",
        "warning",
    ),
}


@pytest.mark.parametrize(("caller", "severity"), CALLERS.values(), ids=CALLERS)
def test_who_gives_the_rate(caller: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]):
    assert [f.severity.value for f in findings(ATTEND + caller) if f.rule == "MR201"] == [severity]


BLOCK = """
    class Block(nn.Module):
        def attention(self, q, k):
            return self.attend(q, k, rate={given})

    class Llama(Block):
        def attend(self, q, k, rate=0.0):
            return F.dropout((q @ k).softmax(-1), p=rate)
"""


@pytest.mark.parametrize(
    ("given", "severity"), [("0.0 if not self.training else 0.1", "note"), ("0.1", "error")]
)
def test_who_gives_the_rate_of_a_method(
    given: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]
):
    assert [f.severity.value for f in findings(BLOCK.format(given=given))] == [severity]


SAMPLER = """
    class Sampler:
        def sample(self, x, noise_dropout={given}):
            return self.step(x, noise_dropout=noise_dropout)

        def step(self, x, noise_dropout=0.0):
            def noise():
                drawn = torch.randn_like(x)
                return F.dropout(drawn, p=noise_dropout) if noise_dropout > 0.0 else drawn

            return x + noise()
"""


ATTENTION = """
    class Attention(nn.Module):
        def attend(self, q, k, v, rate=0.0):
            return torch.dropout(torch.softmax(q @ k, -1), rate, train=True) @ v

        def forward(self, q, k, v):
            return self.attend(q, k, v{given})
"""


@pytest.mark.parametrize(("given", "severity"), [("", "note"), (", rate=0.1", "error")])
def test_a_low_level_dropout_that_is_0_until_a_caller_asks(
    given: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]
):
    (finding,) = findings(ATTENTION.format(given=given))
    assert (finding.rule, finding.severity.value) == ("MR204", severity)


@pytest.mark.parametrize(("given", "severity"), [("0.0", "note"), ("0.1", "warning")])
def test_a_rate_that_is_0_until_a_caller_asks(
    given: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]
):
    assert [f.severity.value for f in findings(SAMPLER.format(given=given))] == [severity]
