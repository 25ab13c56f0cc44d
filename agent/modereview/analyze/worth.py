"""Whether the mode flow of a file can lead to a finding: it takes most of the time of a static review.

Most files of a library define modules that nothing in view switches, evaluates or trains. Here names are
followed from function to function, without states and values. That errs on the side of yes: where this
says no, no forward gets a role that a rule judges, and the flow is not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modereview.analyze.handing import HANDED
from modereview.analyze.outline import Outline
from modereview.analyze.torchfacts import DETACHING, READING, names_a_model, names_an_evaluation
from modereview.analyze.uses import Uses

# A training needs the first; the others hand a model to a library, which rules judge by itself.
_ALONE = frozenset({"backward"}) | HANDED
_READ = (READING | DETACHING | {"data"}) - {"no_grad"}
_CALLED = frozenset({"forward", "generate", "__call__"})
_OWN = frozenset({"forward", "train", "eval", "__call__", "__init__"})  # of a module: torch calls them


@dataclass(frozen=True)
class Lead:
    """What a function leads to. `live` leaves out constructors: no rule judges a forward in one."""

    all: tuple[Uses, ...]
    live: tuple[Uses, ...]


class Worth:
    """Answers `of_flow()` for a file with its neighbours."""

    def __init__(self, files: Sequence[Outline], modules: frozenset[str]) -> None:
        """`files`: the one under review first. `modules`: names of the classes that are modules."""
        self._file, self._files, self._modules = files[0], files, modules
        self._by_name: dict[str, list[Uses]] = {}
        for uses in (u for outline in self._files for u in outline.uses[1:]):
            self._by_name.setdefault(uses.short, []).append(uses)
            if uses.method_of:
                self._by_name.setdefault(f"{uses.method_of}.{uses.short}", []).append(uses)
        self._other_names = {a: b for outline in self._files for a, b in outline.aliases}
        self._assigned = frozenset().union(*(o.assigned for o in self._files))
        self._switched = frozenset().union(*(o.names.switched for o in self._files))
        self._shared = frozenset().union(*(o.shared for o in self._files[1:]))

    def of_flow(self) -> bool:
        """Whether some function of the file, or its top level, may lead to a forward that a rule judges."""
        if self._file.misses_brackets or any(outline.held_out for outline in self._files):
            return True
        tops = tuple(outline.uses[0] for outline in self._files)
        roots = [u for u in self._file.uses[1:] if u.name in self._file.names.functions]
        if self._matters(tops, in_module=False):
            return True
        return any(
            self._matters((u, *self._named(u.method_of)), in_module=self._in_module(u))
            for u in roots
            if not self._is_own(u)
        )

    def _in_module(self, uses: Uses) -> bool:
        return uses.name.rpartition(".")[0] in self._modules

    def _is_own(self, uses: Uses) -> bool:
        return self._in_module(uses) and uses.short in _OWN

    def _matters(self, roots: tuple[Uses, ...], *, in_module: bool) -> bool:
        lead = self._lead(roots)
        words = frozenset().union(*(u.names for u in lead.all))
        if words & _ALONE or {"zip", "parameters"} <= words:
            return True
        if in_module and not (words & {"eval", "train"} or any(self._builds(u) for u in lead.live)):
            return False  # nobody in view builds or switches the object that the method belongs to
        return any(map(self._runs, lead.live)) and self._has_role(lead, words)

    def _has_role(self, lead: Lead, words: frozenset[str]) -> bool:
        """Whether a forward may run with the graph off, in what is called an evaluation, or be looked at."""
        if any(u.off_for_good for u in lead.all) or any(u.attributes & _READ for u in lead.live):
            return True
        blocks = [block for u in lead.all for block in u.off]
        blocks += [u for u in lead.all if names_an_evaluation(u.name)]
        return any(self._runs(u) for block in blocks for u in self._lead((block,)).live)

    def _runs(self, uses: Uses) -> bool:
        """Whether it may call a model: a variable, a member that is assigned or called like one."""
        if uses.variables or uses.imported & self._shared or uses.members & _CALLED:
            return True
        return any(m in self._assigned or m in self._switched or names_a_model(m) for m in uses.members)

    def _builds(self, uses: Uses) -> bool:
        return uses.builds or any(u.short == "__init__" for name in uses.names for u in self._named(name))

    def _named(self, name: str) -> list[Uses]:
        return self._by_name.get(self._other_names.get(name, name), [])

    def _lead(self, roots: tuple[Uses, ...]) -> Lead:
        return Lead(self._closure(roots, live=False), self._closure(roots, live=True))

    def _closure(self, roots: tuple[Uses, ...], *, live: bool) -> tuple[Uses, ...]:
        """The roots and all that their names may mean, in turn; methods once their class is spoken of."""
        found: dict[int, Uses] = {}
        words = {u.method_of for u in roots} | {""}
        later: dict[str, list[Uses]] = {}  # by class
        waiting = list(roots)
        while waiting:
            uses = waiting.pop()
            if id(uses) in found or (live and uses.short == "__init__"):
                continue
            found[id(uses)] = uses
            for name in uses.names - words:
                words.add(self._other_names.get(name, name))
            for name in uses.names:
                for each in self._named(name):
                    (waiting if each.method_of in words else later.setdefault(each.method_of, [])).append(
                        each
                    )
            waiting += (u for cls in words & later.keys() for u in later.pop(cls))
        return tuple(found.values())
