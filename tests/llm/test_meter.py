"""The one door to a model: keys stay here, the budget holds, a dead endpoint is not asked twice."""

from __future__ import annotations

import asyncio

import pytest
from modereview.llm import Answer, Budget, Message, ModelError, Prices, Spent
from modereview.llm.fake import FakeModel
from modereview.llm.meter import Failed, Meter
from modereview.llm.protocol import NotSentError
from modereview.llm.purse import ANSWER_TOKENS, Purse

TOLD = Spent(1000, 200)
YES = '{"word": "yes", "reasons": []}'


@pytest.fixture
def ask(question):
    """Asks a meter so many questions, one after the other."""

    def asked(meter: Meter, count: int = 1) -> list[object]:
        return [asyncio.run(meter.ask(question(f"question {i}"))) for i in range(count)]

    return asked


class Known:
    """Answers at a fixed price."""

    name = "known"

    def __init__(self, value, spent=TOLD, cached=False) -> None:
        self.answer = Answer(value, "", spent, cached)
        self.asked = 0

    async def ask(self, question):
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer


@pytest.fixture
def known(shape):
    def made(**options) -> Known:
        return Known(shape(word="yes", reasons=()), **options)

    return made


def test_value_comes_back_and_is_counted(ask, shape):
    meter = Meter(FakeModel([YES, YES]))
    assert ask(meter, 2) == [shape(word="yes", reasons=())] * 2
    assert meter.usage.calls == 2 and meter.usage.tokens > 0 and meter.usage.cost is None


def test_what_the_endpoint_tells_counts_else_what_was_reckoned(ask, known):
    told, silent = Meter(known()), Meter(known(spent=Spent()))
    ask(told), ask(silent)
    assert told.usage.tokens == 1200
    assert ANSWER_TOKENS < silent.usage.tokens < ANSWER_TOKENS + 50


def test_answer_without_sense_can_be_asked_for_again(ask):
    (failed,) = ask(Meter(FakeModel(["Nonsense."])))
    assert isinstance(failed, Failed) and failed.again is not None
    said, complaint = failed.again.messages[-2:]
    assert said == Message("assistant", "Nonsense.")
    assert complaint.role == "user" and "could not be read" in complaint.content


def test_failure_of_one_question_costs_only_itself(ask, shape):
    meter = Meter(FakeModel([ModelError("Held back.", lasting=False), YES]))
    assert ask(meter, 2) == [Failed("the model gave no answer"), shape(word="yes", reasons=())]
    assert meter.usage.error == "Held back."


def test_after_a_lasting_failure_nothing_more_is_sent(ask):
    model = FakeModel([ModelError("Refused."), ModelError("Refused later.")])
    meter = Meter(model)
    assert all(isinstance(answer, Failed) for answer in ask(meter, 5))
    assert len(model.prompts) == 1
    assert meter.usage.error == "Refused."


@pytest.mark.parametrize(
    ("budget", "paid"),
    [
        (Budget(calls=2), 2),
        (Budget(calls=0), 0),
        (Budget(tokens=1200 + ANSWER_TOKENS + 100), 2),
        (Budget(cost=0.0035, prices=Prices(1.0, 2.0)), 1),
    ],
    ids=["calls", "none", "tokens", "cost"],
)
def test_call_that_the_budget_does_not_allow_is_not_made(ask, known, budget, paid):
    model = known()
    meter = Meter(model, Purse(budget))
    answers = ask(meter, 6)
    assert model.asked == paid == meter.usage.calls
    assert all(isinstance(answer, Failed) for answer in answers[paid:])
    assert "the budget of" in meter.usage.error and "went on without the model" in meter.usage.error


def test_calls_at_the_same_time_do_not_share_the_last_of_the_budget(known, question):
    model = known()
    meter = Meter(model, Purse(Budget(tokens=2 * ANSWER_TOKENS)))

    async def all_at_once() -> None:
        await asyncio.gather(*(meter.ask(question()) for _ in range(5)))

    asyncio.run(all_at_once())
    assert model.asked == 1


def test_purse_is_shared_by_the_files_of_a_run(ask, known):
    purse = Purse(Budget(calls=3))
    first, second = Meter(known(), purse), Meter(known(), purse)
    ask(first, 2), ask(second, 2)
    assert (first.usage.calls, second.usage.calls) == (2, 1)


def test_price_is_reckoned_where_it_is_known(ask, known):
    meter = Meter(known(), Purse(Budget(prices=Prices(input=2.0, output=10.0))))
    ask(meter, 2)
    assert meter.usage.cost == pytest.approx(2 * (1000 * 2.0 + 200 * 10.0) / 1e6)


def test_answer_that_was_known_costs_nothing(ask, known):
    meter = Meter(known(cached=True), Purse(Budget(calls=1)))
    ask(meter, 3)
    assert (meter.usage.calls, meter.usage.cached, meter.usage.tokens) == (0, 3, 0)


def test_keys_do_not_go_out_whatever_they_look_like(question):
    model = FakeModel([YES])
    meter = Meter(model, secrets=("plain-words",))
    asyncio.run(meter.ask(question("it is plain-words, or sk-abcdefghijklmnopqrstuvwx")))
    assert model.prompts[0][1].content == "it is ***, or ***"


def test_fake_model_says_when_its_script_is_over(ask):
    meter = Meter(FakeModel([]))
    ask(meter)
    assert "more often" in meter.usage.error


def test_fake_model_answers_by_prompt_and_lets_a_test_look(question):
    seen = []
    model = FakeModel({"tests": [YES]}, check=lambda asked: seen.append(asked.subject))
    meter = Meter(model)
    assert isinstance(asyncio.run(meter.ask(question(prompt="recipe"))), Failed)
    assert seen == ["Net of train.py"]


def test_question_that_is_not_sent_is_no_call(question):
    """A key that lacks, a replay without an answer."""
    meter = Meter(FakeModel([NotSentError("The model m needs a key.")]), Purse(Budget(calls=1, tokens=5000)))
    assert isinstance(asyncio.run(meter.ask(question())), Failed)
    assert (meter.usage.calls, meter.usage.tokens) == (0, 0)
    assert meter.usage.error == "The model m needs a key."
