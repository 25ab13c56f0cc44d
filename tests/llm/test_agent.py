"""The loop: what passes its gate is kept, what fails goes back, and nobody waits for another."""

from __future__ import annotations

import asyncio

import pytest
from modereview.llm import ModelError
from modereview.llm.agent import Chain, Judged, pursue
from modereview.llm.fake import FakeModel
from modereview.llm.meter import Meter


def said(word: str) -> str:
    return f'{{"word": "{word}", "reasons": []}}'


@pytest.fixture
def chain(question):
    """A chain that keeps the word "good", sends "bad" back, and drops all others."""

    def made(name: str = "first") -> Chain:
        def gate(answer):
            if answer.word == "good":
                return Judged(kept=(f"{name} is good",))
            if answer.word == "bad":
                return Judged(again=(Chain(name, question("Again?"), gate, otherwise="it was bad"),))
            return Judged(dropped=((name, f"it was {answer.word}"),))

        return Chain(name, question(name), gate)

    return made


def run(chains, answers, **options) -> Judged:
    return asyncio.run(pursue(chains, Meter(FakeModel(answers)).ask, **options))


def test_what_passes_is_kept_and_the_rest_has_a_reason(chain):
    judged = run([chain("one"), chain("two")], [said("good"), said("odd")])
    assert judged == Judged(kept=("one is good",), dropped=(("two", "it was odd"),))


def test_what_fails_goes_back(chain):
    assert run([chain()], [said("bad"), said("bad"), said("good")]).kept == ("first is good",)


def test_repairs_are_bounded(chain):
    judged = run([chain()], [said("bad")] * 9)
    assert judged.dropped == (("first", "it was bad; given up after 3 repairs"),)


def test_answer_without_sense_is_one_of_the_rounds(chain):
    assert run([chain()], ["Hm.", "Hm.", said("good")]).kept
    assert "could not be read" in run([chain()], ["Hm."] * 9).dropped[0][1]


def test_no_answer_drops_with_what_there_was_to_mend(chain):
    (drop,) = run([chain()], [said("bad")]).dropped
    assert drop == ("first", "it was bad; the model gave no answer")


def test_what_a_dead_endpoint_never_proposed_is_not_dropped(chain):
    assert run([chain("one"), chain("two")], [ModelError("The key was refused.")]) == Judged()


def test_chains_do_not_wait_for_each_other(chain):
    """Each answers only once all have asked: one after the other they would wait for ever."""
    everybody = asyncio.Event()
    waiting = []

    async def ask(question):
        waiting.append(question)
        if len(waiting) == 3:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 5)
        return question.shape(word="good", reasons=())

    assert len(asyncio.run(pursue([chain(), chain(), chain()], ask)).kept) == 3


def test_no_more_questions_at_once_than_allowed(chain):
    under_way, most = 0, 0

    async def ask(question):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return question.shape(word="good", reasons=())

    asyncio.run(pursue([chain() for _ in range(9)], ask, side_by_side=2))
    assert most == 2
