"""MR106: `train()` in the evaluation itself, and where it only gives the mode back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Finding, Severity

FOUND = {
    "in the block that switches the graph off": """
        def main(loader, val_loader, optimizer):
            model = Net()
            for epoch in range(3):
                model.train()
                for batch in loader:
                    step(model, batch, optimizer)
                model.eval()
                with torch.no_grad():
                    for x, y in val_loader:
                        model.train()  # MR106 error
                        print(model(x).argmax(1))  # why
    """,
    "a helper of the evaluation switches": """
        def prepare(net):
            net.train()  # MR106 error

        @torch.no_grad()
        def validate(net, loader):
            prepare(net)
            return [net(x).argmax(1) for x, _ in loader]  # why

        def main(loader):
            validate(Net(), loader)
    """,
    "the mode is given back between two evaluations": """
        def report(model, val_loader, test_loader):
            model.eval()
            with torch.no_grad():
                print([model(x).argmax(1) for x, _ in val_loader])
            model.train()  # MR106 error
            with torch.no_grad():
                for x, y in test_loader:
                    print(model(x).argmax(1))  # why

        def main(val_loader, test_loader):
            report(Net(), val_loader, test_loader)
    """,
    "train() at the end of each pass": """
        @torch.no_grad()
        def test(net, loader):
            net.eval()
            for x, y in loader:
                print(net(x).argmax(1))  # why
                net.train()  # MR106 error

        def main(loader):
            test(Net(), loader)
    """,
}

INNOCENT = {
    "the mode is given back behind what is sampled, and scored then": """
        def rewards(model, x):
            model.eval()
            with torch.no_grad():
                guess = model(x).argmax(1)
            model.train()
            with torch.no_grad():
                print(model(guess).argmax(1))

        def main(loader):
            model = Net()
            for x, y in loader:
                rewards(model, x)
    """,
    "the mode is given back behind the last forward": """
        def test(net, loader):
            net.eval()
            with torch.no_grad():
                print([net(x).argmax(1) for x, _ in loader])
            net.train()

        def main(loader, val_loader, optimizer):
            net = Net()
            for batch in loader:
                step(net, batch, optimizer)
                test(net, val_loader)
    """,
    "Monte-Carlo dropout by its name": """
        @torch.no_grad()
        def mc_dropout_predict(net, x):
            net.train()
            return torch.stack([net(x).softmax(1) for _ in range(20)]).mean(0)

        def main(x):
            mc_dropout_predict(Net(), x)
    """,
    "re-estimated statistics by a comment": """
        @torch.no_grad()
        def evaluate(net, loader):
            net.train()  # re-estimate the batch statistics
            for x, _ in loader:
                net(x)

        def main(loader):
            evaluate(Net(), loader)
    """,
    "a unit test that looks at both modes": """
        class NetTest:
            def test_modes(self):
                model = Net()
                model.train()
                assert model(torch.randn(2, 4)).shape == (2, 2)
                model.eval()
                assert model(torch.randn(2, 4)).shape == (2, 2)
    """,
    "given back by a helper, and the paths were merged": """
        def set_mode(mode, models):
            for m in models:
                if m is None: continue
                if mode == "train": m.train()
                if mode == "eval": m.eval()

        def check(model, loader):
            set_mode("eval", [model])
            with torch.no_grad():
                print([model(x).argmax(1) for x, _ in loader])
            set_mode("train", [model])

        def main(loader, val_loader, optimizer):
            model = Net()
            for batch in loader:
                step(model, batch, optimizer)
                check(model, val_loader)
    """,
    "a detector that gives its losses": """
        @torch.no_grad()
        def evaluate(loader, build_model):
            model = build_model()
            model.train()
            return [sum(model(images, targets).values()) for images, targets in loader]
    """,
}


@pytest.mark.parametrize("script", FOUND.values(), ids=FOUND)
def test_found_at_the_switch_and_once(script: str, agrees: Callable[[str], bool]):
    assert agrees(script)


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_a_note_at_most(script: str, findings: Callable[[str], tuple[Finding, ...]]):
    assert all(f.severity is Severity.NOTE for f in findings(script))


BEFORE_TRAINING = """
    from zoo import RandomWalks

    @torch.no_grad()
    def save_embedding(model):
        torch.save(model("node").cpu(), "embedding.pt")

    def main(loader):
        model = RandomWalks(64).cuda()
        optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.01)
        model.train()
        for walks in loader:
            optimizer.zero_grad()
            model.loss(walks).backward()
            optimizer.step()
            save_embedding(model)
"""


def test_train_before_a_training_whose_loss_the_model_makes_itself(
    findings: Callable[[str], tuple[Finding, ...]],
):
    """The evaluation in the middle lacks its `eval()`; the `train()` is where it belongs."""
    assert [f.rule for f in findings(BEFORE_TRAINING) if f.severity is not Severity.NOTE] == ["MR103"]
