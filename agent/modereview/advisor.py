"""What a language model adds to a review, at each place of the corridor; nothing where none is named.

Each method takes what the rooms made, and gives it back with what the model proposed and the gates let by.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from modereview import llm
from modereview.claims import Judge, ToolsFor, prove
from modereview.errors import InputError
from modereview.fix import Mended, Tools
from modereview.fix.reach import reach
from modereview.hunt import hunt
from modereview.llm.drops import counted
from modereview.llm.purse import Purse
from modereview.proof import Proof
from modereview.records import Case, Dropped, Given, Outcome, Plan, Remark, Suite, Usage
from modereview.settings import Settings
from modereview.workbench import Bench

if TYPE_CHECKING:
    from modereview.llm.agent import Chain, Drop, Judged, K
    from modereview.llm.meter import Meter
    from modereview.llm.prompts import Prompts


@dataclass
class Advisor:
    """A model at work on one file. `notes` is what came of it so far."""

    bench: Bench
    options: llm.Options
    meter: Meter | None = None
    bought: Usage = field(default_factory=Usage)
    proposed: tuple[str, ...] = ()  # tests that ran, by name
    drops: list[Drop] = field(default_factory=list)

    def recipes(self, planned: Plan) -> Plan:
        """The plan with recipes for targets that the search did not reach."""
        if self.meter is None:
            return planned
        from modereview.write import recipes
        from modereview.write.complete import complete

        ready = recipes.ready(planned)
        chains = recipes.chains(ready, self._run, self._prompts, self.options.context_tokens)
        found = self._pursue(chains)
        self.bought = replace(self.bought, recipes=len({recipe for _, recipe in found.kept}))
        return complete(ready, found.kept) if found.kept else planned

    def tests(self, planned: Plan, suite: Suite) -> Suite:
        """The suite with tests of the model's own, aimed at the mutants that the others let live."""
        if self.meter is None or not planned.recipes:
            return suite
        from modereview.write import model

        survivors = self._survivors(planned, suite)
        name = self.meter.usage.model
        limit = self.options.context_tokens
        found = self._pursue(model.chains(planned, suite, survivors, name, self._run, self._prompts, limit))
        self.proposed = tuple(case.name for case in found.kept)
        refused = tuple(Dropped(name, reason, "refused") for name, reason in found.dropped)
        return replace(suite, cases=suite.cases + found.kept, dropped=suite.dropped + refused)

    def fixes(self, mended: Mended, cases: Sequence[Case], tools: Tools) -> Mended:
        """The file with mends of the model's own, for faults that are shown and not mended."""
        if self.meter is None:
            return mended
        from modereview.fix import proposed

        found = self._pursue(
            proposed.chains(mended, cases, tools, self._prompts, self.options.context_tokens)
        )
        mended, lost = proposed.apply(mended, found.kept, tools, self.bench.source)
        self.drops += lost
        self.bought = replace(self.bought, fixes=len(found.kept) - len(lost))
        return mended

    def second_look(
        self, proof: Proof, judge: Judge, tools_for: ToolsFor, given: tuple[Given, ...]
    ) -> tuple[Proof, tuple[Remark, ...]]:
        """The proof with what the model claims and a test shows; the rest of what it says, as notes."""
        if self.meter is None:
            return proof, ()
        from modereview.write import remarks

        planned, limit = proof.planned, self.options.context_tokens
        said = self._pursue([remarks.chain(planned.program, planned.findings, self._prompts, limit)]).kept
        claims = [remark for remark in said if not remark.disputes]
        by = self.meter.usage.model
        proof, notes, drops = prove(claims, proof, self.bench, judge, tools_for, by, given)
        self.drops += drops
        self.bought = replace(self.bought, claims=len(proof.claims))
        return proof, (*notes, *(remark for remark in said if remark.disputes))

    def usage(self, suite: Suite) -> Usage:
        """The bill, with what it bought, once the last gate has made its choice."""
        if self.meter is None:
            return Usage()
        bill = self.meter.usage
        kept = {case.name for case in suite.cases if case.author == bill.model}
        why = {each.case: each.reason for each in suite.dropped}
        lost = [why.get(name, "another test shows the same") for name in self.proposed if name not in kept]
        drops = counted([*(reason for _, reason in self.drops), *lost])
        return replace(
            bill,
            recipes=self.bought.recipes,
            fixes=self.bought.fixes,
            claims=self.bought.claims,
            kept=len(kept),
            dropped=sum(count for _, count in drops),
            drops=drops,
            reasons=tuple(drop for drop in self.drops if drop[0] not in why),
        )

    def _pursue(self, chains: Iterable[Chain[K, Any]]) -> Judged[K]:
        from modereview.llm.agent import pursue

        assert self.meter is not None
        found = asyncio.run(pursue(chains, self.meter.ask, side_by_side=self.options.side_by_side))
        self.drops += found.dropped
        return found

    @property
    def _prompts(self) -> Prompts:
        from modereview.llm.prompts import Prompts

        return Prompts(self.options.prompts_dir)

    def _run(self, suite: Suite) -> tuple[Outcome, ...]:
        return self.bench.run(suite, self.bench.source)

    def _survivors(self, planned: Plan, suite: Suite) -> dict[str, list[str]]:
        """By target, the faults in its code that no test of the suite notices."""
        program = planned.program
        (clean,) = self.bench.on_each(suite, [self.bench.source])
        as_it_is = Mended(self.bench.source, program, (), ())
        left = hunt(suite, as_it_is, clean, planned.recipes, self.bench).survived
        return {
            recipe.target.name: [m.description for m in reach(left, [recipe], program).inside]
            for recipe in planned.recipes
        }


def _show(text: str) -> None:
    """Print a question, in whatever code the screen takes, at once: the review goes on."""
    code = sys.stdout.encoding or "utf-8"
    print(text.encode(code, "backslashreplace").decode(code), flush=True)


@dataclass
class Model:
    """The model of a run, for all its files: connected once, paid from one purse."""

    settings: Settings
    tell: Callable[[str], None] = _show
    purse: Purse = field(init=False)
    asked: llm.Model | None = field(init=False)

    def __post_init__(self) -> None:
        self.purse = Purse(self.settings.llm.budget)
        try:
            options = self.settings.llm
            self.asked = llm.connect(
                self.settings.model, self.settings.offline, os.environ, options, self.tell
            )
            if self.asked is not None:
                from modereview.llm.prompts import Prompts

                Prompts(options.prompts_dir).check()
        except llm.ModelError as error:
            raise InputError(str(error)) from error

    def advisor(self, bench: Bench) -> Advisor:
        """The model at work on one file."""
        options = self.settings.llm
        if self.asked is None:
            return Advisor(bench, options)
        from modereview.llm.meter import Meter

        return Advisor(bench, options, Meter(self.asked, self.purse, llm.secrets(os.environ)))
