"""What stands in for the options of a script, as a generated test and the probe have it.

Both run the same text, so they cannot drift apart. `HELD` is for packages that keep options and are not
installed: their classes give `Held`, which only the test of such a script has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    r"^(easydict|yacs|ml_collections|omegaconf|hydra|munch|addict|box|dotmap|attrdict|tensorflow)\b"
)
_CLASSES = r"\.(EasyDict|CfgNode|ConfigDict|HParams|Munch|AttrDict|DotMap|Box|OmegaConf\.create)$"
_CALLED = f"""\
        if re.search(r"{_CLASSES}", self._extract_mock_name()):
            return Held(*args, **kwargs)
"""
_INHERITED = f"""\
        if re.search(r"{_CLASSES}", self._extract_mock_name()):
            return (Held,)
"""


def keep_options(packages: Iterable[str]) -> bool:
    """Whether one of these packages has classes that keep options."""
    return any(_PACKAGES.match(package) for package in packages)


def with_options(absent: str) -> str:
    """The stand-in for packages that gives `Held` for their classes of options."""
    called, inherited = "def __call__(self, *args, **kwargs):\n", "def __mro_entries__(self, bases):\n"
    return absent.replace(called, called + _CALLED, 1).replace(inherited, inherited + _INHERITED, 1)
