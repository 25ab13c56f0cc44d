"""A trainer with callbacks, told what to do by a config object."""

import torch
from torch import nn


class Event:
    def __init__(self, trainer, epoch, logs):
        self.trainer, self.epoch, self.logs = trainer, epoch, logs


class Classifier(nn.Module):
    def __init__(self, spec):
        super().__init__()
        sides = [spec.inputs, *spec.hidden]
        layers = []
        for before, after in zip(sides, sides[1:]):
            layers += [nn.Linear(before, after), spec.norm(after), spec.act(), nn.Dropout(spec.drop)]
        self.body = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({name: nn.Linear(sides[-1], size) for name, size in spec.heads.items()})

    def forward(self, x):
        hidden = self.body(x)
        return {name: head(hidden) for name, head in self.heads.items()}


class Trainer:
    def __init__(self, model, data, spec, callbacks):
        assert spec.heads.keys() == data.targets.keys(), "a target for each head"
        self.model, self.data, self.spec, self.callbacks = model, data, spec, callbacks
        self.optimizer = spec.optimizer(model.parameters())
        self.stopped = False

    def emit(self, name, epoch, **logs):
        for callback in self.callbacks:
            getattr(callback, name)(Event(self, epoch, logs))

    def loss(self, x, targets):
        outputs = self.model(x)
        total = 0.0
        for name, target in targets.items():
            total = total + self.spec.losses[name](outputs[name], target)
        return total

    def train_epoch(self, epoch):
        self.emit("on_epoch_start", epoch)
        for x, targets in self.data.batches("train", self.spec.batch):
            self.optimizer.zero_grad()
            loss = self.loss(x, targets)
            loss.backward()
            self.optimizer.step()
            self.emit("on_batch_end", epoch, loss=loss.item())

    def validate(self, epoch):
        self.model.eval()
        total = 0.0
        with torch.no_grad():
            for x, targets in self.data.batches("valid", self.spec.batch):
                total += self.loss(x, targets).item()
        self.emit("on_validation_end", epoch, loss=total)
        return total

    def fit(self):
        for epoch in range(self.spec.epochs):
            self.train_epoch(epoch)
            self.validate(epoch)
            if self.stopped:
                break
