"""Whole programs that set their modes, in the shapes that people give them: no error and no warning."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SHAPES = {
    "a discriminator that is asked in the step of what it judges": """
        class Trainer:
            def __init__(self, mapping):
                self.mapping, self.discriminator = mapping, Net()
                self.map_optimizer = make(mapping)
                self.dis_optimizer = make(self.discriminator)

            def dis_step(self, x, y):
                self.discriminator.train()
                F.cross_entropy(self.discriminator(x), y).backward()
                self.dis_optimizer.step()

            def mapping_step(self, x, y):
                self.discriminator.eval()
                F.cross_entropy(self.discriminator(self.mapping(x)), 1 - y).backward()
                self.map_optimizer.step()
    """,
    "an average that some path makes by the builder of the network": """
        from zoo import table

        def define(name):
            for module in table:
                cls = getattr(module, name, None)
                if cls is not None:
                    break
            return cls(drop=0.1)

        class Restoration:
            def __init__(self, opt):
                self.net_g = define(opt.name)
                if opt.train:
                    self.net_g.train()
                    self.net_g_ema = define(opt.name).cuda()
                    self.net_g_ema.eval()
                self.optimizer = torch.optim.Adam(self.net_g.parameters())

            def optimize(self, x, y):
                self.optimizer.zero_grad()
                F.mse_loss(self.net_g(x), y).backward()
                self.optimizer.step()

            def test(self, x):
                self.net_g_ema.eval()
                with torch.no_grad():
                    return self.net_g_ema(x)

        def main(opt, loader, val_loader):
            restoration = Restoration(opt)
            for x, y in loader:
                restoration.optimize(x, y)
                print([restoration.test(v) for v in val_loader])
    """,
    "statistics of the norms gathered before samples are judged": """
        def apply_standing_statistics(generator, steps):
            generator.train()
            generator.apply(forget)
            with torch.no_grad():
                for _ in range(steps):
                    images = generator(torch.randn(8, 4))
                    print(images.argmax(1))
    """,
    "a new head of a network that a table gives": """
        import models

        @torch.no_grad()
        def evaluate(loader, model):
            model.eval()
            print([model.module.head(model(x)).argmax(1) for x in loader])

        def main(args, loader):
            model = models.__dict__[args.arch](drop=0.1)
            model.head = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
            model = torch.nn.parallel.DistributedDataParallel(model.cuda())
            evaluate(loader, model)
    """,
    "a loop over phases": """
        def main(loaders, optimizer):
            model = Net()
            for epoch in range(25):
                for phase in ["train", "val"]:
                    if phase == "train":
                        model.train()
                    else:
                        model.eval()
                    for x, y in loaders[phase]:
                        optimizer.zero_grad()
                        with torch.set_grad_enabled(phase == "train"):
                            output = model(x)
                            loss = F.cross_entropy(output, y)
                            if phase == "train":
                                loss.backward()
                                optimizer.step()
                        print(output.argmax(1))
    """,
    "training where there is an optimizer": """
        def run_epoch(model, loader, optimizer=None):
            is_train = optimizer is not None
            model.train() if is_train else model.eval()
            total = 0.0
            with torch.set_grad_enabled(is_train):
                for x, y in loader:
                    loss = F.cross_entropy(model(x), y)
                    if is_train:
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
                    total += loss.item()
            return total

        def main(loader, val_loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for _ in range(3):
                run_epoch(model, loader, optimizer)
                run_epoch(model, val_loader)
    """,
    "one helper shared by both": """
        def loss_of(model, batch):
            x, y = batch
            return F.cross_entropy(model(x), y)

        def fit(model, loader, val_loader, optimizer):
            for _ in range(3):
                model.train()
                for batch in loader:
                    optimizer.zero_grad()
                    loss_of(model, batch).backward()
                    optimizer.step()
                model.eval()
                with torch.no_grad():
                    total = sum(loss_of(model, batch).item() for batch in val_loader)

        def main(loader, val_loader, optimizer):
            fit(Net(), loader, val_loader, optimizer)
    """,
    "built for evaluation alone": """
        def main(loader, path):
            model = Net()
            model.load_state_dict(torch.load(path))
            model.eval()
            with torch.no_grad():
                for x, y in loader:
                    print(model(x).argmax(1))

        main(loader, "best.pt")
    """,
    "evaluation after the last epoch only": """
        def main(loader, test_loader, optimizer):
            model = Net()
            model.train()
            for epoch in range(10):
                for batch in loader:
                    step(model, batch, optimizer)
            model.eval()
            with torch.no_grad():
                for x, y in test_loader:
                    print(model(x).argmax(1))
    """,
    "evaluation in the middle, and back": """
        def main(loader, val_loader, optimizer):
            model = Net()
            for number, batch in enumerate(loader):
                model.train()
                step(model, batch, optimizer)
                if number % 500 == 0:
                    model.eval()
                    with torch.no_grad():
                        print([model(x).argmax(1) for x, y in val_loader])
    """,
    "a trainer that switches for each part": """
        class Trainer:
            def __init__(self, model, optimizer):
                self.model, self.optimizer = model, optimizer
            def fit(self, loader, val_loader):
                for epoch in range(3):
                    self.train_epoch(loader)
                    self.validate(val_loader)
            def train_epoch(self, loader):
                self.model.train()
                for batch in loader:
                    step(self.model, batch, self.optimizer)
            @torch.no_grad()
            def validate(self, loader):
                self.model.eval()
                return sum((self.model(x).argmax(1) == y).sum().item() for x, y in loader)

        if __name__ == "__main__":
            net = Net()
            Trainer(net, torch.optim.Adam(net.parameters())).fit(loader, val_loader)
    """,
    "only looked at, never trained": """
        def count(model):
            return sum(p.numel() for p in model.parameters())

        print(count(Net()))
    """,
}


@pytest.mark.parametrize("script", SHAPES.values(), ids=SHAPES)
def test_a_program_that_sets_its_modes(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []
