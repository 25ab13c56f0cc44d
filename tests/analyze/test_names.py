"""What names people use, and where imported ones come from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.analyze import ir
from modereview.analyze.lower import lower
from modereview.analyze.names import names_of
from modereview.analyze.torchfacts import names_a_model, names_an_evaluation, says_deliberate
from modereview.records import Source

ORIGINS = {
    "import torch.nn.functional as F\nF.dropout": "torch.nn.functional.dropout",
    "import torch\ntorch.nn.functional.dropout": "torch.nn.functional.dropout",
    "from torch import nn\nnn.Dropout": "torch.nn.Dropout",
    "from torch.nn.functional import dropout as d\nd": "torch.nn.functional.dropout",
    "from .models import Net\nNet": ".models.Net",
    "from . import models\nmodels.Net": ".models.Net",
    "def f():\n    import torch.nn as n\nn.Module": "torch.nn.Module",
    "dropout": None,
}


@pytest.mark.parametrize("text", ORIGINS)
def test_where_a_name_comes_from(text: str, source: Callable[[str], Source]):
    block = lower(source(text + "\n"))
    last = block[-1]
    assert isinstance(last, ir.Do)
    assert names_of(block).origin(last.value) == ORIGINS[text]


@pytest.mark.parametrize(
    "name", "model net netG self.encoder D my_model resnet teacher student_net MyNet unet model2".split()
)
def test_a_name_of_a_model(name: str):
    assert names_a_model(name)


@pytest.mark.parametrize(
    "name",
    "optimizer criterion model_path net_loss dataset tokenizer model_name config logits planet x".split(),
)
def test_no_name_of_a_model(name: str):
    assert not names_a_model(name)


@pytest.mark.parametrize(
    "name", "validate test Trainer.eval_epoch predict run_test valEpoch sample inference".split()
)
def test_a_name_of_an_evaluation(name: str):
    assert names_an_evaluation(name)


@pytest.mark.parametrize("name", "train fit train_and_test forward latest contest build_model evolve".split())
def test_no_name_of_an_evaluation(name: str):
    assert not names_an_evaluation(name)


@pytest.mark.parametrize(
    "text",
    [
        "MC dropout",
        "Monte-Carlo",
        "MC-dropout",
        "frozen BN",
        "keep dropout on on purpose",
        "test-time adaptation",
        "re-estimate",
    ],
)
def test_words_that_say_it_is_meant(text: str):
    assert says_deliberate(text)


@pytest.mark.parametrize(
    "text", ["train the model", "evaluate on the test set", "dropout", "TODO: eval mode"]
)
def test_words_that_say_nothing(text: str):
    assert not says_deliberate(text)
