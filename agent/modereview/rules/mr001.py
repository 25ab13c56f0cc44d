"""MR001 unused-ignore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from modereview.records import Finding, Program, Quiet, Severity
from modereview.rules.base import Rule
from modereview.rules.ignores import Ignore, idle

_LIKE_IGNORE = ["ignore", "ignore-file", "noqa", "disable", "skip"]


def check(program: Program) -> tuple[Finding, ...]:
    """Nothing yet: what a comment takes back is known when all others have spoken (see `unused`)."""
    return ()


def unused(
    program: Program,
    comments: Iterable[Ignore],
    quiet: Iterable[Quiet],
    ran: frozenset[str],
    known: frozenset[str],
) -> Iterator[Finding]:
    """A finding for each ignore that ignores nothing. `ran` holds the rules that looked, `known` all."""
    taken_back = tuple(quiet)
    for comment in comments:
        message = _message(comment, idle(comment, taken_back), ran, known)
        if message and RULE.id not in (comment.ids or ()):
            yield RULE.finding(program, comment.span, message)


def _message(
    comment: Ignore, idle_ids: tuple[str, ...], ran: frozenset[str], known: frozenset[str]
) -> str | None:
    """What is wrong with an ignore; None where it does its work, or a rule that it names did not run."""
    if comment.word not in _LIKE_IGNORE[:2]:
        like = get_close_matches(comment.word, _LIKE_IGNORE, n=1, cutoff=0.75)
        return f"`{comment.word}` means nothing to modereview: write `ignore[MR101]`" if like else None
    if comment.ids == ():
        return "an ignore with empty brackets ignores nothing: name rules, or leave the brackets out"
    unknown = [name for name in comment.ids or () if not any(rule.startswith(name) for rule in known)]
    if unknown:
        return f"there is no rule {', '.join(unknown)}: `modereview rules` lists them"
    spoken = [name for name in idle_ids if all(rule in ran for rule in known if rule.startswith(name))]
    if not spoken:
        return None
    place = "in this file" if comment.lines is None else "on this line"
    what = ", ".join(spoken) or "anything"
    return f"nothing to ignore: modereview does not find {what} {place}"


RULE = Rule(
    id="MR001",
    name="unused-ignore",
    severity=Severity.NOTE,
    summary="a `# modereview: ignore` that ignores nothing",
    why=(
        "An ignore that is no longer needed hides the next fault on its line, and one with a mistyped rule "
        "hides nothing while everybody believes it does."
    ),
    source="https://docs.astral.sh/ruff/rules/unused-noqa/",
    bad="""\
import torch
from torch import nn


def predict(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    model.eval()
    return model(x)  # modereview: ignore[MR101] the mode was missing once
""",
    good="""\
import torch
from torch import nn


def predict(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    model.eval()
    return model(x)
""",
    not_flagged=(
        "an ignore of a rule that did not run (left out by --select, --ignore or the settings), comments of "
        "other tools, and an ignore that names MR001 as well."
    ),
    fix="no automatic fix: take the comment out, or correct the rule that it names.",
    check=check,
    safe=False,
)
