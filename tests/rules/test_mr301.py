"""MR301: what is exported while the model is in TRAIN, and what keeps or sets its mode by itself."""

from __future__ import annotations

import pytest
from modereview.rules import rule

FAULTY = {
    "traced after the training": """
        def main(loader, optimizer):
            model = Net()
            fit(model, loader, optimizer)
            torch.jit.trace(model, torch.zeros(2, 4)).save("net.pt")
    """,
    "exported in a helper": """
        def export(net):
            return torch.export.export(net, (torch.zeros(2, 4),))

        def main():
            model = Net().to("cpu")
            return export(model)
    """,
    "a wrapped model, with the argument by name": """
        def main():
            model = nn.DataParallel(Net())
            return torch.jit.trace(func=model.module, example_inputs=torch.zeros(2, 4))
    """,
    "back in TRAIN before the export": """
        def main():
            model = Net()
            model.eval()
            print(model(torch.zeros(2, 4)))
            model.train()
            return torch.jit.trace(model, torch.zeros(2, 4))
    """,
}
RIGHT = {
    "eval before": """
        model = Net()
        model.eval()
        torch.jit.trace(model, torch.zeros(2, 4))
    """,
    "eval on the way in": """
        model = Net()
        torch.jit.trace(model.eval(), torch.zeros(2, 4))
    """,
    "a copy of a wrapper around what is in EVAL": """
        class Stubs(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.model = inner
            def forward(self, x):
                return self.model(x)

        stubs = Stubs(Net().eval())
        quantized = torch.quantization.convert(torch.quantization.prepare(stubs))
        torch.jit.trace(quantized, torch.zeros(2, 4))
    """,
    "a wrapper that keeps what is in EVAL under any name": """
        class Means(nn.Module):
            def __init__(self, gp):
                super().__init__()
                self.gp = gp
            def forward(self, x):
                return self.gp(x).mean

        process = Net()
        process.eval()
        torch.jit.trace(Means(process), torch.zeros(2, 4))
    """,
    "script keeps the flag": """
        model = Net()
        torch.jit.script(model).save("net.pt")
    """,
    "the TorchScript path of ONNX switches by itself": """
        model = Net()
        torch.onnx.export(model, torch.zeros(2, 4), "net.onnx", dynamo=False)
    """,
    "ONNX told to export for training": """
        model = Net()
        torch.onnx.export(model, torch.zeros(2, 4), "net.onnx", training=torch.onnx.TrainingMode.TRAINING)
    """,
    "prepare_qat needs TRAIN": """
        model = Net()
        model.train()
        torch.ao.quantization.prepare_qat(model, inplace=True)
    """,
    "dynamic quantization keeps the flag": """
        model = Net()
        torch.ao.quantization.quantize_dynamic(model).eval()
    """,
    "whose mode is for the caller to say": """
        def export(model, example):
            return torch.jit.trace(model, example)
    """,
    "a function, no model": """
        def double(x):
            return 2 * x

        torch.jit.trace(double, torch.zeros(1))
    """,
}
NOTED = {
    "a graph exported for quantization-aware training": """
        from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e
        model = Net()
        prepare_qat_pt2e(torch.export.export(model, (torch.zeros(2, 4),)).module(), None)
    """,
    "a comment says so": """
        model = Net()
        # kept in TRAIN on purpose: trained further in C++
        torch.jit.trace(model, torch.zeros(2, 4))
    """,
    "no layer depends on the mode": """
        model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        torch.jit.trace(model, torch.zeros(2, 4))
    """,
}


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR301").check(fitted(script))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(fitted, script):
    assert found(fitted, script) == ["error"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(fitted, script):
    assert found(fitted, script) == ["note"]


def test_a_unit_test_ships_nothing(fitted):
    script = """
        import pytest

        def test_filterbank(device):
            net = Net().to(device)
            assert torch.jit.trace(net, torch.zeros(2, 4))
    """
    assert found(fitted, script) == ["note"]
    assert found(fitted, script.replace("test_filterbank", "trace")) == ["error"]


def test_an_onnx_export_is_less_certain(fitted):
    script = """
        model = Net()
        torch.onnx.export(model, (torch.zeros(2, 4),), "net.onnx")
    """
    assert found(fitted, script) == ["warning"]


def test_a_model_out_of_view_is_less_certain(fitted):
    script = """
        import torchvision
        model = torchvision.models.resnet18()
        torch.jit.trace(model, torch.zeros(1, 3, 224, 224))
    """
    assert found(fitted, script) == ["warning"]


GOES_ON = """
    def main(loader, optimizer):
        model = Net()
        for epoch in range(3):
            fit(model, loader, optimizer)
            torch.jit.trace(model, torch.zeros(2, 4)).save("net.pt")
"""
TRACED = "        torch.jit.trace(model, torch.zeros(2, 4))"


def test_where_the_training_goes_on_the_mode_is_its_own_or_given_back(fitted, mended):
    before = f'        model.eval()\n{TRACED}.save("net.pt")\n'
    ((alone, given_back),) = mended("MR301", fitted(GOES_ON))
    assert alone.endswith(before)
    assert given_back.endswith(f"{before}        model.train()\n")


def test_behind_a_return_nothing_is_given_back(fitted, mended):
    returned = GOES_ON.replace("torch.jit", "return torch.jit").replace('.save("net.pt")', "")
    ((alone,),) = mended("MR301", fitted(returned))
    assert alone.endswith("        model.eval()\n        return torch.jit.trace(model, torch.zeros(2, 4))\n")
