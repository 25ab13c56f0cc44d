"""llm: the model behind one small interface. Outside the corridor, which is handed it; imports no room.

Code leaves the machine only if a model is named: `connect` gives None otherwise, whatever keys there are.
"""

from __future__ import annotations

from collections.abc import Mapping

from modereview.llm.client import OpenAIModel
from modereview.llm.fake import FakeModel
from modereview.llm.meter import Meter
from modereview.llm.protocol import Answer, Message, Model, ModelError

__all__ = ["Answer", "FakeModel", "Message", "Meter", "Model", "ModelError", "OpenAIModel", "connect"]


def connect(model_name: str | None, offline: bool, environ: Mapping[str, str]) -> Model | None:
    """The model to ask, or None for a review without one.

    `environ` holds the client's own variables, OPENAI_API_KEY and OPENAI_BASE_URL. Nothing is imported,
    sent or checked here: what is wrong with them is said by the first question.
    """
    if offline or not model_name:
        return None
    key, base_url = environ.get("OPENAI_API_KEY", ""), environ.get("OPENAI_BASE_URL", "")
    return OpenAIModel(model_name, key=key.strip(), base_url=base_url.strip())
