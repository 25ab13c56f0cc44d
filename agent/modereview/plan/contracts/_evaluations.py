"""Contracts that ask one thing of every evaluation: they differ in what is watched, and in their words."""

from __future__ import annotations

_BODY = '''\
{{{{ head }}}}
    """Three rounds of {{{{ functions }}}}: {claim}."""
    noted = {{{{ evaluating("{watcher}") }}}}
    wrong = [{told} for seen in noted if {wrong}]
    assert not wrong, (
        f"{{wrong[0]}}{why}"
    )
'''


def every_evaluation(claim: str, watcher: str, wrong: str, why: str, told: str = "seen.where") -> str:
    """The template of a test that no evaluation is `wrong`: an expression of what `watcher` notes as `seen`.

    `claim` says what holds instead; a failure reads `told` (an expression, too) and then `why`.
    """
    return _BODY.format(claim=claim, watcher=watcher, wrong=wrong, why=why, told=told)
