"""What an error says of the data that it met: kinds of targets, sizes of a sample, parts of a batch."""

from __future__ import annotations

import ast
import math
import re

_CLASSES = ("class", "tokens", "map", "stream", "pair")
_REALS = ("same", "binary", "column", "flat", "unit", "odds", "inputs")
_TARGETS = (  # (message of a loss, the kinds of targets that it asks for)
    (r"0D or 1D target tensor expected|multi-target|1D target tensor expected", ("class", "stream", "pair")),
    (r"too many indices for tensor of dimension 1", ("labels", "tokens")),
    (r"only batches of spatial targets|spatial target", ("map",)),
    (r"match target batch_size|batch_size \(\d+\) to match", ("stream", "tokens", "class", "inputs")),
    (r"Found dtype Long but expected|floating point type for target|Float but found Long", _REALS),
    (r"but expected Long|type Long but found|(type|dtype)( to be)? Long|Long or Byte|IntTensor", _CLASSES),
    (r"between 0 and 1", ("binary", "unit", "inputs")),
    (r"Using a target size|[Tt]arget size \(?torch|must match the size of tensor", _REALS),
    (r"Target \d+ is out of bounds", ("pair",)),
)

OF_LOADERS = ("dataset", "sampler", "batch_size")  # stand-ins of one kind have them, of another not
_USUAL_SIDE = 224  # of the images that most large models are made for
_TOO_SMALL = re.compile(r"too small|Kernel size can't be greater|output size .*<= ?0", re.IGNORECASE)


def targets_wanted(error: str) -> tuple[str, ...]:
    """Kinds of targets that would not meet this error; empty where it does not tell."""
    return next((kinds for pattern, kinds in _TARGETS if re.search(pattern, error)), ())


def sample_wanted(error: str, given: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Sizes of one sample that a product or a `view` wanted: (28, 28) of `shape '[-1, 28, 28]'`."""
    if product := re.search(r"cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", error):
        got, wanted = map(int, product.groups())
        if len(given) < 3 or got in (*given, math.prod(given)):  # no layers of pictures on the way
            return (wanted,)
        return (given[0], *(round(side * math.sqrt(wanted / got)) for side in given[1:]))
    layer = re.search(r"expected input\[\d+, ([\d, ]+)\] to have (\d+) channels", error)
    if layer and tuple(map(int, layer.group(1).split(", "))) == given:  # the first layer refused
        return (int(layer.group(2)), *given[1:])
    if len(given) == 3 and given[-1] < _USUAL_SIDE and _TOO_SMALL.search(error):
        return (given[0], _USUAL_SIDE, _USUAL_SIDE)
    found = re.search(r"shape '(\[[-\d, ]+\])' is invalid for input of size", error)
    sizes = ast.literal_eval(found.group(1)) if found else []
    # A number of rows that the script writes down says nothing of one sample.
    return tuple(sizes[1:]) if sizes and sizes[0] < 0 < min(sizes[1:], default=0) else ()


def parts_wanted(error: str) -> int:
    """How many names an item is taken apart into; 0 where that was not the error."""
    found = re.search(r"values to unpack \(expected (\d+)", error)
    return int(found.group(1)) if found else 0


def more_wanted(error: str) -> bool:
    """Whether there were fewer samples than something splits."""
    return bool(re.search(r"greater than the number of (samples|members)", error))


def fewer_wanted(error: str) -> bool:
    """Whether more samples were drawn than had been collected."""
    return "larger than population" in error or "larger sample than population" in error


def wants_array(error: str) -> bool:
    """Whether numpy was wanted where a tensor was given."""
    return bool(
        re.search(r"expected np\.ndarray|'Tensor' object has no attribute '(astype|copy|toarray)'", error)
    )


def nothing_came(error: str) -> bool:
    """Whether a loop over data had no round."""
    return bool(re.search(r"^(UnboundLocalError|StopIteration)|num_samples=0|division by zero", error))


def of_code(error: str) -> bool:
    """Whether tensors of another kind would meet the same error: a name, a method or an item is not there."""
    lacks = re.search(r"^AttributeError: .* has no attribute '(\w+)'", error)
    if lacks:
        return lacks.group(1) not in OF_LOADERS
    return bool(
        re.search(r"^(NameError|FileNotFoundError|KeyError)|values to unpack|unexpected keyword", error)
    )
