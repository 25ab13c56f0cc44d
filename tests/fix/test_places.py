"""Where a switch is written: as a maintainer would have placed it."""

from __future__ import annotations


def test_a_validation_and_a_test_in_one_function(mends):
    assert mends("""
 def main(loader, test_loader, wanted):
     model = Net()
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     if "train" in wanted:
         for epoch in range(3):
+            model.train()
             for x, y in loader:
                 optimizer.zero_grad()
                 F.cross_entropy(model(x), y).backward()
                 optimizer.step()
+            model.eval()
             with torch.no_grad():
                 print(sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader))
     if "test" in wanted:
+        model.eval()
         with torch.no_grad():
             print(sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader))
""")


def test_a_teacher_of_the_builder_that_builds_its_student(mends):
    assert mends("""
 def build(width, weights=None):
     net = Net(width)
     if weights:
         net.load_state_dict(torch.load(weights))
     return net


 def distill(student, teacher, loader):
     optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
     student.train()
     for x in loader:
         with torch.no_grad():
             soft = teacher(x)
         optimizer.zero_grad()
         F.mse_loss(student(x), soft).backward()
         optimizer.step()


 def main(loader):
     teacher = build(64, "teacher.pt")
     teacher.to("cpu")
+    teacher.eval()
     student = build(8)
     distill(student, teacher, loader)
""")


def test_a_teacher_that_is_built_in_one_line_with_its_student(mends):
    assert mends("""
 def main(loader):
     student, teacher = Net(), Net(8)
     teacher.load_state_dict(torch.load("teacher.pt"))
+    teacher.eval()
     optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
     for x in loader:
         with torch.no_grad():
             soft = teacher(x)
         optimizer.zero_grad()
         F.mse_loss(student(x), soft).backward()
         optimizer.step()
""")


def test_a_name_is_declared_global_before_it_is_switched(mends):
    assert mends('''
 model = Net()
 optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


 def train(loader):
     global model
+    model.train()
     for x, y in loader:
         optimizer.zero_grad()
         F.cross_entropy(model(x), y).backward()
         optimizer.step()


 def test(loader):
     """How many are right."""
     global best
     global model
+    model.eval()

     # the best of all epochs
     with torch.no_grad():
         best = max(best, sum((model(x).argmax(1) == y).sum().item() for x, y in loader))


 def run(loader):
     for epoch in range(2):
         train(loader)
         test(loader)
''')


PHASES = """
 def fit(model, loaders, optimizer):
     for epoch in range(3):
         for phase in ["train", "val"]:
+            if phase == "train":
+                model.train()
+            else:
+                model.eval()
             right = 0
             for x, y in loaders[phase]:
                 with torch.set_grad_enabled(phase == "train"):
                     out = model(x)
                     loss = F.cross_entropy(out, y)
                 if phase == "train":
                     optimizer.zero_grad()
                     loss.backward()
                     optimizer.step()
                 right += (out.argmax(1) == y).sum().item()
             print(phase, right)


 def main(loaders):
     model = Net()
     fit(model, loaders, torch.optim.SGD(model.parameters(), lr=0.1))
"""
ONE_FOR_BOTH = """
 def run_epoch(model, loader, optimizer=None):
+    if optimizer is not None:
+        model.train()
+    else:
+        model.eval()
     total = 0.0
     for x, y in loader:
         loss = F.cross_entropy(model(x), y)
         if optimizer is not None:
             optimizer.zero_grad()
             loss.backward()
             optimizer.step()
         total += loss.item()
     return total


 def main(loader, val_loader):
     model = Net()
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     for epoch in range(3):
         run_epoch(model, loader, optimizer)
         print(run_epoch(model, val_loader))
"""


def test_the_mode_follows_what_decides_whether_it_trains(mends):
    assert mends(PHASES)
    assert mends(ONE_FOR_BOTH)


def test_it_does_so_where_the_rest_is_for_training_alone(mends):
    assert mends("""
 def run_epoch(model, loader, optimizer, is_test):
+    if is_test:
+        model.eval()
+    else:
+        model.train()
     total = 0.0
     for x, y in loader:
         loss = F.cross_entropy(model(x), y)
         total += loss.item()
         if is_test:
             continue
         optimizer.zero_grad()
         loss.backward()
         optimizer.step()
     return total


 def main(loader, val_loader):
     model = Net()
     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
     for epoch in range(3):
         run_epoch(model, loader, optimizer, False)
         print(run_epoch(model, val_loader, optimizer, True))
""")


def test_it_does_not_where_the_condition_is_made_inside(mends):
    before = "".join(line for line in ONE_FOR_BOTH.splitlines(keepends=True) if line[0] != "+")
    inside = before.replace("if optimizer is not None:", "if step:")
    assert mends(
        inside.replace("     total = 0.0\n", "     total = 0.0\n     step = optimizer is not None\n")
    )


def test_a_train_that_keeps_norms_frozen_keeps_the_frozen_parts_as_well(mends):
    assert mends("""
 class Tuned(nn.Module):
     def __init__(self):
         super().__init__()
         self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
         self.norm = nn.BatchNorm2d(4)
         self.stem.eval()
         self.norm.eval()
+
+    def train(self, mode=True):
+        super().train(mode)
+        self.stem.eval()
+        self.norm.eval()
+        return self

     def forward(self, x):
         return self.norm(self.stem(x))
""")


def test_a_part_that_forward_runs_is_switched_with_its_module_by_who_evaluates(mends):
    assert mends("""
 class Siamese(nn.Module):
     def __init__(self):
         super().__init__()
         self.net = Net()

     def once(self, x):
         return self.net(x)

     def forward(self, a, b):
         return self.once(a), self.once(b)


 def train(siamese, loader):
     optimizer = torch.optim.SGD(siamese.parameters(), lr=0.1)
     siamese.train()
     for a, b in loader:
         first, second = siamese(a, b)
         optimizer.zero_grad()
         F.mse_loss(first, second).backward()
         optimizer.step()


 @torch.no_grad()
 def embed(siamese, loader):
+    siamese.eval()
     return [siamese.once(x) for x in loader]


 def main(loader):
     siamese = Siamese()
     train(siamese, loader)
     print(embed(siamese, loader))
""")


def test_a_model_is_switched_behind_what_prepares_it_and_behind_the_switches_of_others(mends):
    assert mends("""
 def predict(path, loader, several):
     model, other = Net(), Net()
     state = torch.load(path)
     model.load_state_dict(state)
     if several:
         model = nn.DataParallel(model)
     model.to("cpu")
+    model.eval()
     with torch.no_grad():
         return [model(x).argmax(1) for x in loader]


 def main(loader):
     model, other = Net(), Net()
     optimizer = torch.optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)
     for epoch in range(3):
         model.train()
+        other.train()
         for x, y in loader:
             optimizer.zero_grad()
             F.cross_entropy(model(x) + other(x), y).backward()
             optimizer.step()
         model.eval()
         other.eval()
         with torch.no_grad():
             print([model(x) + other(x) for x, y in loader])
""")


def test_a_switch_stands_behind_the_last_condition_that_makes_another_model(mends):
    assert mends("""
 from tools import Traced


 def detect(path, loader, trace):
     model = Net()
     model.load_state_dict(torch.load(path))
     stride = model.stride
     if trace:
         model = Traced(model, stride)
+    model.eval()
     with torch.no_grad():
         return [model(x).argmax(1) for x in loader]
""")


def test_two_models_that_an_evaluation_leaves_in_eval_are_each_switched_back(mends):
    assert mends("""
 def fit(encoder, head, loader, optimizer):
     encoder.train()
     head.train()
     for epoch in range(3):
+        head.train()
+        encoder.train()
         for x, y in loader:
             optimizer.zero_grad()
             F.cross_entropy(head(encoder(x)), y).backward()
             optimizer.step()
         judge(encoder, head, loader)


 def judge(encoder, head, loader):
     encoder.eval()
     head.eval()
     with torch.no_grad():
         print([head(encoder(x)).argmax(1) for x, y in loader])


 def main(loader, optimizer):
     fit(Net(), Net(), loader, optimizer)
""")


def test_nothing_is_put_into_a_method_that_a_forward_may_run_on_what_it_is_given(mends):
    assert mends("""
 class Forced:
     def decode(self, decoder, x):
         outputs = []
         for step in range(3):
             x = decoder(x)
             outputs.append(x)
         return torch.cat(outputs)


 class Translator(nn.Module):
     def __init__(self, decoder):
         super().__init__()
         self.decoder = decoder

     def forward(self, x, helper):
         return helper.decode(self.decoder, x)


 decoder = Net()
 print(Forced().decode(decoder, torch.rand(4, 4)).argmax(1))
""")


def test_no_grad_is_for_all_of_an_evaluation_or_for_none(mends):
    assert mends("""
 def main(loader, tasks, test_loader, optimizer):
     encoder, relation = Net(), Net()
     for x, y in loader:
         optimizer.zero_grad()
         F.mse_loss(relation(encoder(x)), y).backward()
         optimizer.step()
     hits = 0
     encoder.eval()
     relation.eval()
     for samples, _ in tasks:
         near = encoder(samples)
         test_images, test_labels = next(iter(test_loader))
         test_features = encoder(test_images)
         pairs = torch.cat((near, test_features), 1)
         relations = relation(pairs).view(-1, 4)
         _, guessed = torch.max(relations.data, 1)
         rewards = [1 if guessed[i] == test_labels[i] else 0 for i in range(4)]
         hits += rewards[0]
     print("accuracy", hits)
""")


def test_the_guard_holds_the_evaluations_right_before_the_training(mends):
    assert mends("""
 def judge(model, loader):
     model.eval()
     with torch.no_grad():
         return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)


 def fit(model, loader, optimizer):
     model.train()
     for x, y in loader:
         optimizer.zero_grad()
         F.cross_entropy(model(x), y).backward()
         optimizer.step()


 torch.manual_seed(0)
 loader = [(torch.rand(4, 4), torch.zeros(4, dtype=torch.long))]
 model = Net()
 optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

-best = judge(model, loader)
-for epoch in range(3):
-    fit(model, loader, optimizer)
-    best = max(best, judge(model, loader))
+if __name__ == "__main__":
+    best = judge(model, loader)
+    for epoch in range(3):
+        fit(model, loader, optimizer)
+        best = max(best, judge(model, loader))
""")


def test_the_mode_is_given_back_before_what_leaves_the_evaluation(mends):
    assert mends("""
 def main(loader, optimizer, every):
     model = Net()
     for step, (x, y) in enumerate(loader):
         if step % every == 0:
+            model.eval()
             with torch.no_grad():
                 print(model(x).argmax(1))
+            model.train()
             continue
         optimizer.zero_grad()
         F.cross_entropy(model(x), y).backward()
         optimizer.step()
""")


def test_a_train_that_hangs_on_a_flag_gets_its_else(mends):
    assert mends("""
 def run(net, loader, optimizer, training=True):
     if training:
         net.train()
         # the meter shows the rate
+    else:
+        net.eval()
     for x, y in loader:
         loss = F.cross_entropy(net(x), y)
         if training:
             optimizer.zero_grad()
             loss.backward()
             optimizer.step()
         print(loss.item())


 def main(loader, val_loader, optimizer):
     net = Net()
     for epoch in range(3):
         run(net, loader, optimizer)
         run(net, val_loader, optimizer, training=False)
""")


def test_one_that_hangs_on_something_else_gets_none(mends):
    assert mends("""
 def run(net, loader, optimizer, training=True, fresh=True):
     if fresh:
         net.train()
     for x, y in loader:
         loss = F.cross_entropy(net(x), y)
         if training:
             optimizer.zero_grad()
             loss.backward()
             optimizer.step()
         print(loss.item())


 def main(loader, val_loader, optimizer):
     net = Net()
     for epoch in range(3):
         run(net, loader, optimizer)
         run(net, val_loader, optimizer, training=False)
""")


def test_a_rate_that_a_helper_hands_on_follows_the_mode_where_a_module_gives_it(mends):
    assert mends("""
 def attend(q, k, v, p):
     return F.scaled_dot_product_attention(q, k, v, dropout_p=p)


 class Attention(nn.Module):
     def __init__(self, rate):
         super().__init__()
         self.qkv = nn.Linear(4, 12)
         self.rate = rate

     def forward(self, x):
         hidden = attend(*self.qkv(x).chunk(3, -1), self.rate)
-        return attend(hidden, x, x, self.rate)
+        return attend(hidden, x, x, self.rate if self.training else 0.0)
""")


POLICY = """
 class Policy(Net):
     def __init__(self):
         super().__init__()
         self.kept = []


 policy = Policy()


 def act(state):
     chances = torch.distributions.Categorical(logits=policy(state))
     action = chances.sample()
     policy.kept.append(chances.log_prob(action))
     return action


 def learn(optimizer, rewards):
     losses = [-chance * reward for chance, reward in zip(policy.kept, rewards)]
     optimizer.zero_grad()
     torch.cat(losses).sum().backward()
     optimizer.step()
     del policy.kept[:]

"""


def test_a_policy_that_is_judged_between_its_episodes_trains_on(mends):
    assert mends(
        POLICY
        + """
 def judge(env):
     policy.eval()
     with torch.no_grad():
         return env.step(policy(env.reset()).argmax(1))


 def main(env, optimizer):
     for episode in range(100):
+        policy.train()
         state, rewards = env.reset(), []
         for step in range(10):
             state, reward = env.step(act(state))
             rewards.append(reward)
         learn(optimizer, rewards)
         print(judge(env))
"""
    )


def test_no_train_where_a_training_and_a_test_act_through_one_function(mends):
    assert mends(
        POLICY
        + """
 def main(env, optimizer):
     for episode in range(100):
         state, rewards = env.reset(), []
         for step in range(10):
             state, reward = env.step(act(state))
             rewards.append(reward)
         learn(optimizer, rewards)
         policy.eval()
         for step in range(10):
             state, reward = env.step(act(state))
"""
    )


def test_a_mask_that_is_scaled_is_drawn_in_training_only(mends):
    assert mends("""
 class WordDropout(nn.Module):
     def __init__(self, rate):
         super().__init__()
         self.rate = rate

     def forward(self, x):
         mask = (torch.rand_like(x) > self.rate).float()
-        x = x * mask / (1 - self.rate)
+        if self.training:
+            x = x * mask / (1 - self.rate)
         return x


 class TokenDropout(nn.Module):
     def __init__(self, keep):
         super().__init__()
         self.keep = keep

     def forward(self, x):
         mask = (torch.rand_like(x) < self.keep).float()
-        return x * mask / self.keep
+        return x * mask / self.keep if self.training else x
""")


def test_no_guard_goes_around_the_cells_of_an_editor(mends):
    assert mends("""
 torch.manual_seed(0)
 model = Net()
 optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

 # %% train
 for epoch in range(3):
     optimizer.zero_grad()
     model(torch.rand(4, 4)).sum().backward()
     optimizer.step()

 # %% keep
 torch.save(model.state_dict(), "model.pt")
""")


def test_a_model_whose_forward_is_called_by_name_is_switched_by_its_own_name(mends):
    assert mends("""
 def fit(model, loader, val_loader, optimizer):
     for epoch in range(3):
+        model.train()
         for x, y in loader:
             optimizer.zero_grad()
             F.cross_entropy(model.forward(x), y).backward()
             optimizer.step()
+        model.eval()
         for x, y in val_loader:
             with torch.no_grad():
                 print((model.forward(x).argmax(1) == y).sum())


 def main(loader, val_loader):
     nets = [Net()]
     fit(nets[0], loader, val_loader, torch.optim.SGD(nets[0].parameters(), lr=0.1))
""")
