"""MR505: averages that leave the buffers behind."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

FAULTY = {
    "a loop over the parameters": """
        def update_ema(ema_model, model, decay):
            for kept, new in zip(ema_model.parameters(), model.parameters()):
                kept.data.mul_(decay).add_(new.data, alpha=1 - decay)
    """,
    "assigned to data, the average second": """
        class Momentum:
            def __init__(self):
                self.online, self.slow = Net(), Net()

            def update(self):
                for p, q in zip(self.online.parameters(), self.slow.parameters()):
                    q.data = 0.99 * q.data + 0.01 * p.data
    """,
    "names and parameters": """
        @torch.no_grad()
        def update(average, model):
            for (_, a), (_, b) in zip(average.named_parameters(), model.named_parameters()):
                a.lerp_(b, 0.01)
    """,
    "AveragedModel with a function of its own": """
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
        model = Net()
        ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.999))
    """,
}
RIGHT = {
    "two wrappers of one model": """
        class Pair:
            def __init__(self, model):
                self.online, self.target = Head(model, 4), Head(model, 4)

            def update(self, decay):
                for new, kept in zip(self.online.parameters(), self.target.parameters()):
                    kept.data = decay * kept.data + (1 - decay) * new.data
    """,
    "norms of the average that are put into TRAIN": """
        def momentum(model, model_ema, decay):
            for kept, new in zip(model_ema.parameters(), model.parameters()):
                kept.data.mul_(decay).add_(new.data, alpha=1 - decay)

        def train(model, model_ema, loader):
            def norms_on(m):
                if isinstance(m, nn.modules.batchnorm._NormBase):
                    m.train()
            model_ema.eval()
            model_ema.apply(norms_on)
            for x, y in loader:
                momentum(model, model_ema, 0.9)
    """,
    "the buffers as well": """
        def update_ema(ema_model, model, decay):
            for kept, new in zip(ema_model.parameters(), model.parameters()):
                kept.data.mul_(decay).add_(new.data, alpha=1 - decay)
            for kept, new in zip(ema_model.buffers(), model.buffers()):
                kept.copy_(new)
    """,
    "all of the state": """
        def update_ema(ema_model, model, decay):
            for kept, new in zip(ema_model.state_dict().values(), model.state_dict().values()):
                kept.mul_(decay).add_(new, alpha=1 - decay)
    """,
    "statistics made anew": """
        from torch.optim.swa_utils import AveragedModel, update_bn

        def main(loader):
            model = Net()
            average = AveragedModel(model)
            update_bn(loader, average)
    """,
    "use_buffers": """
        from torch.optim.swa_utils import AveragedModel
        average = AveragedModel(Net(), use_buffers=True)
    """,
    "a teacher that runs in TRAIN": """
        def main(loader, decay):
            model, teacher = Net(), Net()
            teacher.train()
            for x, y in loader:
                target = teacher(x)
                for kept, new in zip(teacher.parameters(), model.parameters()):
                    kept.data.mul_(decay).add_(new.data, alpha=1 - decay)
    """,
    "a plain copy": """
        def copy_over(target, model):
            for kept, new in zip(target.parameters(), model.parameters()):
                kept.data.copy_(new.data)
    """,
    "shadow weights of the live model": """
        def update(shadow, model, decay):
            for name, p in model.named_parameters():
                shadow[name] = decay * shadow[name] + (1 - decay) * p.data
    """,
    "gradients compared": """
        def distance(model, other):
            total = 0
            for a, b in zip(model.parameters(), other.parameters()):
                total += (a * b).sum()
            return total
    """,
}


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR505").check(fitted(script))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(fitted, script):
    assert found(fitted, script) == ["warning"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


def test_a_note_where_no_model_is_in_view(program):
    script = """
        def update(ema, model, decay):
            for kept, new in zip(ema.parameters(), model.parameters()):
                kept.data.mul_(decay).add_(new.data, alpha=1 - decay)
    """
    assert [f.severity.value for f in rule("MR505").check(program(dedent(script)))] == ["note"]


def test_a_target_network_without_batch_norm_in_view_is_left_alone(program):
    script = """
        def soft_update(target, net, tau):
            for kept, new in zip(target.parameters(), net.parameters()):
                kept.data.copy_(tau * new.data + (1 - tau) * kept.data)
    """
    assert list(rule("MR505").check(program(dedent(script)))) == []
