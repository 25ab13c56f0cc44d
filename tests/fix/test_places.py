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
