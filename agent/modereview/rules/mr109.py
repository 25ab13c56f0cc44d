"""MR109 pretrained-trained-in-eval."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import EVAL_LOADERS
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Span
from modereview.rules import conditions
from modereview.rules.base import Rule, certainty, deliberate, fix, harm
from modereview.rules.meeting import body_of
from modereview.rules.placing import dotted

_FREEZING = ("freeze", "requires_grad", "peft", "lora", ".train(", ".eval(")


def check(program: Program) -> Iterator[Finding]:
    """Training forwards on a model that a loader returned in EVAL, and the same in Lightning modules."""
    seen: set[tuple[str, str]] = set()
    for forward in program.forwards:
        trained = forward.role == "train" and forward.mode is Mode.EVAL and forward.cause == "pretrained"
        if trained and (forward.function, forward.model) not in seen:
            seen.add((forward.function, forward.model))
            yield _finding(program, forward)
    yield from _in_lightning(program)


def _finding(program: Program, forward: Forward) -> Finding:
    meant = forward.frozen or deliberate(program, forward)
    here = Event(forward.span, "trained here, still in EVAL: nothing calls `train()`", "forward")
    return RULE.finding(
        program,
        forward.span,
        f"`{forward.model}` was loaded in EVAL and trains in it",
        severity=Severity.NOTE if meant else certainty(forward, certain=True),
        evidence=(*forward.why, here),
        facts=(harm(forward, training=True),),
        function=forward.function,
        subject=forward.model,
    )


def _in_lightning(program: Program) -> Iterator[Finding]:
    """Models that a LightningModule loads in `__init__`: since 2.2 `fit` leaves their mode alone."""
    assert program.names is not None
    for cls in program.names.classes.values():
        origins = [program.names.origin(base) or "" for base in cls.bases]
        lightning = any("lightning" in o and o.endswith("LightningModule") for o in origins)
        init = cls.method("__init__")
        text = program.source.slice(cls.span)
        if lightning and init and cls.method("training_step") and not any(w in text for w in _FREEZING):
            for statement in walk.statements(init.body):
                if isinstance(statement, ir.Assign) and _loads_in_eval(program, statement.value):
                    yield _lightning_finding(program, init.name, statement)


def _loads_in_eval(program: Program, value: ir.Expr) -> bool:
    """`AutoModelFor...from_pretrained(...)` of a library that returns it in EVAL; no tokenizer, no config."""
    assert program.names is not None
    origin = program.names.origin(value.func) or "" if isinstance(value, ir.Call) else ""
    maker = origin.removesuffix(".from_pretrained").rpartition(".")[2]
    loads = origin.startswith(EVAL_LOADERS) and origin.endswith(".from_pretrained")
    return loads and ("Model" in maker or "For" in maker)


def _lightning_finding(program: Program, function: str, statement: ir.Assign) -> Finding:
    model = program.source.slice(statement.targets[0].span)
    return RULE.finding(
        program,
        statement.span,
        f"`{model}` is loaded in EVAL, and Lightning 2.2 and later train it in the mode it is in",
        severity=Severity.WARNING,
        facts=("call `train()` on it in `on_train_epoch_start` or where it is loaded",),
        function=function,
        subject=model,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`train()` before the loop that trains, or, in a LightningModule, where the model is loaded."""
    model = dotted(finding.subject)
    body = body_of(program, finding.function)
    if any(f.span == finding.span and f.mode is Mode.UNKNOWN for f in program.forwards):
        return  # what it is on another way is not known: a part that is frozen may be in it
    loops = [s for s in walk.statements(body) if _trains_in(s, finding.span)]
    if model is None or _is_optional(program, finding.function, model):
        return
    if loops:
        edit = edits.insert_before(program.source, loops[0].span, f"{model}.train()")
    elif finding.function.endswith("__init__"):
        edit = edits.insert_after(program.source, finding.span, f"{model}.train()")
    else:
        return
    why = "training sees dropout again: expect other loss curves; checkpoints still load"
    yield fix(program.source, finding, f"call `{model}.train()` before the training", edit, consequence=why)


def _is_optional(program: Program, function: str, model: str) -> bool:
    """Whether an option decides if an optimizer gets its parameters: else it stays frozen, and in EVAL."""
    calls = conditions.calls(body_of(program, function))
    held = [h for call, h in calls if walk.dotted(call.func) == f"{model}.parameters"]
    return bool(conditions.common(program, held))


def _trains_in(statement: ir.Stmt, trained: Span) -> bool:
    return isinstance(statement, ir.Loop) and walk.within(trained, statement.span)


RULE = Rule(
    id="MR109",
    name="pretrained-trained-in-eval",
    severity=Severity.WARNING,
    summary="a model that arrived in EVAL (`from_pretrained`) is trained and nobody calls `train()`",
    why=(
        "`from_pretrained` of transformers and diffusers returns a model in EVAL. The library's own Trainer "
        "switches it; a loop of one's own has to. Lightning did until 2.1: since 2.2 `fit` keeps the mode "
        "that the model is in. Fine-tuning then runs without dropout."
    ),
    source="https://github.com/autogluon/autogluon/issues/4965",
    bad="""\
import torch
from transformers import AutoModelForSequenceClassification

def main(loader):
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    for batch in loader:
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
""",
    good="""\
import torch
from transformers import AutoModelForSequenceClassification

def main(loader):
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    model.train()
    for batch in loader:
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
""",
    not_flagged=(
        "models of torchvision and timm, which arrive in TRAIN; a model that is handed to a Trainer; a "
        "LightningModule that freezes the model or switches it anywhere; fine-tuning in EVAL that a name or "
        "a comment declares, and a frozen model whose new head alone is trained (notes)."
    ),
    fix="`model.train()` before the loop, or where a LightningModule loads it.",
    check=check,
    mend=mend,
)
