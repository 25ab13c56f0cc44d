"""A local git repository with a branch to review, and the event that GitHub would send for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CLEAN = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def loader():
    return DataLoader(TensorDataset(torch.randn(64, 4), torch.randint(2, (64,))), batch_size=8)


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()


def validate(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, labels in loader:
            correct += (model(inputs).argmax(1) == labels).sum().item()
    return correct


def main(train_loader, test_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        train_one_epoch(model, train_loader, criterion, optimizer)
        print(validate(model, test_loader))


if __name__ == "__main__":
    main(loader(), loader())
"""
FAULTY = CLEAN.replace("    model.train()\n", "    # one epoch\n")
NOISE = "import os\n"


@dataclass
class Repository:
    """A repository whose `main` is the base and whose `topic` is the pull request's branch."""

    folder: Path
    fork: bool = False
    _commits: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
        command = ["git", *who, "-C", str(self.folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, files: Mapping[str, str | bytes | None], branch: str = "main") -> str:
        """Write these files (None deletes) and commit them on a branch; the commit's id."""
        if branch not in self._commits and self._commits:
            self.git("checkout", "--quiet", "-b", branch)
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "-m", "Work")
        self._commits[branch] = self.git("rev-parse", "HEAD")
        return self._commits[branch]

    def pull_request(
        self, base: Mapping[str, str | bytes | None], head: Mapping[str, str | bytes | None]
    ) -> Path:
        """A base, a branch on it, and the event's file."""
        self.commit(base)
        self.commit(head, "topic")
        return self.event()

    def event(self) -> Path:
        """The event of what is committed now."""
        owner = "stranger" if self.fork else "octo"
        document = {
            "action": "synchronize",
            "number": 7,
            "repository": {"full_name": "octo/train"},
            "pull_request": {
                "number": 7,
                "head": {
                    "sha": self.git("rev-parse", "topic"),
                    "ref": "topic",
                    "user": {"login": owner},
                    "repo": {"full_name": f"{owner}/train"},
                },
                "base": {"sha": self.git("rev-parse", "main"), "ref": "main"},
            },
        }
        path = self.folder.parent / "event.json"
        path.write_text(json.dumps(document))
        return path
