"""What is typed behind a script's name, told by its own complaints about it: argparse's and click's."""

from __future__ import annotations

import re

_CHOICES = re.compile(r"(?:invalid choice: '?([^' ]*)'? \(choose from|'([^']*)' is not one of) (.*)")
_KINDS = (  # (complaint, what is typed instead)
    (re.compile(r"invalid float value: '([^']*)'|'([^']*)' is not a valid float"), "0.1"),
    (re.compile(r"invalid [\w<>]+ value: '([^']*)'|'([^']*)' is not a valid integer"), "2"),
    (re.compile(r"(?:Path|File|Directory) '([^']*)' does not exist|'([^']*)': No such file"), "."),
)
_EITHER = re.compile(r"one of the arguments (\S+).* is required", re.DOTALL)
_LACKING = re.compile(r"arguments are required: (.+)|Missing (?:option|argument|parameter) '([\w-]+)")


def retyped(typed: tuple[str, ...], complaint: str) -> tuple[str, ...] | None:
    """The words with which this complaint is not made; None where it asks for none, or they are the same."""
    if lacking := _LACKING.search(complaint):
        names = [name.split("/")[0] for name in re.split(r",\s*", lacking.group(1) or lacking.group(2))]
        return (*typed, *(word for name in names for word in ([name, "x"] if name[0] == "-" else ["x"])))
    if either := _EITHER.search(complaint):
        return (*typed, either.group(1).split("/")[0], "x")
    if wrong := _CHOICES.search(complaint):
        words = re.findall(r"[\w.+-]+", wrong.group(3))
        word = next((w for w in words if re.search("train|fit", w)), (words or [""])[0])
        return _instead(typed, complaint, wrong.group(1) or wrong.group(2), word) if words else None
    for pattern, word in _KINDS:
        if wrong := pattern.search(complaint):
            return _instead(typed, complaint, wrong.group(1) or wrong.group(2), word)
    return None


def _instead(typed: tuple[str, ...], complaint: str, old: str, new: str) -> tuple[str, ...] | None:
    """The word behind the option that is complained of, else the first of its kind, is another."""
    named = [place + 1 for place, word in enumerate(typed) if word[0] == "-" and f"{word}" in complaint]
    places = [p for p in (*named, *range(len(typed))) if p < len(typed) and typed[p] == old]
    untyped = re.search(r"(?:Invalid value for|argument) '?(?:-\w, ?|-\w/)?(--[\w-]+)", complaint)
    if untyped and not places and untyped.group(1) not in typed:  # its own default is refused
        return (*typed, untyped.group(1), new)
    if not places or old == new:
        return None
    return (*typed[: places[0]], new, *typed[places[0] + 1 :])
