"""What shows that a warning is due: that it is a network, and that nobody else answers for its mode.

Beside each shape that is a note stands the same with the evidence, which is a warning.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

NOTES = {
    "a function that judges the model which it is handed": """
        @torch.no_grad()
        def evaluate(model, loader):
            return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    """,
    "an object that judges the model which it is built with": """
        class Reader:
            def __init__(self, model):
                self.model = model
            def evaluate(self, emissions):
                return [self.model.decoder(e).argmax(-1) for e in emissions]
    """,
    "nothing but a role's name": """
        class Transcriber:
            def __init__(self, decoder):
                self.decoder = decoder
            def evaluate(self, emissions):
                return [self.decoder(e).argmax(-1) for e in emissions]
    """,
    "a method of a protocol is handed the model": """
        class Metric:
            def evaluate(self, model):
                raise NotImplementedError

        class Score(Metric):
            def evaluate(self, model):
                with torch.no_grad():
                    return model(self.noise).mean().item()
    """,
    "a step that a base class out of view calls": """
        from tasks import Task

        class Speech(Task):
            def valid_step(self, sample, model, criterion):
                return criterion(model(sample["x"]), sample["y"]).item()
    """,
    "a sampler is handed the model": """
        class Diffusion:
            @torch.no_grad()
            def sample(self, noise, model, steps):
                for t in range(steps):
                    noise = noise - model(noise, t)
                return noise
    """,
    "a sampler, and the model with some arguments": """
        from functools import partial

        class Diffusion:
            @torch.no_grad()
            def sample(self, noise, model, steps, mask=None):
                model = partial(model, mask=mask) if mask is not None else model
                for t in range(steps):
                    noise = noise - model(noise, t)
                return noise
    """,
    "samples on policy": """
        class Trainer:
            def training_step(self, batch):
                made = self.generate_outputs(self.model, batch)
                return self.compute(made)

            def generate_outputs(self, model, batch):
                return model.generate(batch).argmax(-1)
    """,
    "a step of an evaluation that the trainer runs": """
        from transformers import Trainer

        class Distillation(Trainer):
            def prediction_step(self, model, batch):
                made = self.generate_outputs(self.model, batch)
                return self.score(made)

            def generate_outputs(self, model, batch):
                return model.generate(batch).argmax(-1)
    """,
    "one of two ways there switches": """
        @torch.no_grad()
        def evaluate(model, loader):
            return [model(x).argmax(1) for x in loader]

        def test(path, loader):
            model = torch.load(path)
            model.eval()
            return evaluate(model, loader)

        def compare(pair, loader):
            return evaluate(pair.net, loader)
    """,
    "a module whose base's base is out of view": """
        from trainer import Trained

        class Speaker(Trained):
            def load(self, path):
                self.load_state_dict(torch.load(path))

        class Flow(Speaker):
            def __init__(self):
                super().__init__()
                self.encoder = nn.Sequential(nn.Linear(4, 4), nn.Dropout())
            def forward(self, x):
                return self.encoder(x)
            @torch.no_grad()
            def inference(self, x):
                return self.encoder(x).argmax(-1)
    """,
    "the solver's function": """
        class Solver:
            def __init__(self, model_fn):
                self.model_fn = lambda x, t: model_fn(x, t.expand(len(x)))
            def sample(self, x, t):
                return self.model_fn(x, t).argmax(-1)
    """,
    "a loader that is told the mode": """
        from models import SpeakerNet

        def main(config, path, loader):
            model = SpeakerNet(config)
            model.load_checkpoint(path, eval=True)
            with torch.no_grad():
                print([F.mse_loss(model(x), y).item() for x, y in loader])
    """,
    "a probe for shapes": """
        def infer_width(model, channels):
            made = torch.randn(1, channels, 8)
            out = model(made)
            return out.shape[1], out.shape[-1]
    """,
    "a part of a teacher in EVAL, chosen by its name": """
        def distill(teacher_model, x):
            teacher_model.eval()
            base_teacher = getattr(teacher_model, getattr(teacher_model, "prefix", "model"), teacher_model)
            with torch.no_grad():
                return base_teacher(x).argmax(-1)
    """,
    "a manager that a stack enters where it is a module": """
        from contextlib import ExitStack, contextmanager

        @contextmanager
        def inference(model):
            was = model.training
            model.eval()
            yield
            model.train(was)

        def evaluate(model, loader):
            with ExitStack() as stack:
                if isinstance(model, nn.Module):
                    stack.enter_context(inference(model))
                stack.enter_context(torch.no_grad())
                return [model(x).argmax(1) for x in loader]
    """,
    "a manager that is chosen": """
        from contextlib import contextmanager, nullcontext

        @contextmanager
        def inference(model):
            was = model.training
            model.eval()
            yield
            model.train(was)

        def evaluate(model, loader):
            with inference(model) if isinstance(model, nn.Module) else nullcontext():
                return [model(x).argmax(1) for x in loader]
    """,
    "a class method that sees to the mode": """
        from hub import Segmenter

        class Prompter:
            def __init__(self, config):
                self.model = Segmenter.from_config(config)

            @torch.no_grad()
            def predict(self, x):
                return self.model.encoder(x).argmax(1)
    """,
    "a class out of view that makes what it needs": """
        from music import Composer

        composer = Composer.get_pretrained("small")
        sounds = composer.generate(["a piano"])
        print(sounds.argmax(-1))
    """,
    "a model of somebody's hub": """
        model = torch.hub.load("someone/tracker", "online").cuda()
        with torch.no_grad():
            print(model(read_video()).argmax(-1))
    """,
    "a switch in the constructor, and a loader behind it": """
        from zoo import build
        from loading import Checkpointer

        class Demo:
            def __init__(self, path, load=True):
                if load:
                    self.model = build(path)
                    self.model.eval()
                if load:
                    checkpointer = Checkpointer(self.model)
                    checkpointer.load(path)

            @torch.no_grad()
            def predict(self, x):
                return self.model(x).argmax(1)
    """,
    "what a base out of view makes callable": """
        from vision import Language

        class Acting(Language if available else object):
            @torch.no_grad()
            def predict(self, x):
                return self.generate(x).argmax(-1)
    """,
    "a method that is named for what it does": """
        from relations import Framework

        framework = Framework(nn.Sequential(nn.Linear(4, 4), nn.Dropout()))
        framework.load_state_dict(torch.load("best.pt"))
        print(framework.eval_model(framework.test_loader).argmax(1))
    """,
    "a method that computes is no model": """
        from scores import Evaluator

        def evaluate(model, data):
            evaluator = Evaluator(model, data)
            return evaluator.compute_model_performance(["accuracy"])
    """,
    "a layer that only holds an activation, by its name": """
        class Agent(nn.Module):
            def __init__(self, act: str = "relu"):
                super().__init__()
                if act == "relu":
                    act = nn.ReLU()
                self.actor = nn.Sequential(nn.Linear(4, 4), act, nn.Linear(4, 2))

        def play(env):
            agent = Agent()
            with torch.no_grad():
                return [agent.actor(x).argmax(-1) for x in env]
    """,
    "the name says which of two is built": """
        class Plain(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 4)
            def forward(self, x):
                return self.fc(x)

        class Dropping(Plain):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout()

        def load(name):
            return Plain() if name.startswith("v2") else Dropping()

        def main(loader):
            net = load("v2_base")
            with torch.no_grad():
                print([net(x).argmax(1) for x in loader])
    """,
    "what another file keeps": """
        from loading import loader

        class Engine:
            @torch.no_grad()
            def infer(self, x):
                model = loader.model
                return model(x).argmax(1)
    """,
}
WARNINGS = {
    "a model of torchvision's hub": """
        model = torch.hub.load("pytorch/vision:v0.10.0", "resnet18", pretrained=True).cuda()
        with torch.no_grad():
            print(model(read_image()).argmax(-1))
    """,
    "what a role's name holds is moved to a device": """
        from zoo import make

        class Transcriber:
            def __init__(self, device):
                self.decoder = make().to(device)
            def evaluate(self, emissions):
                return [self.decoder(e).argmax(-1) for e in emissions]
    """,
    "a part of a model": """
        from zoo import make

        class Reader:
            def __init__(self):
                self.model = make()
            def evaluate(self, emissions):
                return [self.model.decoder(e).argmax(-1) for e in emissions]
    """,
    "a model of its own in a method of a protocol": """
        from zoo import make

        class Metric:
            def evaluate(self, x):
                raise NotImplementedError

        class Score(Metric):
            def __init__(self):
                self.model = make()
            def evaluate(self, x):
                with torch.no_grad():
                    return self.model(x).mean().item()
    """,
    "a function that trains the model which it is handed, and judges it": """
        def fit(model, loader, val_loader, optimizer):
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                for x, y in val_loader:
                    print((model(x).argmax(1) == y).sum().item())
    """,
    "a function that loads the model which it judges": """
        def evaluate(model, path, x):
            model.load_state_dict(torch.load(path))
            return model(x).argmax(1)
    """,
    "samples for an evaluation": """
        class Trainer:
            def evaluation_loop(self, batch):
                made = self.generate_outputs(self.model, batch)
                return self.score(made)

            def generate_outputs(self, model, batch):
                return model.generate(batch).argmax(-1)
    """,
    "a stack that enters the graph switch alone": """
        from contextlib import ExitStack
        from zoo import make

        def evaluate(loader):
            model = make()
            with ExitStack() as stack:
                stack.enter_context(torch.no_grad())
                return [model(x).argmax(1) for x in loader]
    """,
    "a loader that is told nothing": """
        from models import SpeakerNet

        def main(config, path, loader):
            model = SpeakerNet(config)
            model.load_checkpoint(path)
            with torch.no_grad():
                print([F.mse_loss(model(x), y).item() for x, y in loader])
    """,
    "the name says the other": NOTES["the name says which of two is built"].replace("v2_base", "v1_base"),
}


@pytest.mark.parametrize("script", NOTES.values(), ids=NOTES)
def test_without_the_evidence_it_is_no_more_than_a_note(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


@pytest.mark.parametrize("script", WARNINGS.values(), ids=WARNINGS)
def test_with_the_evidence_it_is_told(script: str, faults: Callable[[str], list[str]]):
    (fault,) = faults(script)
    assert fault.startswith(("MR101", "MR103"))
