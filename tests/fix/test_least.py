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
