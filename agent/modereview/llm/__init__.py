"""llm: the model behind one small interface. Outside the corridor, which is handed it; imports no room.

Code leaves the machine only if a model is named: `connect` gives None otherwise, whatever keys there are.
Nothing of pydantic or openai is imported here: a review without a model does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modereview.llm.protocol import Answer, Message, Model, ModelError, Question, Spent
from modereview.llm.purse import Budget, Prices

__all__ = [
    "Answer",
    "Budget",
    "Message",
    "Model",
    "ModelError",
    "Options",
    "Prices",
    "Question",
    "Spent",
    "connect",
]


@dataclass(frozen=True)
class Options:
    """How a model is reached and what it may cost, as the settings say; they hold no key and no address."""

    budget: Budget = field(default_factory=Budget)
    timeout: float = 120.0  # seconds, for one attempt
    retries: int = 2
    side_by_side: int = 8
    temperature: float | None = None
    cache: bool = True
    context_tokens: int = 3000  # of the user's code in one question
    prompts_dir: Path | None = None
    record: Path | None = None
    replay: Path | None = None
    show: bool = False  # only show what would be asked


def connect(
    model_name: str | None,
    offline: bool,
    environ: Mapping[str, str],
    options: Options = Options(),
    tell: Callable[[str], None] = print,
) -> Model | None:
    """The model to ask, or None for a review without one.

    `environ` holds the client's own variables, OPENAI_API_KEY and OPENAI_BASE_URL. Nothing is sent or checked
    here: what is wrong with them is said by the first question. `tell` hears questions that are only shown.
    Raises ModelError for a folder of recordings that cannot be read.
    """
    if options.show:
        from modereview.llm.shown import Shown

        return Shown(tell)
    model: Model | None = None
    if options.replay is not None:
        from modereview.llm.exchanges import Replayed

        model = Replayed(options.replay)
    elif model_name and not offline:
        model = _endpoint(model_name, environ, options)
    if model is not None and options.record is not None:
        from modereview.llm.exchanges import Recorded

        model = Recorded(model, options.record)
    return model


def secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What must appear in no prompt, whatever it looks like."""
    return tuple(value.strip() for name in ("OPENAI_API_KEY",) if (value := environ.get(name, "")).strip())


def _endpoint(name: str, environ: Mapping[str, str], options: Options) -> Model:
    from modereview.llm.client import OpenAIModel

    model = OpenAIModel(
        name,
        key=environ.get("OPENAI_API_KEY", "").strip(),
        base_url=environ.get("OPENAI_BASE_URL", "").strip(),
        timeout=options.timeout,
        retries=options.retries,
        temperature=options.temperature,
    )
    if not options.cache:
        return model
    from modereview.llm.cache import Cached, user_cache

    return Cached(model, user_cache(), model.place)
