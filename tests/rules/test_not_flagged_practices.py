"""Modes that are unusual on purpose, models that have none, frameworks that switch by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Finding, Severity

PRACTICES = {
    "a mask that explains a model": """
        class Explainer:
            def __init__(self, model):
                self.model = model

            def explain(self, x, y):
                self.model.eval()
                self.mask = nn.Parameter(torch.zeros(4))
                optimizer = torch.optim.Adam([self.mask], lr=0.1)
                for _ in range(100):
                    optimizer.zero_grad()
                    F.cross_entropy(self.model(x * self.mask.sigmoid()), y).backward()
                    optimizer.step()
                return self.mask.detach()
    """,
    "a service whose model the top level loads and switches": """
        from flask import Flask
        app = Flask(__name__)
        MODEL = None

        def score(sentence):
            outputs = MODEL(sentence)
            return torch.sigmoid(outputs).cpu().detach().numpy()[0][0]

        @app.route("/predict")
        def predict():
            return str(score(torch.randn(1, 4)))

        if __name__ == "__main__":
            MODEL = Net()
            MODEL.load_state_dict(torch.load("model.bin"))
            MODEL.eval()
            app.run(port="9999")
    """,
    "what is asked whether it is a module": """
        def judge(net, data_iter, device=None):
            if isinstance(net, nn.Module):
                net.eval()
                if not device:
                    device = next(iter(net.parameters())).device
            with torch.no_grad():
                return sum((net(x.to(device)).argmax(1) == y).sum().item() for x, y in data_iter)

        def train(net, train_iter, test_iter, updater):
            for epoch in range(3):
                if isinstance(net, torch.nn.Module):
                    net.train()
                for x, y in train_iter:
                    updater.zero_grad()
                    F.cross_entropy(net(x), y).backward()
                    updater.step()
                print(judge(net, test_iter))

        def main(train_iter, test_iter):
            net = Net()
            train(net, train_iter, test_iter, torch.optim.SGD(net.parameters(), lr=0.1))
    """,
    "an agent that asks its networks for new noise": """
        class Agent:
            def __init__(self):
                self.online = Net()
                self.target_net = Net()
                self.online.train()
                self.target_net.train()

            def get_action(self, state):
                with torch.no_grad():
                    self.online.reset_noise()
                    return self.online(state).argmax(1).item()

            def update(self, states, rewards, optimizer):
                with torch.no_grad():
                    self.target_net.reset_noise()
                    targets = rewards + self.target_net(states).max(1)[0]
                optimizer.zero_grad()
                F.mse_loss(self.online(states).max(1)[0], targets).backward()
                optimizer.step()

        def main(env, optimizer):
            agent = Agent()
            for frame in range(10):
                action = agent.get_action(env.state)
                agent.update(*env.step(action), optimizer)
    """,
    "a forward for the statistics that it moves": """
        def recount(model, loader):
            model.train()
            with torch.no_grad():
                for x, y in loader:
                    model(x)
    """,
    "GAN": """
        def main(loader, optimizer_g, optimizer_d):
            netG, netD = Net(), Net()
            for real, _ in loader:
                netD.zero_grad()
                fake = netG(torch.randn(8, 4))
                (netD(real).mean() - netD(fake.detach()).mean()).backward()
                optimizer_d.step()
                netG.zero_grad()
                netD(fake).mean().backward()
                optimizer_g.step()
            with torch.no_grad():
                images = netG(torch.randn(8, 4)).detach()
    """,
    "GAN with switches inside of the step": """
        def main(loader, optimizer_g, optimizer_d):
            generator, critic = Net(), Net()
            for real, _ in loader:
                generator.eval()
                critic.train()
                optimizer_d.zero_grad()
                with torch.no_grad():
                    fake = generator(torch.randn(8, 4))
                (critic(real).mean() - critic(fake).mean()).backward()
                optimizer_d.step()
                generator.train()
                optimizer_g.zero_grad()
                critic(generator(torch.randn(8, 4))).mean().backward()
                optimizer_g.step()
    """,
    "Monte-Carlo dropout": """
        def mc_dropout_predict(model, x, samples=20):
            model.train()
            with torch.no_grad():
                return torch.stack([model(x) for _ in range(samples)]).mean(0)

        def main(x):
            print(mc_dropout_predict(Net(), x))
    """,
    "test-time adaptation": """
        def adapt_batch(model, x, optimizer):
            model.train()
            output = model(x)
            optimizer.zero_grad()
            (-output.softmax(1) * output.log_softmax(1)).sum().backward()
            optimizer.step()
            with torch.no_grad():
                return model(x).argmax(1)

        def test_time_adaptation(loader, optimizer):
            model = Net()
            for x, y in loader:
                print(adapt_batch(model, x, optimizer))
    """,
    "norms kept frozen, and a comment that says so": """
        def main(loader, optimizer):
            model = Net()
            # frozen batch norm: the pretrained statistics are kept
            model.eval()
            for batch in loader:
                step(model, batch, optimizer)
    """,
    "meta-learning": """
        def maml_inner_loop(model, support, query):
            learner = copy.deepcopy(model)
            learner.train()
            x, y = query
            with torch.no_grad():
                return (learner(x).argmax(1) == y).float().mean()

        def main(tasks):
            model = Net()
            for support, query in tasks:
                print(maml_inner_loop(model, support, query))
    """,
    "statistics estimated again": """
        @torch.no_grad()
        def reestimate_batch_norm(model, loader):
            model.train()
            for x, _ in loader:
                model(x)

        def main(loader):
            model = Net()
            reestimate_batch_norm(model, loader)
    """,
    "an adversarial attack": """
        def attack(model, x, y):
            x.requires_grad_(True)
            F.cross_entropy(model(x), y).backward()
            return x + 0.1 * x.grad.sign()

        def main(loader):
            model = Net()
            model.eval()
            for x, y in loader:
                print(attack(model, x, y))
    """,
    "adversarial training": """
        def perturb(model, x, y):
            model.eval()
            x.requires_grad_(True)
            F.cross_entropy(model(x), y).backward()
            return (x + 0.1 * x.grad.sign()).detach()

        def main(loader, optimizer):
            model = Net()
            for x, y in loader:
                bad = perturb(model, x, y)
                model.train()
                optimizer.zero_grad()
                F.cross_entropy(model(bad), y).backward()
                optimizer.step()
    """,
    "a saliency map": """
        def saliency(model, x):
            model.eval()
            x.requires_grad_(True)
            model(x).max().backward()
            return x.grad.abs()

        print(saliency(Net(), torch.randn(2, 4)))
    """,
    "a teacher under no_grad": """
        def main(loader, optimizer):
            student, teacher = Net(), Net()
            teacher.eval()
            for x, y in loader:
                with torch.no_grad():
                    wanted = teacher(x)
                loss = F.mse_loss(student(x), wanted)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    """,
    "a detection model whose validation losses need TRAIN": """
        import torchvision

        def main(val_loader):
            model = torchvision.models.detection.fasterrcnn_resnet50_fpn()
            model.train()
            with torch.no_grad():
                for images, targets in val_loader:
                    print(sum(loss.item() for loss in model(images, targets).values()))
    """,
    "an RNN kept in TRAIN for cuDNN": """
        def explain(loader):
            model = Net()
            for x, y in loader:
                model.train()  # cuDNN's RNN backward works in train mode only
                model(x).sum().backward()
    """,
    "a probe for shapes while the model is built": """
        class Head(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = Net()
                self.fc = nn.Linear(self.width(), 2)
            def width(self):
                with torch.no_grad():
                    return self.encoder(torch.zeros(2, 4)).size(1)

        head = Head()
    """,
    "from_pretrained is in EVAL already": """
        from transformers import AutoModel

        model = AutoModel.from_pretrained("some/model")
        with torch.no_grad():
            print(model(torch.ones(1, 4)).argmax(-1))
    """,
}

FRAMEWORKS = {
    "Lightning switches around its hooks": """
        import pytorch_lightning as pl

        class Task(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = Net()
            def training_step(self, batch, index):
                x, y = batch
                return F.cross_entropy(self.net(x), y)
            def validation_step(self, batch, index):
                x, y = batch
                self.log("accuracy", (self.net(x).argmax(1) == y).float().mean())
            def predict_step(self, batch, index):
                return self.net(batch).argmax(1)
            def configure_optimizers(self):
                return torch.optim.Adam(self.parameters())
    """,
    "Lightning's new name": """
        import lightning as L

        class Task(L.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = Net()
            def test_step(self, batch, index):
                x, y = batch
                self.log("accuracy", (self.net(x).argmax(1) == y).float().mean())
    """,
    "the Trainer of Hugging Face": """
        from transformers import Trainer, TrainingArguments

        trainer = Trainer(model=Net(), args=TrainingArguments("out"), train_dataset=data)
        trainer.train()
        print(trainer.evaluate())
    """,
    "a step that a trainer calls": """
        class Algorithm(BaseAlgorithm):
            def validation_step(self, batch):
                x, y = batch
                self.model.eval()
                return self.model(x).argmax(1)
    """,
}

NOTES = {
    "no layer depends on the mode": """
        class Plain(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2))
            def forward(self, x):
                return self.body(x)

        def validate(model, loader):
            with torch.no_grad():
                return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

        def main(loader):
            model = Plain()
            print(validate(model, loader))
    """,
    "Monte-Carlo dropout": PRACTICES["Monte-Carlo dropout"],
    "norms kept frozen": PRACTICES["norms kept frozen, and a comment that says so"],
    "functional dropout that is Monte-Carlo's": """
        class Bayesian(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)
            def forward(self, x):
                return F.dropout(self.fc(x), 0.5)  # Monte-Carlo: on at inference, too
    """,
}


@pytest.mark.parametrize("script", PRACTICES.values(), ids=PRACTICES)
def test_a_deliberate_practice(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


@pytest.mark.parametrize("script", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_a_framework_that_switches(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


@pytest.mark.parametrize("script", NOTES.values(), ids=NOTES)
def test_what_is_worth_a_note_gets_one(script: str, findings: Callable[[str], tuple[Finding, ...]]):
    found = [f for f in findings(script) if f.rule != "MR901"]
    assert [f.severity for f in found] == [Severity.NOTE]
