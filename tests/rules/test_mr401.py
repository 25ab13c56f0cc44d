"""MR401: a script that trains without any seed; never more than a note."""

from __future__ import annotations

import pytest
from modereview.rules import rule

RIGHT = {
    "seeded": """
        torch.manual_seed(0)
        model = Net()
        fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "seeded by a helper": """
        from helpers import seed_everything
        seed_everything(1)
        model = Net()
        fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "what others train with": """
        def main(loader):
            model = Net()
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "nothing is trained": """
        model = Net()
        model.eval()
        print(model(torch.randn(8, 4)))
    """,
}
NOTED = {
    "at the top level": """
        model = Net()
        fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "under a main guard, called in a loop": """
        def main(epochs):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(epochs):
                fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], optimizer)

        if __name__ == "__main__":
            main(3)
    """,
}


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR401").check(fitted(script))]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(fitted, script):
    assert found(fitted, script) == ["note"]
