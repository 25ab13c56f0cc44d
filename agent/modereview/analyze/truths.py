"""What value sets say without a state: truth, comparisons, elements, the forwards that data comes from."""

from __future__ import annotations

from modereview.analyze.values import (
    NOTHING,
    Bound,
    Callable,
    ClassValue,
    Constant,
    Elements,
    External,
    Flag,
    Result,
    Thing,
    ValueSet,
)
from modereview.records import Mode

ANY = "?"  # the last part of an origin that is chosen while the program runs


def results(values: ValueSet) -> ValueSet:
    """The forwards that the values come from, those inside of tuples and dicts included."""
    found: set[Result] = set()
    for value in values:
        if isinstance(value, Result):
            found.add(value)
        elif isinstance(value, Elements):
            for item in value.items:
                found |= results(item)  # type: ignore[arg-type]
        elif isinstance(value, Bound):
            found |= results(value.owner)  # type: ignore[arg-type]
    return frozenset(found)


def elements(values: ValueSet) -> tuple[ValueSet, ...]:
    """The elements of a display of at most eight, in order; for a dict its keys. Empty where unknown."""
    known = [v for v in values if isinstance(v, Elements)]
    if len(known) != 1 or len(values) != 1 or len(known[0].items) > 8:
        return ()
    if known[0].keys is None:
        return known[0].items
    return tuple(constant(k) if isinstance(k, str | bool) else NOTHING for k in known[0].keys)


def truth(values: ValueSet) -> bool | None:
    """Whether the values are true in every case, false in every case, or neither is certain."""
    verdicts = {_truth_of(v) for v in values}
    return verdicts.pop() if len(verdicts) == 1 else None


def _truth_of(value: object) -> bool | None:
    match value:
        case Constant(constant):
            return bool(constant)
        case Flag(_, modes, negated) if len(modes) == 1:
            mode = next(iter(modes))[0]
            return None if mode is Mode.UNKNOWN else (mode is Mode.TRAIN) is not negated
        case Elements(items, _):
            return bool(items)
        case Callable() | ClassValue():
            return True
        case Thing(origin=origin) if origin in ("build", "library", "pretrained", "copy"):
            return True
        case _:
            return None


def is_none(values: ValueSet) -> bool | None:
    """Whether the values are None in every case, in no case, or neither is certain."""
    if values == constant(None):
        return True
    # Data that a forward made is no None, but whether it is true nobody knows: a call on it may give a flag.
    return False if values and all(isinstance(v, Result) or _truth_of(v) for v in values) else None


def constant(value: object) -> ValueSet:
    """A known value by itself."""
    return frozenset({Constant(value)})  # type: ignore[arg-type]


def negate(values: ValueSet) -> ValueSet:
    """`not values`."""
    flag = next((v for v in values if isinstance(v, Flag)), None)
    if flag is not None and len(values) == 1:
        return frozenset({Flag(flag.thing, flag.modes, not flag.negated)})
    known = truth(values)
    return NOTHING if known is None else constant(not known)


def compare(op: str, left: ValueSet, right: ValueSet) -> ValueSet:
    """`left op right` where both are known; nothing otherwise."""
    if op in ("is", "is not", "==", "!=") and right == constant(None):
        none = is_none(left)
        return NOTHING if none is None else constant(none is (op in ("is", "==")))
    a = {v.value for v in left if isinstance(v, Constant)}
    if len(a) != 1 or len(left) != 1:
        return NOTHING
    if op in ("in", "not in"):
        members = elements(right)
        known = {v.value for m in members for v in m if isinstance(v, Constant)}
        return constant((a <= known) is (op == "in")) if members and len(known) == len(members) else NOTHING
    b = {v.value for v in right if isinstance(v, Constant)}
    if len(b) == 1 and len(right) == 1 and op in ("==", "!=", "is", "is not"):
        return constant((a == b) is (op in ("==", "is")))
    return NOTHING


def asked_of_data(name: str, owner: ValueSet, given: tuple[ValueSet, ...]) -> ValueSet | None:
    """What a method of a dict or a text gives; None for other methods."""
    if name in ("startswith", "endswith") and len(given) == 1:
        return _begins_or_ends(name, owner, given[0])
    return _of_dict(name, owner) if name in ("items", "values", "keys") else None


def _begins_or_ends(name: str, text: ValueSet, affix: ValueSet) -> ValueSet:
    """`text.startswith(affix)`, `text.endswith(affix)` where both are known; nothing otherwise."""
    known = [v.value for values in (text, affix) for v in values if isinstance(v, Constant)]
    match known:
        case [str(whole), str(part)] if len(text) == len(affix) == 1:
            return constant(whole.startswith(part) if name == "startswith" else whole.endswith(part))
        case _:
            return NOTHING


def item(base: ValueSet, key: ValueSet) -> ValueSet:
    """`base[key]`: the element where both are known, else any of the elements."""
    wanted = {v.value for v in key if isinstance(v, Constant)}
    found: ValueSet = results(base)
    for known in (v for v in base if isinstance(v, Elements)):
        keys = known.keys if known.keys is not None else tuple(range(len(known.items)))
        hits = [item for k, item in zip(keys, known.items, strict=False) if len(wanted) == 1 and k in wanted]
        found = found.union(*(hits or known.items))
    # `models.__dict__[name]` is some member of the package.
    members = (v.name for v in base if isinstance(v, External) and v.name.endswith(".__dict__"))
    found |= {External(f"{name.removesuffix('.__dict__')}.{ANY}") for name in members}
    for thing in (v for v in base if isinstance(v, Thing)):
        index = next(iter(wanted)) if len(wanted) == 1 else "?"
        named = isinstance(index, str) and index.isidentifier()  # a ModuleDict gives `d["net"]` as `d.net`
        place = (thing.key, index) if named else (thing.key, "[]", index)
        found |= {Thing(place, f"{thing.label}[{index}]", "attribute", parent=thing)}
    return found


def _of_dict(name: str, owner: ValueSet) -> ValueSet:
    """What `items()`, `values()` or `keys()` of a dict display gives."""
    known = next((v for v in owner if isinstance(v, Elements) and v.keys is not None), None)
    if known is None or known.keys is None:
        return results(owner)
    keys = tuple(frozenset({Constant(k)}) if isinstance(k, str | bool) else NOTHING for k in known.keys)
    if name == "values":
        return frozenset({Elements(known.items)})
    if name == "keys":
        return frozenset({Elements(keys)})
    pairs = zip(keys, known.items, strict=True)
    return frozenset({Elements(tuple(frozenset({Elements(pair)}) for pair in pairs))})
