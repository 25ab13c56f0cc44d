"""Statements as they stand in training scripts, with holes that are drawn."""

from __future__ import annotations

from dataclasses import replace

from differential.scope import Draw, Scope, Statement, Written, call, indented, model, pick
from hypothesis import strategies as st

_DEEPEST = 2


def block(draw: Draw, scope: Scope) -> list[str]:
    """A few statements, fewer the deeper; each sees what the ones before it bound."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, _DEEPEST + 1 - scope.depth))):
        written, scope = statement(draw, scope)
        lines += written
    return lines


def statement(draw: Draw, scope: Scope) -> Written:
    """Any statement that fits here."""
    fitting = [*_SIMPLE, *(_NESTING if scope.depth < _DEEPEST else ())]
    fitting += [use_helper] * 4 if scope.calls else []
    fitting += [in_manager] if scope.managers and scope.depth < _DEEPEST else []
    fitting += [over_batches] if scope.batches and scope.depth < _DEEPEST else []
    return pick(draw, fitting)(draw, scope)


# --- simple ones ---


def forward(draw: Draw, scope: Scope) -> Written:
    style = pick(draw, ("out = {}(x)", "{}(x)", "{}.forward(x)", "out = [{}(b) for b in data]",
                        "out = sum({}(b) for b in data)", "out = {{b: {}(b) for b in data}}",
                        "use = lambda: {0}(x)\nuse()"))  # fmt: skip
    return style.format(model(draw, scope)).split("\n"), scope


def switch(draw: Draw, scope: Scope) -> Written:
    flags = tuple(f"{{}}.train({flag})" for flag in scope.flags)
    style = pick(draw, ("{}.eval()", "{}.train()", "{}.eval()", "{}.train()", "{}.train(False)",
                        "{}.train(mode=True)", "{}.float().eval()", *flags))  # fmt: skip
    return [style.format(model(draw, scope))], scope


def bind(draw: Draw, scope: Scope) -> Written:
    """An alias, a copy, a wrapper, or a model that is built anew."""
    name = pick(draw, scope.names)
    makers = ("{}", "copy.deepcopy({})", "nn.DataParallel(Net())", "Net()", "{}.to('cpu')", "{}.eval()",
              "nn.Sequential(Net(), Net())", "Net().eval()", "Net()\n{name}.predict(x)",
              "Frozen()", "[{0}, Net()][0]", "{{'a': {0}, 'b': Net().eval()}}['b']",
              *scope.builders)  # fmt: skip
    made = pick(draw, makers)
    line = f"{name} = {made.format(model(draw, scope), name=name)}"
    return line.split("\n"), scope.binding(name)


def swap(draw: Draw, scope: Scope) -> Written:
    """Two names at once: the flow must not do one after the other."""
    first, second = model(draw, scope), model(draw, scope)
    a, b = scope.names[0], scope.names[-1]
    if a == b:
        return [f"{a} = {first}"], scope.binding(a)
    return [f"{a}, {b} = {first}, {second}"], scope.binding(a).binding(b)


def choose(draw: Draw, scope: Scope) -> Written:
    name = pick(draw, scope.names)
    line = f"{name} = {model(draw, scope)} if {condition(draw, scope)} else {model(draw, scope)}"
    return [line], scope.binding(name)


def use_helper(draw: Draw, scope: Scope) -> Written:
    return [call(draw, scope, scope.calls)], scope


# --- conditions ---


def condition(draw: Draw, scope: Scope) -> str:
    """Known ones as often as unknown ones."""
    known = (*scope.flags, "True", "__name__ == '__main__'", "not False")
    live = (f"{model(draw, scope)}.training", f"not {model(draw, scope)}.training")
    unknown = (f"{scope.counter} % 2 == 0", f"{scope.counter} > 0") if scope.counter else ("toss()",)
    return pick(draw, (*known, *live, *unknown))


def branch(draw: Draw, scope: Scope) -> Written:
    lines = [f"if {condition(draw, scope)}:", *indented(block(draw, scope.deeper()))]
    if draw(st.booleans()):
        lines += ["else:", *indented(block(draw, scope.deeper()))]
    return lines, scope


def leave(draw: Draw, scope: Scope) -> Written:
    """An early end under a condition, where there is something to leave."""
    ways = ["return"] if scope.function else []
    ways += ["continue", "break"] if scope.counter else []
    ways += ["raise RuntimeError"] if scope.raising else []
    if not ways:
        return forward(draw, scope)
    return [f"if {condition(draw, scope)}:", f"    {pick(draw, ways)}"], scope


# --- loops ---


def loop(draw: Draw, scope: Scope) -> Written:
    counter = f"step{scope.depth}"
    inner = scope.deeper(counter=counter)
    heads = (f"for {counter} in range(2):", f"for {counter}, batch in enumerate(data):",
             f"for {counter} in range(3):", f"for {counter} in [1, 2]:")  # fmt: skip
    return [pick(draw, heads), *indented(block(draw, inner))], scope


def repeat(draw: Draw, scope: Scope) -> Written:
    """`while` with a counter that goes on first, so that `continue` ends."""
    counter = f"turn{scope.depth}"
    body = block(draw, scope.deeper(counter=counter))
    return [f"{counter} = 0", f"while {counter} < 2:", *indented([f"{counter} += 1", *body])], scope


def over_models(draw: Draw, scope: Scope) -> Written:
    head = f"for each in {pick(draw, ('[{}, {}]', '({}, {})'))}:".format(
        model(draw, scope), model(draw, scope)
    )
    inner = scope.deeper(models=("each", *scope.models), counter="")
    return [head, *indented(block(draw, replace(inner, counter="")))], scope


def phases(draw: Draw, scope: Scope) -> Written:
    """The commonest right idiom of all, and what people make of it."""
    what = model(draw, scope)
    inner = scope.deeper(counter="")
    after = block(draw, inner)
    switches = pick(draw, (
        ["if phase == 'train':", f"    {what}.train()", "else:", f"    {what}.eval()"],
        [f"{what}.train(phase == 'train')"],
        [f"{what}.train() if phase == 'train' else {what}.eval()"],
        ["if phase == 'val':", f"    {what}.eval()"],
        ["match phase:", "    case 'train':", f"        {what}.train()",
         "    case _:", f"        {what}.eval()"],
    ))  # fmt: skip
    head = "for phase in ['train', 'val']:"
    guarded = ["if phase == 'train':", *indented([f"{what}(x)"]), "else:", *indented([f"{what}(x)"])]
    return [head, *indented([*switches, *guarded, *after])], scope


def over_batches(draw: Draw, scope: Scope) -> Written:
    """A loop over a generator of the file: its own code runs between the passes."""
    counter = f"step{scope.depth}"
    head = f"for {counter} in {call(draw, scope, scope.batches)}:"
    return [head, *indented(block(draw, scope.deeper(counter=counter)))], scope


# --- blocks that put something back ---


def guarded(draw: Draw, scope: Scope) -> Written:
    body = block(draw, scope.deeper(raising=True))
    lines = ["try:", *indented(body), "except RuntimeError:", *indented(block(draw, scope.deeper()))]
    if draw(st.booleans()):
        lines += ["finally:", *indented([switch(draw, scope)[0][0]])]
    return lines, scope


def finally_(draw: Draw, scope: Scope) -> Written:
    last = switch(draw, scope)[0]
    return ["try:", *indented(block(draw, scope.deeper())), "finally:", *indented(last)], scope


def saved(draw: Draw, scope: Scope) -> Written:
    what, was = model(draw, scope), f"was{scope.depth}"
    body = block(draw, scope.deeper())
    back = pick(draw, ([f"{what}.train({was})"], [f"if {was}:", f"    {what}.train()"],
                       [f"{what}.train() if {was} else {what}.eval()"],
                       [f"if not {was}:", f"    {what}.eval()", "else:", f"    {what}.train()"]))  # fmt: skip
    return [f"{was} = {what}.training", f"{what}.eval()", *body, *back], scope


def without_graph(draw: Draw, scope: Scope) -> Written:
    head = pick(draw, ("with torch.no_grad():", "with torch.set_grad_enabled(False):"))
    return [head, *indented(block(draw, scope.deeper()))], scope


def in_manager(draw: Draw, scope: Scope) -> Written:
    head = f"with {call(draw, scope, scope.managers)}:"
    return [head, *indented(block(draw, scope.deeper()))], scope


def nested(draw: Draw, scope: Scope) -> Written:
    """A function in place that closes over what is in view."""
    name = f"inner{scope.depth}"
    inner = scope.deeper(names=(f"own{scope.depth}",), counter="", function=name)
    return [f"def {name}():", *indented(block(draw, inner)), f"{name}()"], scope


_SIMPLE: list[Statement] = [*[forward] * 6, *[switch] * 4, bind, swap, choose, leave]
_NESTING: list[Statement] = [
    branch, branch, loop, loop, repeat, over_models, phases, guarded, finally_, saved, without_graph, nested,
]  # fmt: skip
