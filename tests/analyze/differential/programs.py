"""Whole programs: models, helpers, context managers, decorators, a trainer, and a script that uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from differential.scope import Draw, Scope, indented, pick
from differential.statements import block
from hypothesis import strategies as st

_HEADER = """\
import copy
import random
from contextlib import contextmanager
from functools import wraps

import torch
from torch import nn

x, data = 1, [1, 2]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()

    def forward(self, x):
        return x

    def predict(self, x):
        {before}
        return self(x)


class Frozen(Net):
    def train(self, mode=True):
        {override}


def toss():
    return random.random() < 0.5
"""
_DEFINES: list[Callable[[Draw, Scope, str], tuple[list[str], Scope]]] = []


@st.composite
def programs(draw: Draw) -> str:
    """The text of a program that runs by itself."""
    before = pick(draw, ("pass", "self.eval()", "self.drop(x) if x is None else x"))
    override = pick(draw, ("return super().train(mode)", "return super().train(False)",
                           "super().train(mode)\n        self.drop.eval()\n        return self"))  # fmt: skip
    header = _HEADER.format(before=before, override=override)
    lines = [header, f"FAST = {draw(st.booleans())}", "model = Net()"]
    scope = Scope(models=("model",), names=("net", "other"), flags=("FAST",))
    for number in range(draw(st.integers(0, 3))):
        written, scope = pick(draw, _DEFINES)(draw, scope, str(number))
        lines += ["", *written]
    main = replace(scope, names=("model", "net"))
    return "\n".join([*lines, *block(draw, main), *block(draw, main), ""])


def _defines(
    make: Callable[[Draw, Scope, str], tuple[list[str], Scope]],
) -> Callable[[Draw, Scope, str], tuple[list[str], Scope]]:
    _DEFINES.append(make)
    return make


def _body(draw: Draw, scope: Scope, name: str, *models: str, flags: tuple[str, ...] = ()) -> list[str]:
    """A function's block: it sees its parameters, and the model at the top level."""
    local = f"local{name[-1]}"
    inner = replace(
        scope,
        models=(*models, "model"),
        names=(local, "copied"),
        flags=(*flags, *scope.flags),
        depth=1,
        function=name,
    )
    return indented(block(draw, inner))


@_defines
def helper(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    """A function that is handed a model, perhaps a flag or a second model, perhaps decorated."""
    name = f"run{number}"
    flags: tuple[str, ...] = ()
    signature, use, models = pick(draw, (
        ("m", "{model}", ("m",)),
        ("m, training", "{model}, {flag}", ("m",)),
        ("m, training=False", "{model}", ("m",)),
        ("m, *, training=True", "{model}, training={flag}", ("m",)),
        ("m, n", "{model}, {other}", ("m", "n")),
        ("*ms", "{model}, {other}", ("ms[0]", "ms[1]")),
        ("m, **options", "{model}, n={other}", ("m", "options['n']")),
    ))  # fmt: skip
    flags = ("training",) if "training" in signature else ()
    body = _body(draw, scope, name, *models, flags=flags)
    return [f"def {name}({signature}):", *body], replace(scope, calls=(*scope.calls, f"{name}({use})"))


@_defines
def decorated(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    name = f"decorated{number}"
    before, after = _around(draw)
    lines = [f"def around{number}(function):", "    @wraps(function)", "    def wrapper(m, *rest):"]
    lines += indented(indented([*before, "result = function(m, *rest)", *after, "return result"]))
    lines += ["    return wrapper", "", f"@around{number}", f"def {name}(m):", *_body(draw, scope, name, "m")]
    return lines, replace(scope, calls=(*scope.calls, f"{name}({{model}})"))


@_defines
def builder(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    """A function that gives back a model."""
    name = f"build{number}"
    body = pick(draw, (
        ["return Net()"],
        ["net = Net()", "net.eval()", "return net"],
        ["if FAST:", "    return Net().eval()", "return Net()"],
        ["return model"],
    ))  # fmt: skip
    return [f"def {name}():", *indented(body)], replace(scope, builders=(*scope.builders, f"{name}()"))


@_defines
def manager(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    """A context manager, as a generator or as a class."""
    name = f"evaluating{number}"
    before, after = _around(draw)
    kind = pick(draw, ("generator", "finally", "class"))
    if kind == "class":
        mine = [line.replace("was", "self.was").replace("m.", "self.m.") for line in (*before, "|", *after)]
        enter, leave = mine[: mine.index("|")], mine[mine.index("|") + 1 :]
        lines = [f"class {name}:", "    def __init__(self, m):", "        self.m = m"]
        lines += ["    def __enter__(self):", *indented(indented([*enter, "return self.m"]))]
        lines += ["    def __exit__(self, *error):", *indented(indented([*leave, "return False"]))]
    else:
        safe = ["try:", "    yield m", "finally:", *indented(after)]
        body = [*before, *(safe if kind == "finally" else ["yield m", *after])]
        lines = ["@contextmanager", f"def {name}(m):", *indented(body)]
    return lines, replace(scope, managers=(*scope.managers, f"{name}({{model}})"))


@_defines
def failing(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    """A function that may raise; what it did until then stays."""
    name = f"fails{number}"
    body = _body(draw, replace(scope, raising=True), name, "m")
    last = pick(draw, (["raise RuntimeError"], ["if toss():", "    raise RuntimeError"]))
    lines = [f"def {name}(m):", *body, *indented(last)]
    lines += ["", f"def tries{number}(m):", "    try:", f"        {name}(m)", "    except RuntimeError:"]
    lines += indented(indented(pick(draw, (["pass"], ["m.train()"], ["return m(x)"]))))
    return lines, replace(scope, calls=(*scope.calls, f"tries{number}({{model}})"))


@_defines
def generator(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    """A generator of batches that touches the model between them."""
    name = f"batches{number}"
    before, after = _around(draw)
    body = pick(draw, (
        ["for b in data:", *indented([*before, "yield b", *after])],
        [*before, "for b in data:", "    yield m(b)", *after],
        [*before, "yield x", *after, "yield x"],
    ))  # fmt: skip
    return [f"def {name}(m):", *indented(body)], replace(
        scope, batches=(*scope.batches, f"{name}({{model}})")
    )


@_defines
def trainer(draw: Draw, scope: Scope, number: str) -> tuple[list[str], Scope]:
    """A class that keeps a model, and methods that call each other."""
    name, own = f"Trainer{number}", ("self.model", "self.best")
    best = pick(draw, ("copy.deepcopy(model)", "model", "Net()", "Net().eval()", "nn.DataParallel(Net())"))
    lines = [f"class {name}:", "    def __init__(self, model):"]
    lines += ["        self.model = model", f"        self.best = {best}"]
    inside = replace(scope, names=("self.best", "local"))
    for method in ("step", "fit")[: draw(st.integers(1, 2))]:
        parameters = pick(draw, ("self", "self, training=True"))
        flags = ("training",) if "training" in parameters else ()
        body = replace(
            inside,
            models=own,
            flags=(*flags, *scope.flags),
            names=("self.best", "kept"),
            depth=1,
            function=method,
        )
        lines += [f"    def {method}({parameters}):", *indented(indented(block(draw, body)))]
        inside = replace(inside, calls=(*inside.calls, f"self.{method}()"))
    before, after = ([line.replace("m.", "self.model.") for line in part] for part in _around(draw))
    lines += ["    @contextmanager", "    def evaluating(self):"]
    lines += indented(indented([*before, "yield self.model", *after]))
    lines += ["", f"trainer{number} = {name}(model)"]
    calls = tuple(c.replace("self.", f"trainer{number}.") for c in inside.calls if c.startswith("self."))
    models = tuple(m.replace("self", f"trainer{number}") for m in own)
    managers = (*scope.managers, f"trainer{number}.evaluating()")
    return lines, replace(
        scope, calls=(*scope.calls, *calls), models=(*scope.models, *models), managers=managers
    )


def _around(draw: Draw) -> tuple[list[str], list[str]]:
    """What to do to a model before and after something."""
    return pick(draw, (
        (["m.eval()"], ["m.train()"]),
        (["was = m.training", "m.eval()"], ["m.train(was)"]),
        (["was = m.training", "m.eval()"], ["if was:", "    m.train()"]),
        (["m.train()"], ["m.eval()"]),
        (["m.eval()"], ["pass"]),
    ))  # fmt: skip
