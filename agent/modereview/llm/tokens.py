"""How long a text is for a language model, near enough to choose by, with no tokenizer of any model.

`benchmarks/llm.py tokens PATH --against URL` compares it with a real tokenizer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from modereview.llm.protocol import Message

# Up to 7 letters of a word, 3 digits, a sign, an indentation: each about one token of a byte-pair code.
_PIECES = re.compile(r"[^\W\d_]{1,7}|\d{1,3}|_+|[^\w\s]|\n\s*|[ \t]{2,}")
_FRAME = 4  # what an endpoint puts around a message


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return sum(1 for _ in _PIECES.finditer(text))


def tokens_of(messages: Sequence[Message]) -> int:
    """About how many tokens a conversation has."""
    return sum(tokens(message.content) + _FRAME for message in messages)
