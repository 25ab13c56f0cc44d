"""Several questions at once: answers in order, one bill, no waiting for an endpoint that is dead."""

from __future__ import annotations

import asyncio

from modereview.llm import Answer, FakeModel, Message, Meter, ModelError
from modereview.records import Usage


def questions(count: int) -> list[tuple[Message, ...]]:
    return [(Message("user", f"question {i}"),) for i in range(count)]


def test_answers_keep_the_order_of_the_questions():
    class Slow:
        name = "slow"

        async def ask(self, messages):
            number = int(messages[0].content.split()[1])
            await asyncio.sleep(0.01 * (3 - number))
            return Answer(f"answer {number}")

    assert asyncio.run(Meter(Slow()).ask_all(questions(3))) == ["answer 0", "answer 1", "answer 2"]


def test_usage_counts_calls_and_tokens_over_several_rounds():
    meter = Meter(FakeModel(["one", "two"]))
    asyncio.run(meter.ask_all(questions(1)))
    asyncio.run(meter.ask_all(questions(1)))
    assert meter.usage == Usage(model="fake", calls=2, tokens=6)


def test_answer_that_fails_by_itself_costs_only_itself():
    meter = Meter(FakeModel([ModelError("Held back.", lasting=False), "two"]))
    assert asyncio.run(meter.ask_all(questions(2))) == [None, "two"]
    assert meter.usage.error == "Held back."


def test_lasting_failure_stops_what_was_not_sent_yet():
    model = FakeModel([ModelError("Refused."), *[ModelError("Refused later.")] * 9])
    meter = Meter(model)
    assert asyncio.run(meter.ask_all(questions(10))) == [None] * 10
    assert asyncio.run(meter.ask_all(questions(1))) == [None]
    assert len(model.prompts) < 10
    assert meter.usage.error == "Refused."


def test_fake_model_says_when_its_script_is_over():
    meter = Meter(FakeModel([]))
    assert asyncio.run(meter.ask_all(questions(1))) == [None]
    assert "more often" in meter.usage.error
