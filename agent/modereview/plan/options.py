"""What the command line of a script gives when nothing is typed: the defaults of its options."""

from __future__ import annotations

import ast
import re

from modereview.plan import beside

_HOLDERS = frozenset("args opt opts cfg config conf hparams flags FLAGS hp params arguments".split())
_TRAINS = re.compile(r"^-+(do_|do-)?train(ing)?$")  # without the flag a script may do nothing
_PARSES = re.compile(r"(parse_(known_)?(args|opts?)\w*|get_(args|opts?|config)|options)$", re.IGNORECASE)
_TRAINS_AS_COMMAND = re.compile(r"train|fit|learn")
_BY_TYPE: dict[str, int | float | str | bool] = {"int": 2, "float": 0.1, "str": "", "bool": False}


def holder(name: str) -> bool:
    """Whether a name is one that parsed options go by."""
    return name in _HOLDERS


def holders(tree: ast.Module) -> list[str]:
    """The names that options go by in a file: the usual ones, and those that something parsed is bound to."""
    assigned = (n for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call))
    parsed = {ast.unparse(n.targets[0]) for n in assigned if _PARSES.search(ast.unparse(n.value.func))}  # type: ignore[attr-defined]
    return sorted(_HOLDERS | parsed)


def options(tree: ast.Module) -> dict[str, ast.expr]:
    """Destination -> default, of every `add_argument` call of the file."""
    found = (_option(n) for n in ast.walk(tree) if isinstance(n, ast.Call) and _adds(n))
    return dict(pair for pair in found if pair is not None)


def _option(call: ast.Call) -> tuple[str, ast.expr] | None:
    flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    keywords = {k.arg: k.value for k in call.keywords}
    if not flags:
        return None
    long = next((f for f in flags if f.startswith("--")), flags[0])
    dest = keywords.get("dest")
    name = str(dest.value) if isinstance(dest, ast.Constant) else long.lstrip("-").replace("-", "_")
    value = _value(keywords)
    return None if value is None else (name, value)


def _value(keywords: dict[str | None, ast.expr]) -> ast.expr | None:
    """The default; without one the first choice, the flag's resting state, or a value of its type."""
    action = keywords.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        return ast.Constant(action.value == "store_false")
    if "default" in keywords:
        return keywords["default"]
    choices = keywords.get("choices")
    if isinstance(choices, (ast.List, ast.Tuple)) and choices.elts:
        return choices.elts[0]
    kind = keywords.get("type")
    return ast.Constant(_BY_TYPE[kind.id]) if isinstance(kind, ast.Name) and kind.id in _BY_TYPE else None


def required(tree: ast.Module, configuration: str | None = None) -> list[str]:
    """What has to be typed for the script to start: a value for each option that must be given.

    `configuration` is a file for options that ask for one, and have none by default.
    """
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    adders = ("add_argument", "option", "argument")  # of argparse, and of click
    found = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in adders]
    compared, commands = _compared(tree), _commands(tree)
    chosen = next((c for c in commands if _TRAINS_AS_COMMAND.search(c[0])), (commands or [("", "")])[0])
    others = {parser for _, parser in commands} - {chosen[1]}
    before = [c for c in found if _parser(c) not in {chosen[1], *others}]
    behind = [c for c in found if chosen[1] and _parser(c) == chosen[1]]
    words = [[w for call in part for w in _typed(call, compared, configuration)] for part in (before, behind)]
    return [*words[0], *filter(None, [chosen[0]]), *words[1]]


def _commands(tree: ast.Module) -> list[tuple[str, str]]:
    """(subcommand, the name of its parser) of each that a command line takes."""
    assigned = {id(n.value): ast.unparse(n.targets[0]) for n in ast.walk(tree) if isinstance(n, ast.Assign)}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.args]
    adding = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "add_parser"]
    named = [
        (c.args[0].value, assigned.get(id(c), "")) for c in adding if isinstance(c.args[0], ast.Constant)
    ]
    return [(str(name), parser) for name, parser in named]


def _parser(call: ast.Call) -> str:
    """What an option is added to."""
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def batch_options(tree: ast.Module) -> list[str]:
    """The flags that set a batch size."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    texts = [
        [a.value for a in c.args if isinstance(a, ast.Constant)]
        for c in calls
        if ast.unparse(c.func).endswith(".add_argument")
    ]
    names = [str(flags[-1]) for flags in texts if flags]
    return [name for name in names if re.search(r"(?i)^-.*batch_?-?size$", name)]


def _compared(tree: ast.Module) -> dict[str, list[str]]:
    """The words that the script compares an option with: `args.net == "vgg16"`."""
    words: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            texts = [
                n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            ]
            for part in ast.walk(node):
                if isinstance(part, ast.Attribute):
                    words.setdefault(part.attr, []).extend(texts)
    return words


def configurations(tree: ast.Module) -> list[str]:
    """The defaults of the options that ask for a configuration file, empty where they have none."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and _adds(n)]
    defaults = [{k.arg: k.value for k in c.keywords}.get("default") for c in calls if beside.asks(_name(c))]
    return [str(d.value or "") if isinstance(d, ast.Constant) else "" for d in defaults]


def _name(call: ast.Call) -> str:
    """The option that a call adds, by its long name."""
    flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return next((f for f in flags if f.startswith("--")), flags[0] if flags else "")


def _adds(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"


def _typed(call: ast.Call, compared: dict[str, list[str]], configuration: str | None) -> list[str]:
    keywords = {k.arg: k.value for k in call.keywords}
    flag = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if not isinstance(flag, str):
        return []
    if configuration and "action" not in keywords and beside.asks(_name(call)):
        return [_name(call), configuration] if flag.startswith("-") else [configuration]
    needed, words = keywords.get("required"), compared.get(flag.lstrip("-").replace("-", "_"), [])
    if flag.startswith("-"):
        if _TRAINS.search(flag) and "action" in keywords:
            return [flag]
        chosen = bool(words) and not keywords.keys() & {"default", "action", "choices"}
        must = chosen or (isinstance(needed, ast.Constant) and needed.value is True)
        return [flag, _word(keywords, words)] if must else []
    count = keywords.get("nargs")
    optional = count is not None and re.search(r"[?*.]'$|REMAINDER$", ast.unparse(count))
    return [] if optional else [_word(keywords, words)]


def _word(keywords: dict[str | None, ast.expr], compared: list[str]) -> str:
    if compared and "choices" not in keywords:
        return "fake" if "fake" in compared else compared[0]
    value = _value({name: node for name, node in keywords.items() if name != "default"})
    return str(value.value) or "x" if isinstance(value, ast.Constant) else "x"
