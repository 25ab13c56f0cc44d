"""What only looked wrong in well-kept repositories, as small cases; beside some the fault it resembles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.rules import check

SHAPES = {
    "a wrapper that adds no layer, around a parameter": """
        class Normalized(nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model
            def forward(self, x):
                return F.normalize(self.model(x), dim=1)

        def neighbours(model, data):
            model = Normalized(model)
            with torch.no_grad():
                return [model(x).argmax(1) for x in data]
    """,
    "an object that keeps a parameter": """
        from features import Extractor

        def probe(model, data):
            feature_model = Extractor(model, 4)
            print(feature_model(data).argmax(1))

        @torch.no_grad()
        def evaluate(model, data):
            wrapped_model = Extractor(model, 4)
            return [wrapped_model(x).argmax(1) for x in data]
    """,
    "a base class freezes what it builds": """
        from transformers import AutoModel

        class Interface(nn.Module):
            def __init__(self, source, freeze=False):
                super().__init__()
                self.model = AutoModel.from_config(source)
                if freeze:
                    self.freeze_model(self.model)
                else:
                    self.model.train()

            def freeze_model(self, model):
                model.eval()
                for p in model.parameters():
                    p.requires_grad = False

        class Speech(Interface):
            def __init__(self, source, freeze=False):
                super().__init__(source, freeze=freeze)
            def forward(self, x):
                return self.extract(x)
            def extract(self, x):
                return self.model(x)

        def main(source, data):
            encoder = Speech(source, freeze=True)
            with torch.no_grad():
                print([encoder.extract(x).argmax(1) for x in data])
    """,
    "a loop switches every model of a list": """
        @torch.no_grad()
        def validate(model_parts, loader):
            for model in model_parts:
                model.eval()
            for x, y in loader:
                print(F.cross_entropy(model_parts[0](x), y).item())
            for model in model_parts:
                model.train()
    """,
    "an item of a ModuleDict is its attribute": """
        class Evaluator:
            def __init__(self, modules):
                self.modules = nn.ModuleDict(modules)
                self.modules["model"].eval()

            def evaluate(self, loader):
                with torch.no_grad():
                    return [self.modules.model(x).argmax(1) for x in loader]

        def main(modules, loader):
            print(Evaluator(modules).evaluate(loader))
    """,
    "a function of a module that is imported by its name": """
        import importlib

        @torch.no_grad()
        def convert(name, flavor):
            model_module = importlib.import_module(name)
            model_spec = model_module.model_registry(flavor)
            return model_spec.to_dict().numpy()
    """,
    "weights are swapped, nothing runs": """
        from brain import Brain

        class Enhancer(Brain):
            def on_evaluate_start(self):
                self.modules["score_model"].store_ema()

            def on_evaluate_end(self):
                self.modules["score_model"].restore_ema()
    """,
    "modules that a base out of view owns and switches": """
        from brain import Brain

        class Recognizer(Brain):
            def run_inference(self, tokens):
                return self.hparams.model(tokens).argmax(-1)

            def sample(self, x):
                return self.modules.detector(x).argmax(-1)
    """,
    "a part of a module whose base is out of view": """
        from models import Recognizer

        class Translator(Recognizer):
            def __init__(self):
                super().__init__()
                self.asr_decoder = nn.Sequential(nn.Linear(4, 4), nn.Dropout())

            def forward_asr(self, x):
                return self.asr_decoder(x)

            def decode_asr(self, x):
                return self.asr_decoder(x).argmax(-1)
    """,
    "a class out of view that loads a model": """
        from speech import Recognizer

        @torch.no_grad()
        def evaluate(recognizer_model, loader):
            return [recognizer_model(x).argmax(1) for x in loader]

        def main(loader):
            print(evaluate(Recognizer.from_hparams("source"), loader))
    """,
    "a transform of audio": """
        from torchaudio.transforms import Resample

        class Resampler(nn.Module):
            def __init__(self):
                super().__init__()
                self.resample = Resample(8000, 16000)
            def forward(self, x):
                return self.resample(x)

        class Perturb(nn.Module):
            def __init__(self, speeds):
                super().__init__()
                self.resamplers = []
                for speed in speeds:
                    self.resamplers.append(Resampler())
            def forward(self, x):
                return self.resamplers[0](x)

        def test_segment(data):
            net = Resampler()
            return [net(x).numpy() for x in data]
    """,
    "likelihood of a process in TRAIN, between train() and eval()": """
        def evaluate_fit(model, data):
            model.train()
            with torch.no_grad():
                score = model(data).log_prob(data).mean().item()
            model.eval()
            return score
    """,
    "a noisy network acts where it learns": """
        class NoisyLinear(nn.Module):
            def __init__(self):
                super().__init__()
                self.mu = nn.Linear(4, 4)
                self.sigma = nn.Linear(4, 4)
            def forward(self, x):
                return self.mu(x) + self.sigma(x) if self.training else self.mu(x)

        class NoisyNet(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.Sequential(nn.Linear(4, 4), NoisyLinear())
            def forward(self, x):
                return self.layers(x)

        def main(env, buffer):
            q_network = NoisyNet()
            optimizer = torch.optim.Adam(q_network.parameters())
            for _ in range(9):
                with torch.no_grad():
                    env.step(q_network(env.state).argmax(1))
                optimizer.zero_grad()
                F.mse_loss(q_network(buffer.x), buffer.y).backward()
                optimizer.step()
    """,
    "layers that wrap layers, all in view": """
        class Residual(nn.Module):
            def __init__(self, fn):
                super().__init__()
                self.fn = fn
            def forward(self, x):
                return x + self.fn(x)

        class Plain(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.Sequential(Residual(nn.Linear(4, 4)), Residual(nn.GELU()))
            def forward(self, x):
                return self.layers(x)

        class Objective(nn.Module):
            def __init__(self, function):
                super().__init__()
                self.function = function
            def forward(self, x):
                return self.function(x)

        def negative(x):
            return -x

        def main(loader):
            model, objective = Plain(), Objective(negative)
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                print([objective(model(x)).max() for x, _ in loader])
    """,
    "the pre-net of Tacotron": """
        class Prenet(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 4)
            def forward(self, x):
                return F.dropout(self.fc(x), p=0.5, training=True)
    """,
}

SHAPES |= {
    "a loss of parts that are not in view": """
        import losses

        class Compound(nn.Module):
            def __init__(self, overlap):
                super().__init__()
                self.overlap, self.entropy = overlap(), losses.Robust()
            def forward(self, out, y):
                return self.overlap(out, y) + self.entropy(out, y)

        class Trainer:
            def __init__(self):
                self.model, self.loss = Net(), Compound(losses.Dice)
                self.model.train()

            @torch.no_grad()
            def validation_step(self, x, y):
                self.model.eval()
                return self.loss(self.model(x), y).item()

            def run(self, loader):
                for x, y in loader:
                    print(self.validation_step(x, y))

        Trainer().run([])
    """,
    "a part of a frozen teacher": """
        from brain import Trainer

        class Distillation(Trainer):
            def compute_loss(self, model, x):
                self.teacher_model.eval()
                teacher = self.accelerator.unwrap_model(self.teacher_model)
                base_teacher = teacher.get_decoder()
                with torch.no_grad():
                    return base_teacher(x).argmax(-1)
    """,
    "a search that is handed the models": """
        from tasks import Task

        class Translation(Task):
            def inference_step(self, generator, models, sample):
                with torch.no_grad():
                    return generator.generate(models, sample).argmax(-1)
    """,
    "a saliency map in EVAL": """
        class Hooked:
            def __init__(self, model):
                self.model = model

            def __call__(self, x):
                was = self.model.training
                self.model.eval()
                logits = self.model(x)
                self.model.zero_grad()
                logits[:, 0].sum().backward()
                if was:
                    self.model.train()
                return logits
    """,
    "a module whose base is generic": """
        import typing

        T = typing.TypeVar("T")

        class Base(nn.Module, typing.Generic[T]):
            pass

        class Classifier(Base[T], typing.Generic[T]):
            def __init__(self, decoder=None):
                super().__init__()
                self.decoder = decoder if decoder is not None else nn.Linear(4, 2)
                self.decoder.to("cuda")

            def predict(self, batches):
                with torch.no_grad():
                    return [self.decoder(x).argmax(1) for x in batches]
    """,
    "a class that a loop hands out": """
        from benchmarks import models, report

        with torch.no_grad():
            for BenchmarkModel in models:
                report(BenchmarkModel(3, classes=10))
    """,
    "an object that is called with nothing": """
        from tasks import benchmarks

        @torch.no_grad()
        def evaluate(name, answers):
            task_module = benchmarks[name]
            task = task_module()
            return [task.judge(answer).item() for answer in answers]
    """,
    "a generator of parameters": """
        from augmentation import Mixing

        class PatchMix(Mixing):
            def __init__(self):
                super().__init__()
                self._param_generator = Draws(4)

            def generate_parameters(self, shape):
                return self._param_generator(shape).argmax(-1)
    """,
    "a trainer that goes forward and backward": """
        from tools import Stateful

        class Trainer(Stateful):
            def forward_backward_step(self, batch):
                loss = self.model(batch).sum()
                loss.backward()

            def train(self):
                for batch in self.loader:
                    self.forward_backward_step(batch)
    """,
}

FAULTY = {
    "a wrapper around a model in TRAIN": """
        class Normalized(nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model
            def forward(self, x):
                return F.normalize(self.model(x), dim=1)

        @torch.no_grad()
        def validate(data):
            net = Net()
            net.train()
            model = Normalized(net)
            return [model(x).argmax(1) for x in data]
    """,
    "a layer that wraps a dropout": """
        class Residual(nn.Module):
            def __init__(self, fn):
                super().__init__()
                self.fn = fn
            def forward(self, x):
                return x + self.fn(x)

        def main(loader):
            model = Residual(nn.Dropout())
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                print([model(x).max() for x, _ in loader])
    """,
    "a base class that leaves its model in TRAIN": """
        class Interface(nn.Module):
            def __init__(self):
                super().__init__()
                self.model = Net()
                self.model.train()

        class Speech(Interface):
            def __init__(self):
                super().__init__()
            def extract(self, x):
                return self.model(x)

        @torch.no_grad()
        def validate(data):
            encoder = Speech()
            return [encoder.extract(x).argmax(1) for x in data]
    """,
    "a loop that switches only some": """
        @torch.no_grad()
        def validate(model_parts, loader):
            for model in model_parts[1:]:
                model.eval()
            for x, y in loader:
                print(F.cross_entropy(model_parts[0](x), y).item())
    """,
    "the item beside the one that is switched": """
        class Evaluator:
            def __init__(self, modules):
                self.modules = nn.ModuleDict(modules)
                self.modules["encoder"].eval()

            def evaluate(self, loader):
                with torch.no_grad():
                    return [self.modules.model(x).argmax(1) for x in loader]

        def main(modules, loader):
            print(Evaluator(modules).evaluate(loader))
    """,
    "a model that the class itself builds": """
        from brain import Brain

        class Synthesizer(Brain):
            def fit(self, data):
                self.generator = Net()

            def sample(self, x):
                return self.generator(x).argmax(-1)
    """,
}


@pytest.mark.parametrize("script", SHAPES.values(), ids=SHAPES)
def test_looks_wrong_and_is_not(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_the_fault_beside_it(script: str, faults: Callable[[str], list[str]]):
    (fault,) = faults(script)
    assert fault.startswith(("MR101", "MR103", "MR106", "MR107"))


UNIT_TEST = """
    import pytest
    import torch
    from transformers import AutoModel

    def test_gradients(x):
        model = AutoModel.from_pretrained("a")
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        model(x).sum().backward()
        optimizer.step()
"""


@pytest.mark.parametrize(
    ("path", "text", "severity"),
    [
        ("test_gradients.py", UNIT_TEST, "note"),
        ("tests/test_gradients.py", UNIT_TEST.replace("import pytest", ""), "note"),
        ("test_gradients.py", UNIT_TEST.replace("import pytest", ""), "warning"),
        ("train.py", UNIT_TEST, "warning"),
    ],
)
def test_a_test_suite_trains_what_is_thrown_away(path: str, text: str, severity: str):
    source = parse.decode(Path("/project", path), Path("/project"), dedent(text).encode())
    (finding,) = check(analyze(source), select=["MR109"])
    assert finding.severity.value == severity
