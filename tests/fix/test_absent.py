"""A model that is not there in every run: no fix switches it unasked."""

from __future__ import annotations

import pytest

TEACHER = """
 def main(loader, args):
     TEACHER = MADE
+    if teacher is not None:
+        teacher.eval()
     model = Net()
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     for x, y in loader:
         loss = F.cross_entropy(model(x), y)
         if teacher is not None:
             with torch.no_grad():
                 soft = teacher(x)
             loss = loss + F.mse_loss(model(x), soft)
         optimizer.zero_grad()
         loss.backward()
         optimizer.step()
"""


def test_a_teacher_that_an_option_asks_for(mends):
    assert mends(TEACHER.replace("TEACHER = MADE", "teacher = Net(8) if args.distill else None"))


def test_a_part_that_the_trainer_may_lack(mends):
    assert mends("""
 class Trainer:
     def __init__(self, critic):
         self.model = Net()
         self.critic = None
         if critic:
             self.critic = Net()
         self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

     def fit(self, loader):
+        self.model.train()
         for x, y in loader:
             self.optimizer.zero_grad()
             F.cross_entropy(self.model(x), y).backward()
             self.optimizer.step()

     @torch.no_grad()
     def test(self, loader):
+        self.model.eval()
+        if self.critic is not None:
+            self.critic.eval()
         right = 0
         for x, y in loader:
             out = self.model(x)
             if self.critic is not None and len(x) > 1:
                 out = out + self.critic(x)
             right += (out.argmax(1) == y).sum().item()
         return right

     def run(self, loader, test_loader):
         for epoch in range(3):
             self.fit(loader)
             print(self.test(test_loader))
""")


OPTION = """
 def main(loader, test_loader, args):
     model = Net()
     parameters = list(model.parameters())
     if args.aux:
         aux = Net()
         parameters += aux.parameters()
     optimizer = torch.optim.SGD(parameters, lr=0.1)
     for epoch in range(3):
         model.train()
+        if args.aux:
+            aux.train()
         for x, y in loader:
             optimizer.zero_grad()
             loss = F.cross_entropy(model(x), y)
             if args.aux:
                 loss = loss + F.cross_entropy(aux(x), y)
             loss.backward()
             optimizer.step()
         model.eval()
+        if args.aux:
+            aux.eval()
         with torch.no_grad():
             right = 0
             for x, y in test_loader:
                 out = model(x)
                 if args.aux:
                     out = out + aux(x)
                 right += (out.argmax(1) == y).sum().item()
         print(right)
"""


def test_a_model_that_is_made_and_run_where_an_option_asks_for_it(mends):
    assert mends(OPTION)


def test_where_it_is_left_early_the_switch_comes_behind(mends):
    assert mends("""
 def test(ema, loader):
     if ema is None:
         return None
+    ema.eval()
     with torch.no_grad():
         return sum((ema(x).argmax(1) == y).sum().item() for x, y in loader)


 def main(loader, wanted):
     print(test(Net(), loader), test(None, loader))
""")


@pytest.mark.parametrize("test", ["len(x) > 1 and ema", "getattr(args, 'ema', None) and ema"])
def test_only_what_is_asked_of_the_model_itself_is_asked_before(mends, test):
    assert mends(f"""
 def test(model, loader, args, ema=None):
+    if ema:
+        ema.eval()
     with torch.no_grad():
         right = 0
         for x, y in loader:
             if {test}:
                 right += (ema(x).argmax(1) == y).sum().item()
     return right


 def main(loader, args):
     print(test(None, loader, args, Net()))
""")


def test_nothing_is_offered_where_the_question_is_another_one(mends):
    assert mends("""
 class Trainer:
     def __init__(self, cfg):
         self.wants = cfg.critic
         self.critic = None
         if cfg.critic:
             self.critic = Net()

     @torch.no_grad()
     def test(self, loader):
         right = 0
         for x, y in loader:
             if self.wants and len(x) > 1:
                 right += (self.critic(x).argmax(1) == y).sum().item()
         return right
""")


def test_what_an_option_trains_is_not_put_into_train_without_it(mends):
    assert mends("""
 from transformers import AutoModelForSequenceClassification


 def parse_args():
     raise NotImplementedError


 def main(loader):
     args = parse_args()
     model = Net()
     encoder = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
     parameters = [*model.parameters(), *encoder.parameters()] if args.tune else model.parameters()
     optimizer = torch.optim.SGD(parameters, lr=0.1)
     for x, y in loader:
         optimizer.zero_grad()
         F.cross_entropy(model(encoder(x).logits), y).backward()
         optimizer.step()
""")
