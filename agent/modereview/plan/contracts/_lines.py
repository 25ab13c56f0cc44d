"""Contracts that ask one thing of certain lines in a script's own run: that their forwards are in EVAL."""

from __future__ import annotations

from modereview.records import Recipe, Role

_BODY = '''\
{{{{ head }}}}
    """In a short run of {{{{ functions }}}} {claim}."""
    ran = {{{{ {lines}("recorded") }}}}
    if not ran:
        raise LookupError("no such line ran: adapt the stand-ins")
    wrong = [seen.where for seen in ran if seen.mode == "TRAIN"]
    assert not wrong, (
        f"{{wrong[0]}} ran in TRAIN mode: {why}"
    )
'''


def runs_in_eval(lines: str, claim: str, why: str) -> str:
    """The template of a test that the `lines` ("asked", "exported", "probed") run in EVAL."""
    return _BODY.format(lines=lines, claim=claim, why=why)


def shown_by_own_run(recipe: Recipe, role: Role) -> bool:
    """Whether the script's own run comes to a line of that role; "unknown" are the probes."""
    return recipe.rehearsal is not None and any(role in drive.roles for drive in recipe.drives)
