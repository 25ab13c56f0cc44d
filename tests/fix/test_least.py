"""A fix changes what it must: nothing that the code does already."""

from __future__ import annotations


def test_an_override_that_switches_its_children_itself_is_not_told_to(mends):
    assert mends("""
 class Switched(nn.Module):
     def __init__(self):
         super().__init__()
         self.body = Net()

     def forward(self, x):
         return self.body(x)

-    def train(self, mode):
+    def train(self, mode=True):
         self.training = mode
         for child in self.children():
             child.train(mode)
+        return self


 def main(x):
     model = Switched()
     model.train()
     model.eval()
     with torch.no_grad():
         print(model(x))
""")


def test_a_layer_gets_a_name_that_neither_a_base_nor_an_heir_uses(mends):
    assert mends("""
 class Base(nn.Module):
     def __init__(self):
         super().__init__()
         self.dropout = 0.3


 class Middle(Base):
     def __init__(self):
         super().__init__()
         self.fc = nn.Linear(4, 4)
+        self.dropout_3 = nn.Dropout(0.5)

     def forward(self, x):
-        return nn.Dropout(0.5)(self.fc(x)) * self.dropout
+        return self.dropout_3(self.fc(x)) * self.dropout


 class Heir(Middle):
     def dropout_2(self):
         return None
""")


def test_a_layer_stays_where_its_rate_changes_or_a_base_is_out_of_view(mends):
    assert mends("""
 class Scheduled(nn.Module):
     def __init__(self):
         super().__init__()
         self.rate = 0.3

     def warm_up(self, step):
         self.rate = 0.01 * step

     def forward(self, x):
         return nn.Dropout(self.rate)(x)


 class Recurrent(nn.LSTM):
     def __init__(self):
         super().__init__(4, 4, dropout=0.1, num_layers=2)

     def forward(self, x):
         return nn.Dropout(0.5)(super().forward(x)[0])
""")


def test_a_conversion_goes_before_the_wrap_under_the_name_that_is_known_there(mends):
    assert mends("""
 from torch.nn.parallel import DistributedDataParallel as DDP


 def build(rank):
     model = Net().cuda(rank)
+    model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
     ddp = DDP(model, device_ids=[rank])
-    ddp = nn.SyncBatchNorm.convert_sync_batchnorm(ddp)
     return ddp
""")


FORCES = """
 def forces(energy, places):
     return -torch.autograd.grad(energy.sum(), places, create_graph=True)[0]


 class Potential(nn.Module):
     def __init__(self):
         super().__init__()
         self.net = Net()

     def forward(self, places):
         return forces(self.net(places), places)


 class Whole(nn.Module):
     def __init__(self):
         super().__init__()
         self.potential = Potential()

     def forward(self, places):
         return self.potential(places)


 def evaluate(model, loader):
     model.eval()
     return sum((model(x) - y).abs().mean().item() for x, y in loader)


 def test(model, loader):
+    model.eval()
     return sum((model(x) - y).abs().mean().item() for x, y in loader)


 def main(loader):
     model = Whole()
     print(test(model, loader))
     print(evaluate(model, loader))
"""


def test_a_model_that_takes_gradients_itself_is_not_put_under_no_grad(mends):
    assert mends(FORCES)


def test_nor_is_one_out_of_view_that_is_asked_for_them(mends):
    assert mends("""
 def evaluate(model, loader):
     model.eval()
     return sum((model(x, compute_force=True) - y).abs().mean().item() for x, y in loader)
""")


def test_nor_one_whose_parameters_take_none(mends):
    assert mends("""
 def evaluate(model, loader):
     for parameter in model.parameters():
         parameter.requires_grad = False
     model.eval()
     return sum((model(x) - y).abs().mean().item() for x, y in loader)
""")


def test_no_grad_spares_what_an_evaluation_attacks(mends):
    assert mends("""
 def attack(model, x, y):
     x = x.clone().requires_grad_(True)
     F.cross_entropy(model(x), y).backward()
     return (x + 0.1 * x.grad.sign()).detach()


 def robust_accuracy(model, loader):
+    model.eval()
     right = 0
     for x, y in loader:
         x = attack(model, x, y)
-        right += (model(x).argmax(1) == y).sum().item()
+        with torch.no_grad():
+            right += (model(x).argmax(1) == y).sum().item()
     return right


 def main(loader):
     model = Net()
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     for x, y in loader:
         optimizer.zero_grad()
         F.cross_entropy(model(x), y).backward()
         optimizer.step()
     print(robust_accuracy(model, loader))
""")


def test_an_evaluation_that_its_docstring_calls_random_stays_so(mends):
    assert mends('''
 def predict(model, x, count):
     """The mean of several passes (Monte-Carlo dropout)."""
     model.train()
     with torch.no_grad():
         return torch.stack([model(x) for _ in range(count)]).mean(0)


 def main(x):
     print(predict(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)), x, 9))
''')


def test_a_mode_that_the_function_chooses_is_not_overruled(mends):
    assert mends("""
 def run_epoch(model, loader, optimizer, kept, mode):
     if mode == "train":
         model.train()
     else:
         model.eval()
     for x, y in loader:
         loss = F.cross_entropy(model(x), y) + kept["loss"]
         if mode == "train":
             optimizer.zero_grad()
             loss.backward()
             optimizer.step()
     return loss


 def main(loader, val_loader):
     model = Net()
     kept = {"loss": 0}
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     for epoch in range(3):
         run_epoch(model, loader, optimizer, kept, "train")
         kept["loss"] = run_epoch(model, val_loader, optimizer, kept, "valid")
""")


def test_a_model_that_is_run_once_where_it_is_made_keeps_its_mode_for_who_gets_it(mends):
    assert mends("""
 from nets import Simulator


 def make(cfg, batch):
     simulator = Simulator(cfg)
     simulator = simulator.to("cpu")
     with torch.no_grad():
         simulator(batch)
     return cfg, simulator
""")


def test_a_method_that_a_base_out_of_view_may_differentiate_builds_its_graph(mends):
    assert mends("""
 from surrogates import Surrogate


 class Network(Surrogate):
     def __init__(self, net):
         self.net = net
         self.net.eval()

     def predict(self, x):
         return self.net(x)
""")


def test_a_first_pass_that_nobody_reads_is_no_evaluation(mends):
    assert mends("""
 model = Net()
 batch = torch.load("batch.pt")
 with torch.no_grad():  # initialize lazy modules
     out = model(batch)
 optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


 def train(loader):
     model.train()
     for x, y in loader:
         out = model(x)
         optimizer.zero_grad()
         F.cross_entropy(out, y).backward()
         optimizer.step()
""")


def test_the_teacher_of_a_mean_teacher_stays_in_train(mends):
    assert mends("""
 from methods import MeanTeacher


 def train(model, teacher, loader, optimizer):
     model.train()
     teacher.train()
     for x in loader:
         with torch.no_grad():
             soft = teacher(x)
         optimizer.zero_grad()
         F.mse_loss(model(x), soft).backward()
         optimizer.step()


 def main(loader):
     model = Net()
     teacher = MeanTeacher(model, alpha=0.99)
     train(model, teacher, loader, torch.optim.SGD(model.parameters(), lr=0.1))
""")


def test_a_seed_is_not_set_again_in_each_pass_of_a_loop(mends):
    assert mends("""
 import random
 import numpy as np


 def main(args):
     random.seed(args.seed)
     torch.manual_seed(args.seed)
+    np.random.seed(args.seed)
     model = Net()
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     for epoch in range(args.epochs):
         random.seed(args.seed)
         x = torch.tensor(np.random.rand(8, 4) + random.random()).float()
         optimizer.zero_grad()
         model(x).sum().backward()
         optimizer.step()
""")


def test_a_method_is_no_model_whatever_it_is_about(mends):
    assert mends("""
 from nets import Translator


 def sample(scheduler, latents, steps):
     with torch.no_grad():
         for step in steps:
             latents = scheduler.scale_model_input(latents, step)
     return latents


 def translate(path, loader):
     net = Translator()
     net.load_state_dict(torch.load(path))
+    net.eval()
     with torch.no_grad():
         return [net.forward_decoder(net.encoder.reorder_encoder(net(x))) for x in loader]
""")
