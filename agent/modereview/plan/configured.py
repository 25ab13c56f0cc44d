"""What stands in for the options of a script, as a generated test and the probe have it.

Both run the same text, so they cannot drift apart. `HELD` is for packages that keep options and are not
installed: their classes give `Held`, which only the test of such a script has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

OPTIONS = '''\
class Options(dict):
    """Options by attribute and by key; a dict among them is one of these."""

    def __init__(self, *given, **named):
        for name, value in dict(*given, **named).items():
            self[name] = Options(value) if type(value) is dict else value

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(f"'Options' object has no attribute '{name}'")

    __setattr__ = dict.__setitem__
'''
HELD = '''\
class Held(Options):
    """What a package that is not installed keeps options in: values as they are set."""

    def __init__(self, *given, **named):
        options = dict(*[each for each in given if isinstance(each, dict)], **named)
        super().__init__(options)

    def clone(self):
        """Another one with the same values."""
        return copy.deepcopy(self)

    def freeze(self, *given, **named):
        """Nothing is locked, merged or told."""

    defrost = lock = unlock = merge_from_file = merge_from_list = freeze
'''
HELD_IMPORTS = ("import copy", "import re")
_PACKAGES = re.compile(
    r"^(easydict|yacs|ml_collections|omegaconf|munch|addict|box|dotmap|attrdict|tensorflow)\b"
)
_NAMES = (
    r"\b(EasyDict|AttrDict|ConfigDict|CfgNode|HParams|",
    r"Munch|DotMap|Box|OmegaConf\.create)",
)
_CALLED = """\
        if self._keeps_options():
            return Held(*args, **kwargs)
"""
_INHERITED = """\
        if self._keeps_options():
            return (Held,)
"""
_KEEPS = f"""

    def _keeps_options(self):
        names = r"{_NAMES[0]}" r"{_NAMES[1]}$"
        return re.search(names, self._extract_mock_name())
"""
_LOOKED_AT = 200  # files


def keep_options(packages: Iterable[str], script: Path) -> bool:
    """Whether one of these packages has classes that keep options, and a file beside the script names one."""
    if not any(_PACKAGES.match(package) for package in packages):
        return False
    files = (path for depth in ("*.py", "*/*.py") for path in sorted(script.parent.glob(depth)))
    texts = (
        p.read_text(encoding="utf-8", errors="replace") for p in islice(files, _LOOKED_AT) if p.is_file()
    )
    return any(re.search("".join(_NAMES), text) for text in texts)


def with_options(absent: str) -> str:
    """The stand-in for packages that gives `Held` for their classes of options."""
    called, inherited = "def __call__(self, *args, **kwargs):\n", "def __mro_entries__(self, bases):\n"
    head = '"""A mock that leaves what it decorates, and classes that inherit from it, alone."""\n'
    absent = absent.replace(called, called + _CALLED, 1).replace(inherited, inherited + _INHERITED, 1)
    return absent.replace(head, head.rstrip() + _KEEPS, 1)
