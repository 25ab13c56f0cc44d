"""A script as most are: options, a download, CUDA, and a bare loop at the top level. It is run itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

BARE = """\
import argparse

import no_such_tracker
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--batch-size", type=int, default=128)
args = parser.parse_args()
no_such_tracker.init(project="digits")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 12 * 12, 10)

    def forward(self, x):
        return self.fc(self.bn(self.conv(x)).flatten(1))


train_set, test_set = torch.load(args.data)
train_loader = torch.utils.data.DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
test_loader = torch.utils.data.DataLoader(test_set, batch_size=args.batch_size)
model = Net().cuda()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(90):
    for images, labels in train_loader:
        images, labels = images.cuda(), labels.cuda()
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
    model.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in test_loader:
            correct += (model(images.cuda()).argmax(1) == labels.cuda()).sum().item()
    no_such_tracker.log({"accuracy": correct / len(test_set)})
    torch.save(model.state_dict(), "net.pt")
"""


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory, modereview, contents):
    root = tmp_path_factory.mktemp("bare")
    (root / "digits.py").write_text(BARE)
    ran = modereview(root / "digits.py")
    return ran, contents(root), root


def test_the_fault_of_the_second_epoch_is_proved_and_mended(reviewed):
    ran, files, _ = reviewed
    assert "MR102" in ran.text
    assert "proved: test_training_runs_in_train_mode failed before the fix, passes after it" in ran.text
    mended = BARE.replace("in range(90):\n", "in range(90):\n    model.train()\n")
    assert files["digits.py"].decode() == mended, ran.text


def test_the_test_file_says_what_stands_in_and_runs_by_itself(reviewed):
    _, files, root = reviewed
    text = files["test_digits_modes.py"].decode()
    assert 'stand_in_for("no_such_tracker")' in text
    assert '"(train_set, test_set) ="' in text
    assert "import modereview" not in text
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=root, check=False
    )
    assert done.returncode == 0


def test_no_run_leaves_a_file_in_the_project(reviewed, contents):
    _, files, root = reviewed
    assert {name for name in contents(root) if "__pycache__" not in name} == set(files)
    assert set(files) == {"digits.py", "test_digits_modes.py"}


def test_a_second_review_changes_nothing(reviewed, modereview, contents):
    """Tests of a script that is run, and not loaded, are known again as ours."""
    _, files, root = reviewed
    again = modereview(root / "digits.py")
    assert "none of modereview's" not in again.text
    assert {name: text for name, text in contents(root).items() if "__pycache__" not in name} == files


LATE = """\
import torch
from torch import nn


class Boxes(nn.Module):
    def forward(self, outputs, boxes):
        raise RuntimeError("these are no boxes")


model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(), nn.Linear(8, 4))
criterion = Boxes()
loader = torch.utils.data.DataLoader(torch.load("boxes.pt"), batch_size=4, num_workers=2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(90):
    for images, boxes in loader:
        optimizer.zero_grad()
        outputs = model(images)
        loss, shares = criterion(outputs, boxes)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for images, boxes in loader:
            found = model(images).argmax(1)
for name in ("loss", "share"):
    raise SystemError("there is no display")
"""


def test_a_fault_is_proved_where_the_loss_refuses_all_data_and_the_run_fails_late(tmp_path, modereview):
    (tmp_path / "boxes.py").write_text(LATE)
    ran = modereview(tmp_path / "boxes.py")
    assert "proved: test_evaluation_runs_in_eval_mode failed before the fix, passes after it" in ran.text
    assert (
        '"criterion(outputs, boxes)": "(outputs.float().mean(), MagicMock())"'
        in (tmp_path / "test_boxes_modes.py").read_text()
    )
