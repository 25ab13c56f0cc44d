"""How a generated test, and the probe that found what to change, run a script itself: shortened, on the CPU.

Both run the same text, so they cannot drift apart. It reads `SCRIPT`, the absolute path of the script, and
calls `observed(call, where, module, output)`, which notes one forward.
"""

from __future__ import annotations

REHEARSAL = '''\
class Rehearsal(ast.NodeTransformer):
    """The script on the CPU, with some of its expressions changed."""

    def __init__(self, changes):
        self.changes = {key: ast.parse(changes[key]).body[0].value for key in changes}

    def visit(self, node):
        if isinstance(node, ast.Assign):
            name = f"{ast.unparse(node.targets[0])} ="
            node.value = self.changes.get(name, node.value)
        if isinstance(node, ast.keyword):
            node.value = self.changes.get(f"{node.arg}=", node.value)
        read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)  # what is assigned to stays
        text = ast.unparse(node) if isinstance(node, ast.expr) and read else ""
        if text.startswith(("'cuda", "f'cuda")):
            return ast.Constant("cpu")
        called = f"{ast.unparse(node.func)}(...)" if isinstance(node, ast.Call) else ""
        changed = self.changes.get(text, self.changes.get(called))
        return in_place_of(node, changed) if changed else self.generic_visit(node)


def in_place_of(node, changed):
    """A copy of what a node is changed to, on the node's own line."""
    changed = copy.deepcopy(changed)
    for part in ast.walk(changed):
        if hasattr(part, "lineno"):
            ast.copy_location(part, node)
    return changed


@mock.patch.object(nn.Module, "cuda", lambda self, *_, **__: self)
@mock.patch.object(torch.Tensor, "cuda", lambda self, *_, **__: self)
def rehearsed(changes, arguments=(), files=(), most=60):
    """Every forward that the script's own lines call, run in an empty folder."""
    forwards, path, home = [], str(SCRIPT), os.getcwd()

    def note(module, inputs, output):
        frame = sys._getframe(1)
        # Out of torch, which may trace or export, but not out of a layer that calls this one.
        while in_torch(frame) and frame.f_code.co_name != "forward":
            frame = frame.f_back
        own = frame.f_code.co_filename == path and not in_forward(frame)
        if own and list(module.parameters()):
            call = linecache.getline(path, frame.f_lineno).strip()
            where = f"forward {len(forwards) + 1} of the run, `{call}`"
            forwards.append(observed(call, where, module, output))
            if len(forwards) == most:
                sys.exit("enough is seen")

    def in_torch(frame):
        return frame.f_globals.get("__name__", "").partition(".")[0] == "torch"

    def in_forward(frame):
        if frame.f_code.co_filename == path and frame.f_code.co_name == "forward":
            return True
        return frame.f_back is not None and in_forward(frame.f_back)

    tree = Rehearsal(changes).visit(ast.parse(SCRIPT.read_bytes()))
    code = compile(ast.fix_missing_locations(tree), path, "exec", 0, True)
    names = {"__name__": "__main__", "__file__": path, "torch": torch, "nn": nn}
    names |= {"MagicMock": mock.MagicMock, "SimpleNamespace": SimpleNamespace}
    names["itertools"], folder = itertools, SCRIPT.parent
    while (folder / "__init__.py").exists():  # a package: its relative imports
        name, folder = f"{folder.name}.{names.get('__package__', '')}", folder.parent
        names["__package__"] = name.rstrip(".")
    handle = nn.modules.module.register_module_forward_hook(note)
    with contextlib.ExitStack() as stack, contextlib.suppress(SystemExit):
        stack.callback(handle.remove)
        os.chdir(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(os.chdir, home)
        for name in files:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            found = next(p / name for p in SCRIPT.parents if (p / name).exists())
            shutil.copy(found, name)
        stack.enter_context(mock.patch.object(sys, "argv", [path, *arguments]))
        stack.enter_context(mock.patch.object(sys, "path", [*sys.path, str(folder)]))
        exec(code, names)  # noqa: S102 (your own script)
    if len(forwards) == most and forwards[-1].graph:
        forwards.pop()  # left before a gradient could come back to it
    return forwards
'''
# What a change may name besides: of the test file; and whether an episode ends with this step.
HELPERS = {
    "AnyModel": "AnyModel",
    "Options": "Options",
    "ends": "itertools.cycle([False, False, False, True])",
}


def rehearsal_with(*helpers: str) -> str:
    """The same for changes that name these helpers."""
    named = ", ".join(f'"{name}": {HELPERS[name]}' for name in helpers)
    return REHEARSAL.replace("names |= {", f"names |= {{{named}, ", 1) if helpers else REHEARSAL


REHEARSAL_IMPORTS = (
    "import ast",
    "import contextlib",
    "import copy",
    "import itertools",
    "import linecache",
    "import os",
    "import shutil",
    "import sys",
    "import tempfile",
    "from pathlib import Path",
    "from types import SimpleNamespace",
    "from unittest import mock",
    "import torch",
    "from torch import nn",
)

OBSERVED = '''\
def observed(call, where, module, output):
    """One forward: its mode, and whether a gradient came back to it."""
    parts = list(module.modules())
    on = [part for part in parts if part.training]
    # Parts that are kept in EVAL do not save what else drops, or counts statistics.
    minded = [p for p in on if "Drop" in repr(type(p)) or hasattr(p, "running_mean")]
    train = len(on) == len(parts) or module.training and minded
    mode = "TRAIN" if train else "mixed" if on else "EVAL"
    graph = torch.is_grad_enabled()
    seen = SimpleNamespace(call=call, where=where, mode=mode, graph=graph)
    seen.trained = False
    for tensor in tensors(output):
        if tensor.requires_grad:
            tensor.register_hook(lambda grad: setattr(seen, "trained", True))
    return seen


def tensors(output):
    """All tensors in an output, which may be one or hold them in any depth."""
    if isinstance(output, torch.Tensor):
        return [output]
    if not isinstance(output, (list, tuple)):
        parts = output if isinstance(output, dict) else getattr(output, "__dict__", {})
        output = list(parts.values())
    return [tensor for part in output for tensor in tensors(part)]
'''

ABSENT = '''\
class StandIn(mock.MagicMock):
    """A mock that leaves what it decorates, and classes that inherit from it, alone."""

    def __call__(self, *args, **kwargs):
        given = args[0] if len(args) == 1 and not kwargs else None
        definition = inspect.isfunction(given) or inspect.isclass(given)
        if definition and self._mock_new_name not in ("map", "filter", "apply"):
            return given
        return super().__call__(*args, **kwargs)

    def __mro_entries__(self, bases):
        return (nn.Module,) if str(self._mock_new_name).endswith("Module") else ()


def stand_in_for(*packages):
    """Mocks for packages that cannot be imported here."""
    for package in packages:
        try:
            importlib.import_module(package)
        except Exception:  # noqa: BLE001 (whatever its import raises)
            parent, _, name = package.rpartition(".")
            sys.modules[package] = StandIn()
            if parent in sys.modules:
                setattr(sys.modules[parent], name, sys.modules[package])
'''
ABSENT_IMPORTS = (
    "import importlib",
    "import inspect",
    "import sys",
    "from unittest import mock",
    "from torch import nn",
)

WEIGHTS = '''\
def without_weights():
    """Pretrained weights are neither there nor downloaded: models keep their random ones."""
    load, load_state = torch.load, nn.Module.load_state_dict

    def loaded(file, *rest, **more):
        caller = sys._getframe(1)
        held = [*caller.f_locals.values(), *caller.f_globals.values()]
        of_models = any(isinstance(each, nn.Module) for each in held)
        missing = isinstance(file, (str, Path)) and not Path(file).exists()
        if missing and of_models and caller.f_globals.get("__name__") != "__main__":
            Path(torch.hub.get_dir(), Path(file).name).touch()
            return {}
        return load(file, *rest, **more)

    torch.load = loaded
    torch.hub.set_dir(tempfile.mkdtemp())
    torch.hub.download_url_to_file = lambda url, to, *rest, **more: torch.save({}, to)
    nn.Module.load_state_dict = lambda self, state, *rest, **more: (
        load_state(self, state, *rest, **more) if state else None
    )
'''
WEIGHTS_IMPORTS = (
    "import sys",
    "import tempfile",
    "from pathlib import Path",
    "import torch",
    "from torch import nn",
)

GPU = '''\
class OnTheCpu(TorchFunctionMode):
    """What the script sends to a GPU stays on the CPU."""

    def __enter__(self):
        for kind in ("FloatTensor", "LongTensor", "IntTensor", "ByteTensor"):
            setattr(torch.cuda, kind, getattr(torch, kind))
        for name in ("synchronize", "set_device", "reset_peak_memory_stats"):
            setattr(torch.cuda, name, lambda *args: None)
        return super().__enter__()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        by_number = function is torch.Tensor.to and type(args[-1]) is int
        if function is torch.Tensor.cuda or by_number:
            return args[0]
        named = {name: self.here(value) for name, value in (kwargs or {}).items()}
        return function(*map(self.here, args), **named)

    def here(self, value):
        """The CPU for a GPU, all else as it is."""
        device = str(value) if isinstance(value, (str, torch.device)) else ""
        return "cpu" if device.startswith("cuda") else value
'''
VIEWS = '''\
class OldViews(TorchFunctionMode):
    """`view` copies what does not lie in one piece: older versions of PyTorch laid it so."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.Tensor.view and not isinstance(args[-1], torch.dtype):
            function = torch.Tensor.reshape
        return function(*args, **(kwargs or {}))
'''
SCALARS = '''\
class OldScalars(TorchFunctionMode):
    """A number has an element 0, itself, as in older versions of PyTorch: `loss.data[0]`."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.Tensor.__getitem__ and args[0].dim() == 0:
            return args[0]
        return function(*args, **(kwargs or {}))
'''
PROCESS = '''\
class OneProcess:
    """This process is the whole group: what it sends comes from itself."""

    def __enter__(self):
        alone = {"get_rank": 0, "get_world_size": 1, "get_backend": "gloo"}
        sent = ("all_reduce", "reduce", "broadcast", "barrier", "init_process_group")
        for name, value in (alone | dict.fromkeys(sent)).items():
            answer = mock.MagicMock(return_value=value)
            setattr(torch.distributed, name, answer)
        torch.distributed.all_gather = lambda to, tensor, *_, **__: to[0].copy_(tensor)
'''
ITERATORS = '''\
class OldIterators:
    """An iterator over a loader has a `next` of its own, as in older versions of PyTorch."""

    def __enter__(self):
        torch.utils.data.dataloader._BaseDataLoaderIter.next = lambda self: next(self)
'''
PRETRAINED = '''\
class SmallPretrained:
    """What transformers would download: small models of the kind, random weights, in EVAL as from there."""

    def __enter__(self):
        hub = importlib.import_module("transformers")
        auto, pretrained = hub.models.auto, hub.PreTrainedModel
        kinds, any_kind = auto.CONFIG_MAPPING, auto.auto_factory._BaseAutoModelClass

        def small(kind, **options):
            layers = "num_hidden_layers", "num_layers", "encoder_layers", "decoder_layers"
            sizes = {"vocab_size": 1000, "intermediate_size": 32, **dict.fromkeys(layers, 2)}
            config, sizes = kind(), sizes | options  # widths stay: what the script builds on them fits
            for name in filter(lambda name: hasattr(config, name), sizes):
                setattr(config, name, sizes[name])
            return config

        def named(name, **options):
            found = [kind for kind in kinds if kind in str(name).lower()]
            return small(kinds[max(found, key=len, default="bert")], **options)

        def model(cls, name, *given, config=None, **options):
            config = config or small(cls.config_class, **options)
            own = inspect.signature(cls.__init__).parameters.keys() & options
            return cls(config, *given, **{name: options[name] for name in own}).eval()

        def of_kind(cls, name, *given, config=None, **options):
            config = config or named(name, **options)
            return model(cls._model_mapping[type(config)], name, config=config)

        pretrained.from_pretrained = classmethod(model)
        for each in (any_kind, *any_kind.__subclasses__()):
            each.from_pretrained = classmethod(of_kind)
        hub.PretrainedConfig.from_pretrained = classmethod(lambda cls, name, **options: small(cls, **options))
        hub.AutoConfig.from_pretrained = named
        for reads in (hub.AutoTokenizer, hub.PreTrainedTokenizerBase):
            reads.from_pretrained = mock.MagicMock()
'''
PRETRAINED_IMPORTS = ("import importlib", "import inspect", "from unittest import mock")
GPU_IMPORTS = ("import torch", "from torch.overrides import TorchFunctionMode")
