"""What looks like a key, and paths of the machine, are masked in whatever is sent.

The analysis needs neither. A key that stands in the user's code is theirs, and stays on their machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
_KEY_LENGTH = 8  # characters of the shortest text that is taken for a key

_FORMATS = (
    r"\bsk-[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic and their like
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",  # AWS
    r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}",
    r"\bglpat-[\w-]{16,}",
    r"\bhf_[A-Za-z0-9]{20,}",
    r"\bxox[abeprs]-[\w-]{10,}",  # Slack
    r"\bAIza[\w-]{30,}",  # Google
    r"\bya29\.[\w-]{20,}",
    r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"\b(?:gsk|r8)_[A-Za-z0-9]{20,}",  # Groq, Replicate
    r"\b(?:nvapi|xai|pplx)-[\w-]{20,}",  # NVIDIA, xAI, Perplexity
    r"\bdapi[0-9a-f]{32}",  # Databricks
    r"\bSG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    r"(?<=AccountKey=)[\w+/]{40,}=*",  # Azure storage
    r"(?<=[\"'])[0-9a-f]{32,64}(?=[\"'])",  # Weights & Biases, and all that give hexadecimal ones
    r"\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}",
    r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",  # JSON web tokens
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)
_KEY = re.compile("|".join(_FORMATS))
# Answers may be huge: each expression begins where a word or a path does, so that none is read over and over.
# A text of 8 characters or more that is given to a name of a secret: WANDB_API_KEY = "...", password="...".
_NAMED = re.compile(
    r"(?i)(?P<name>(?<![\w.\"'\[\]-])[\w.\"'\[\]-]*"
    r"(?:api_?key|secret|passwd|password|access_?token|auth_?token|wandb_?key)[\w\"'\]]{0,40}"
    r"\s*[=:,]\s*)(?P<quote>[\"'])(?P<value>[^\"'\n]{8,})(?P=quote)"
)
_IN_ADDRESS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,30}://)[^\s/@\"']+@")
# Where the sandbox keeps its copy of a project, another place in each run, and where packages are installed.
_COPY = re.compile(r"(?<![\w.-])(?:/[^\s/\"'<>|:]+){1,64}/job-[0-9a-f]{8}/project(?:/|\b)")
_INSTALLED = re.compile(r"(?<![\w.-])(?:/[^\s/\"'<>|:]+){1,64}/(?=(?:site|dist)-packages/)")
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\+Users\\+)[^\s/\\\"'<>|:]+|/root(?=[/\s\"']|$)")


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without keys, passwords and places. `secrets` are masked whatever they look like.

    A short one is the word that a server of one's own is given for a key ("EMPTY", "x"), and may be a name in
    the code as well: it is masked as a literal only.
    """
    for secret in filter(None, secrets):
        short = rf"(?<=[\"']){re.escape(secret)}(?=[\"'])"
        text = text.replace(secret, MASK) if len(secret) >= _KEY_LENGTH else re.sub(short, MASK, text)
    text = _KEY.sub(MASK, text)
    text = _NAMED.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", text)
    text = _IN_ADDRESS.sub(rf"\g<scheme>{MASK}@", text)
    text = _INSTALLED.sub("", _COPY.sub("", text))
    return _HOME.sub("~", text)
