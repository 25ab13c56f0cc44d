"""The values that flow through a review, from left to right, in the order the rooms make them.

Every record is frozen: a room makes new values, it never changes those it was given. Lines and columns
are 1-based and count code points; spans refer to `Source.code` (see `Source`).
"""

from __future__ import annotations

from modereview.records.findings import Finding, Quiet, Severity
from modereview.records.plan import Contract, Drive, Given, Plan, Recipe, Rehearsal, Target, Unreached, Value
from modereview.records.program import (
    CallSite,
    Event,
    Forward,
    Function,
    Layer,
    Mode,
    ModuleClass,
    Param,
    Program,
    Role,
    Schedule,
    Step,
    Switched,
)
from modereview.records.suite import Case, Dropped, Mutant, Outcome, Status, Suite
from modereview.records.text import Cell, Edit, Source, Span
from modereview.records.verdict import Fix, Remark, Review, Usage, Verdict

__all__ = [
    "CallSite",
    "Case",
    "Cell",
    "Contract",
    "Drive",
    "Dropped",
    "Edit",
    "Event",
    "Finding",
    "Fix",
    "Forward",
    "Function",
    "Given",
    "Layer",
    "Mode",
    "ModuleClass",
    "Mutant",
    "Outcome",
    "Param",
    "Plan",
    "Program",
    "Quiet",
    "Recipe",
    "Rehearsal",
    "Remark",
    "Review",
    "Role",
    "Schedule",
    "Severity",
    "Source",
    "Span",
    "Status",
    "Step",
    "Suite",
    "Switched",
    "Target",
    "Unreached",
    "Usage",
    "Value",
    "Verdict",
]
