"""Where the mode flow of a file can lead to a finding: it takes most of the time of a static review.

Most files of a library define modules that nothing in view switches, evaluates or trains. Here names are
followed from function to function, without states and values. That errs on the side of yes: where this
says no, no forward gets a role that a rule judges, and the flow is not run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from modereview.analyze.handing import HANDED
from modereview.analyze.outline import Outline
from modereview.analyze.torchfacts import (
    DETACHING,
    READING,
    names_a_loading,
    names_a_model,
    names_an_evaluation,
)
from modereview.analyze.uses import Uses

# A training needs the first; the others hand a model to a library, which rules judge by itself.
_ALONE = frozenset({"backward"}) | HANDED
_READ = (READING | DETACHING | {"data"}) - {"no_grad"}
_CALLED = frozenset({"forward", "generate", "__call__"})
_CLASS = re.compile(r"(^|_)(cls|class|klass|type|factory)$")
_FUNCTION = re.compile(r"(^|_)(fn|func|function)$")
_MARKS = frozenset({"eval", "train", "requires_grad", "requires_grad_"})
_OPTIMIZES = frozenset({"parameters", "named_parameters", "step"})
_OWN = frozenset({"forward", "train", "eval", "__call__", "__init__"})  # of a module: torch calls them


@dataclass(frozen=True)
class Lead:
    """What a function leads to. `live` leaves out constructors: no rule judges a forward in one."""

    all: tuple[Uses, ...]
    live: tuple[Uses, ...]


@dataclass(frozen=True)
class Root:
    """A function that the flow may look at by itself, or the top level."""

    own: Uses
    lead: Lead
    matters: bool

    @cached_property
    def words(self) -> frozenset[str]:
        """All names in what it leads to."""
        return _words(self.lead)

    @cached_property
    def parts(self) -> frozenset[int]:
        """What it leads to, by identity."""
        return frozenset(map(id, self.lead.all))

    @cached_property
    def optimizes(self) -> bool:
        """Whether it may show that something is trained."""
        return any(u.optimizes or u.attributes & _OPTIMIZES for u in self.lead.all)

    @cached_property
    def marks(self) -> frozenset[int]:
        """What in it may switch, load or freeze a model, by identity."""
        return frozenset(id(u) for u in self.lead.all if u.attributes & _MARKS or any(map(_loads, u.called)))


def _loads(name: str) -> bool:
    """Whether a call of that name may bring weights; building a `PretrainedConfig` brings none."""
    return names_a_loading(name) and not name[:1].isupper()


class Worth:
    """Answers `roots()` for a file with its neighbours."""

    def __init__(self, files: Sequence[Outline], modules: frozenset[str]) -> None:
        """`files`: the one under review first. `modules`: names of the classes that are modules."""
        self._file, self._files, self._modules = files[0], files, modules
        self._module_words = frozenset(name.rpartition(".")[2] for name in modules)
        self._by_name: dict[str, list[Uses]] = {}
        for uses in (u for outline in self._files for u in outline.uses[1:]):
            self._by_name.setdefault(uses.short, []).append(uses)
            if uses.method_of:
                self._by_name.setdefault(f"{uses.method_of}.{uses.short}", []).append(uses)
        self._owners = frozenset(u.method_of for outline in self._files for u in outline.uses)
        self._followed: dict[int, tuple[frozenset[str], tuple[Uses, ...]]] = {}
        self._other_names = {a: b for outline in self._files for a, b in outline.aliases}
        self._assigned = frozenset().union(*(o.assigned for o in self._files))
        self._switched = frozenset().union(*(o.names.switched for o in self._files))
        self._shared = frozenset().union(*(o.shared for o in self._files[1:]))

    def roots(self) -> frozenset[str]:
        """What the flow has to look at by itself: functions, and "" for the top level. Empty for no flow."""
        functions = [u for u in self._file.uses[1:] if u.name in self._file.names.functions]
        if self._file.misses_brackets or any(outline.held_out for outline in self._files):
            return frozenset({"", *(u.name for u in functions)})
        top, *imported = (outline.uses[0] for outline in self._files)
        roots = [self._root(top)]
        roots += [self._root(u, *self._named(u.method_of)) for u in functions if not self._is_own(u)]
        needed = [root for root in roots if root.matters]
        if not needed:
            return frozenset()
        # What is imported runs first, and may mark models: what it runs itself is found in its own file.
        roots[0] = replace(roots[0], lead=self._lead((top, *imported)))
        variables = self._file.shared | self._shared
        return frozenset(root.own.name for root in roots if _is_needed(root, needed, variables))

    def _root(self, own: Uses, *of_class: Uses) -> Root:
        lead = self._lead((own, *of_class))
        return Root(own, lead, self._matters(own, lead, in_module=self._in_module(own)))

    def _in_module(self, uses: Uses) -> bool:
        return uses.name.rpartition(".")[0] in self._modules

    def _is_own(self, uses: Uses) -> bool:
        return self._in_module(uses) and uses.short in _OWN

    def _matters(self, own: Uses, lead: Lead, *, in_module: bool) -> bool:
        """Whether it may lead to a forward that a rule judges."""
        words = _words(lead)
        if any(map(self._hands_over, lead.all)) or {"zip", "parameters"} <= words:
            return True
        if in_module and not (words & {"eval", "train"} or any(self._builds(u) for u in lead.live)):
            return False  # nobody in view builds or switches the object that the method belongs to
        return any(self._runs(u, own) for u in lead.live) and self._has_role(lead, own, in_module=in_module)

    def _hands_over(self, uses: Uses) -> bool:
        """Whether it may train, or hand a model to a library: a file's own `trace` is none."""
        return any(
            name in uses.attributes or name in uses.imported or not self._own(name, uses)
            for name in uses.names & _ALONE
        )

    def _has_role(self, lead: Lead, own: Uses, *, in_module: bool) -> bool:
        """Whether a forward may run with the graph off, in what is called an evaluation, or be looked at.

        A module may look at what its own parts give while it computes: `x.max()` makes no evaluation of that.
        """
        if any(u.off_for_good for u in lead.all):
            return True
        if not in_module and any(u.attributes & _READ for u in lead.live):
            return True
        blocks = [block for u in lead.all for block in u.off]
        blocks += [u for u in lead.all if names_an_evaluation(u.name)]
        return any(self._runs(u, own) for block in blocks for u in self._lead((block,)).live)

    def _runs(self, uses: Uses, own: Uses) -> bool:
        """Whether it may call a model: a variable, a member that is assigned or called like one.

        Nobody in view says what the parameters of the root `own` hold; their names and annotations do.
        """
        unknown = own.given if uses is own or uses in own.off else frozenset()
        unknown -= {name for name, word in own.annotated if word in self._module_words}
        if uses.imported & self._shared or uses.members & _CALLED:
            return True
        if not all(map(_names_no_model, uses.variables - unknown)):
            return True
        names = uses.members | (uses.variables & unknown)
        if uses.fed & self._assigned or names & self._switched:
            return True
        return any(names_a_model(name) and not _names_no_model(name) for name in names)

    def _builds(self, uses: Uses) -> bool:
        return uses.builds or any(u.short == "__init__" for name in uses.names for u in self._named(name))

    def _named(self, name: str) -> list[Uses]:
        return self._by_name.get(self._other_names.get(name, name), [])

    def _meant(self, name: str, uses: Uses) -> list[Uses]:
        """What a name may mean in a function; one of the function's own file means that alone."""
        found = self._named(name)
        return found if name in uses.attributes else self._own(name, uses) or found

    def _own(self, name: str, uses: Uses) -> list[Uses]:
        """What of a function's own file a plain name in it may mean."""
        return [u for u in self._named(name) if u.module == uses.module and not u.method_of]

    def _lead(self, roots: tuple[Uses, ...]) -> Lead:
        return Lead(self._closure(roots, live=False), self._closure(roots, live=True))

    def _closure(self, roots: tuple[Uses, ...], *, live: bool) -> tuple[Uses, ...]:
        """The roots and all that their names may mean, in turn; methods once their class is spoken of."""
        found: dict[int, Uses] = {}
        classes = {u.method_of for u in roots} | {""}
        later: dict[str, list[Uses]] = {}  # by class
        waiting = list(roots)
        while waiting:
            uses = waiting.pop()
            if id(uses) in found or (live and uses.short == "__init__"):
                continue
            found[id(uses)] = uses
            spoken_of, meant = self._next(uses)
            classes |= spoken_of
            for each in meant:
                (waiting if each.method_of in classes else later.setdefault(each.method_of, [])).append(each)
            waiting += (u for cls in classes & later.keys() for u in later.pop(cls))
        return tuple(found.values())

    def _next(self, uses: Uses) -> tuple[frozenset[str], tuple[Uses, ...]]:
        """The classes that it speaks of, and what its names may mean: looked up once for all roots."""
        if id(uses) not in self._followed:
            names = (self._other_names.get(name, name) for name in uses.names)
            meant = tuple(each for name in uses.names for each in self._meant(name, uses))
            self._followed[id(uses)] = (self._owners.intersection(names), meant)
        return self._followed[id(uses)]


def _names_no_model(name: str) -> bool:
    """Whether people call classes so, or functions that are handed about, whose own body is looked at."""
    return bool(_CLASS.search(name) or (_FUNCTION.search(name) and not names_a_model(name)))


def _words(lead: Lead) -> frozenset[str]:
    return frozenset[str]().union(*(u.names for u in lead.all))


def _is_needed(root: Root, needed: list[Root], variables: frozenset[str]) -> bool:
    """Whether a root leads to a finding, calls one that does, or tells something of models in one."""
    if root.matters or (needed and root.optimizes):
        return True
    return any(id(o.own) in root.parts or _tells(root, o, variables) for o in needed)


def _tells(root: Root, other: Root, variables: frozenset[str]) -> bool:
    """Whether one may mark a model that both speak of: by a function, an object or a variable."""
    if root.marks <= other.parts:
        return False
    same_object = bool(root.own.method_of) and root.own.method_of == other.own.method_of
    return same_object or bool(root.parts & other.parts or root.words & other.words & variables)
