"""What only looked wrong in much copied scripts, as small cases; beside some the fault it resembles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Finding, Severity

SHAPES = {
    "a backbone is kept as it was trained": """
        def fit_head(model, loader, optimizer):
            model.train()
            model.backbone.eval()
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model.head(model.backbone(x)), y).backward()
                optimizer.step()
    """,
    "one of many is kept as it was trained": """
        def distill(parts, loader, optimizer):
            for part in parts:
                part.train()
            parts[1].eval()
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(parts[0](parts[1](x)), y).backward()
                optimizer.step()
    """,
    "each run builds another network, of a class out of view": """
        from nets import Unet

        def denoise(images):
            model = Unet().to("cuda")
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for x, y in images:
                optimizer.zero_grad()
                F.mse_loss(model(x), y).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                return model(x).argmax(1)

        for images in volumes:
            denoise(images)
    """,
    "the caller chooses the mode of a test, to see the difference": """
        def test(model, train):
            if (train == True):
                model.train()
            if (train == False):
                model.eval()
            for x, y in test_loader:
                print(model(x).argmax(1))

        net = Net()
        test(net, train=True)
        test(net, train=False)
    """,
    "a class says what it repeats the forward for": """
        class Detector:
            """
    + '"""Averages many passes with dropout switched on: uncertainty."""'
    + """

            def _stir(self, model):
                model.train()
                for part in model.modules():
                    if isinstance(part, nn.BatchNorm1d):
                        part.train(False)

            @torch.no_grad()
            def run(self, model, x, times):
                self._stir(model)
                passes = [model(x).softmax(1) for _ in range(times)]
                return torch.stack(passes).var(0)

        Detector().run(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)), torch.randn(2, 4), 30)
    """,
    "an option says whether the validation is in EVAL": """
        def run(model, loader, optimizer):
            for x, y in loader:
                loss = F.mse_loss(model(x), y)
                if optimizer is not None:
                    loss.backward()
                    optimizer.step()

        def train(args, model, loaders, optimizer):
            for epoch in range(9):
                model.train()
                run(model, loaders[0], optimizer)
                if args.eval_mode_for_validation:
                    model.eval()
                with torch.no_grad():
                    run(model, loaders[1], None)

        train(args, nn.Sequential(nn.Linear(3, 3), nn.Dropout()), loaders, optimizer)
    """,
    "a constructor puts a part into EVAL": """
        from transformers import CLIPTextModel

        class Painter(nn.Module):
            def __init__(self, told=True):
                super().__init__()
                if told:
                    self.text = CLIPTextModel.from_pretrained("openai/clip-vit-base-patch32")
                    self.text.eval()
                self.body = nn.Linear(4, 4)

            def forward(self, x, words):
                with torch.no_grad():
                    told = self.text(words).last_hidden_state
                return self.body(x + told)

        painter = Painter()
        for x, words, y in loader:
            F.mse_loss(painter(x, words), y).backward()
    """,
    "a hub of another framework": """
        import tensorflow_hub as hub
        from transformers import AutoModel

        judge = AutoModel.from_pretrained("bert-base-uncased")
        judge.eval()
        model = hub.load("universal-sentence-encoder")

        def evaluate(sentences):
            return cosine(model(sentences).numpy())
    """,
    "a training epoch puts the teacher into TRAIN, and hands its loss on": """
        class Pair:
            def __init__(self):
                self.student, self.teacher = Net(), Net()

            def _train_epoch(self, loader, step):
                self.student.train()
                self.teacher.train()
                for x in loader:
                    with torch.no_grad():
                        wanted = self.teacher(x)
                    step(F.mse_loss(self.student(x), wanted))

        Pair()._train_epoch(unlabelled, step)
    """,
    "a table of the layers and of what comes out of them": """
        def print_module_summary(module, inputs):
            out = module(*inputs)
            print(type(module).__name__, out.mean())
            return out

        net = nn.Sequential(nn.Linear(4, 4), nn.Dropout())
        net.load_state_dict(torch.load("net.pt"))
        net.train()
        with torch.no_grad():
            print_module_summary(net, [batch])
    """,
    "features are cached before the same batches are trained on": """
        def train_one_epoch(model, loader, optimizer, every):
            model.train()
            cached, features = [], []
            for i, images in enumerate(loader):
                with torch.no_grad():
                    features.append(model(images))
                cached.append(images)
                if (i + 1) % every:
                    continue
                for j in range(every):
                    images = cached[j]
                    contrast(model(images), features).backward()
                optimizer.step()

        net = Net()
        train_one_epoch(net, loader, torch.optim.SGD(net.parameters(), 0.1), 4)
    """,
    "several things come from a builder, and one is moved": """
        import zoo

        model, _ = zoo.create_model_and_transforms("ViT")
        model.eval()
        model = model.cuda()
        print(model(image).softmax(-1).detach())
    """,
    "one of several models from a library, in EVAL inside of a wrapper": """
        import fairseq

        class Pretrained(nn.Module):
            def __init__(self, path):
                super().__init__()
                model, cfg, task = fairseq.load_model_ensemble_and_task([path])
                model = model[0]
                model.eval()
                self.model = model

            def forward(self, x):
                return self.model.feature_aggregator(self.model.feature_extractor(x))

        class Prediction:
            def __init__(self, path):
                self.model = Pretrained(path).cuda()

            def __call__(self, x):
                with torch.no_grad():
                    return self.model(x).cpu().numpy()

        predict = Prediction("wav2vec.pt")
        for x in files:
            save(predict(read(x)))
    """,
    "which of two modes, after more branches than are followed": """
        def fit(model, optimizer, loaders, options):
            for epoch in range(9):
                for phase in options.phases:
                    if phase == "train":
                        model.train(True)
                    else:
                        model.train(False)
                    for x, y in loaders[phase]:
                        optimizer.zero_grad()
                        a, b, c, d, e = False, False, False, False, False
                        if options.a: a = True
                        if options.b: b = True
                        if options.c: c = True
                        if options.d: d = True
                        if options.e: e = True
                        loss = F.cross_entropy(model(x), y)
                        if a or b or c or d or e:
                            print(loss)
                        if phase == "train":
                            loss.backward()
                            optimizer.step()
    """,
    "one kind of training keeps a part in EVAL, another trains it": """
        def distill(kind, module_list, optimizer, loader):
            for module in module_list:
                module.train()
            if kind == "connect":
                module_list[1].eval()
            for x, y in loader:
                out = module_list[0](x)
                if kind == "hint":
                    out = module_list[1](out)
                elif kind == "connect":
                    print(kind)
                loss = F.cross_entropy(out, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    """,
    "weights from a network that is trained as well, by parameters of its own naming": """
        class Judge(Net):
            def get_parameters(self):
                return [{"params": self.parameters(), "lr": 1.0}]

        class Adversary(nn.Module):
            def __init__(self, judge):
                super().__init__()
                self.judge = judge
            def forward(self, x):
                return self.judge(x).mean()

        def main(loader):
            model, judge = Net(), Judge()
            adversary = Adversary(judge)
            optimizer = torch.optim.SGD(judge.get_parameters(), 0.1)
            model.train()
            adversary.train()
            for x, y in loader:
                weight = (1 - judge(x)).detach()
                loss = adversary(x) + (weight * model(x)).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    """,
    "features of a model in EVAL, for a head that is trained": """
        def init(model, head, loader):
            model.eval()
            head.train()
            optimizer = torch.optim.SGD(head.parameters(), 0.1)
            for x, y in loader:
                loss = F.cross_entropy(head(model(x)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    """,
}
FAULTY = {
    "a generator that is judged at the end of an epoch that trains its opponent": (
        "MR103",
        """
        def train(gen, disc, loader, epochs):
            for epoch in range(epochs):
                gen.train()
                disc.train()
                for x in loader:
                    disc(x).mean().backward()
                with torch.no_grad():
                    scores = [score(gen(x)) for x in val_loader]
                print(sum(scores))

        train(nn.Sequential(nn.Linear(3, 3), nn.Dropout()), nn.Linear(3, 1), loader, 9)
        """,
    ),
    "several things come from a builder, and one is evaluated as it comes": (
        "MR101",
        """
        import zoo

        model, _ = zoo.create_model_and_transforms("ViT")
        model = model.cuda()
        for image, label in test_loader:
            hits += (model(image).argmax(-1) == label).sum().item()
        """,
    ),
    "other data in the same pass": (
        "MR103",
        """
        def train_one_epoch(model, loader, held_out, optimizer):
            model.train()
            for images, y in loader:
                F.mse_loss(model(images), y).backward()
                optimizer.step()
                with torch.no_grad():
                    val_images, val_y = next(held_out)
                    print(accuracy(model(val_images), val_y))

        net = Net()
        train_one_epoch(net, loader, held_out, torch.optim.SGD(net.parameters(), 0.1))
        """,
    ),
    "an option says it for another model": (
        "MR103",
        """
        def train(args, model, judge, loaders):
            for epoch in range(9):
                model.train()
                for x, y in loaders[0]:
                    F.mse_loss(model(x), y).backward()
                if args.eval_mode_for_judge:
                    judge.eval()
                with torch.no_grad():
                    for x, y in loaders[1]:
                        print(accuracy(model(x), y))

        train(args, nn.Sequential(nn.Linear(3, 3), nn.Dropout()), nn.Linear(3, 3), loaders)
        """,
    ),
    "a part that was evaluated and is not switched back": (
        "MR102",
        """
        def fit_head(model, loader, val_loader, optimizer):
            model.train()
            for x, y in val_loader:
                model.backbone.eval()
                with torch.no_grad():
                    print(model.backbone(x).argmax(1))
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model.head(model.backbone(x)), y).backward()
                optimizer.step()
        """,
    ),
    "a network of a class out of view, kept over two runs": (
        "MR102",
        """
        from nets import Unet
        model = Unet()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)

        def denoise(images):
            for x, y in images:
                optimizer.zero_grad()
                F.mse_loss(model(x), y).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                return model(x).argmax(1)

        for images in volumes:
            denoise(images)
        """,
    ),
    "a capital letter, and what a network is asked": (
        "MR103",
        """
        Net = build_model("resnet")
        Net.load_state_dict(torch.load("net.pt"))
        Net.train()
        with torch.no_grad():
            for x, y in test_loader:
                print(Net(x).argmax(1))
        """,
    ),
    "a test that always switches to TRAIN": (
        "MR106",
        """
        def test(model, verbose):
            if verbose:
                print(verbose)
            model.train()
            for x, y in test_loader:
                print(model(x).argmax(1))

        test(Net(), True)
    """,
    ),
    "one kind of training keeps what it trains in EVAL": (
        "MR102",
        """
        def distill(kind, module_list, optimizer, loader):
            if kind == "connect":
                module_list[1].eval()
            for x, y in loader:
                if kind == "connect":
                    loss = F.cross_entropy(module_list[1](x), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
    """,
    ),
    "the model in EVAL is what is trained": (
        "MR102",
        """
        def init(model, head, loader):
            model.eval()
            head.train()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for x, y in loader:
                loss = F.cross_entropy(head(model(x)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    """,
    ),
}


HANDED_OUT = """
    def init_segmentor(config):
        model = build_segmentor(config)
        model.eval()
        return model

    def inference_segmentor(model, image):
        with torch.no_grad():
            return model(image).argmax(1)
"""


@pytest.mark.parametrize("script", SHAPES.values(), ids=SHAPES)
def test_looks_wrong_and_is_not(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


@pytest.mark.parametrize(("rule", "script"), FAULTY.values(), ids=FAULTY)
def test_the_fault_beside_it(rule: str, script: str, faults: Callable[[str], list[str]]):
    (fault,) = faults(script)
    assert fault.startswith(rule)


def test_who_hands_a_model_out_in_eval_answers_for_it(findings: Callable[[str], tuple[Finding, ...]]):
    told = "`init_segmentor` hands a model out in EVAL, and `inference_segmentor` is handed one"
    (finding,) = findings(HANDED_OUT)
    assert finding.severity is Severity.NOTE and told in finding.facts
    (finding,) = findings(HANDED_OUT.replace("model.eval()", "print(model)"))
    assert told not in finding.facts
