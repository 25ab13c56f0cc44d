"""Reports that a stranger's code may have written: the posting half believes none of them."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
from dataclasses import asdict, replace

import pytest
from modereview.errors import InputError
from modereview.github import handover as handovers
from modereview.github.escape import is_exact
from modereview.github.pull import Pull
from modereview.github.sarif import document
from modereview.github.told import Change, Step, Suggestion
from modereview.github.upload import upload
from stage.hub import NUMBER, REPOSITORY
from stage.made import fingerprint, handover, told
from stage.shown import HOSTILE, Shown, notifies_or_links

ALLOWED = {"p", "code", "pre", "details", "summary", "ol", "ul", "li", "strong", "sub"}


def as_json(**changes):
    """A sound report's plain values, some of them changed."""
    return {**asdict(handover(told())), **changes}


def refused(tmp_path, document):
    path = tmp_path / "h.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    with pytest.raises(InputError, match="Nothing of it is used"):
        handovers.read(path)


def finding(**changes):
    return as_json(findings=[{**asdict(told()), **changes}])


@pytest.mark.parametrize(
    "document",
    [
        as_json(version=2),
        as_json(number=1),  # whose pull request it is, is never the report's to say
        as_json(repository="octo/other"),
        as_json(head="main"),
        as_json(head="a" * 40 + "\n"),
        as_json(reviewed=["x"] * 3_001),
        finding(rule="<img src=x>"),
        finding(name="a b"),
        finding(fingerprint="../../../../etc"),
        finding(severity="fatal"),
        finding(state="verified"),
        finding(first=0),
        finding(first=-1),
        finding(first=2**70),
        finding(first="14"),
        finding(first=1.5),
        finding(message=["x"]),
        finding(message="x" * 2_001),
        finding(test="x" * 16_001),
        finding(path=""),
        finding(evidence=[{"line": 1, "text": "x"}] * 31),
        finding(surprise=True),
        [],
        None,
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": 1, "head": "\\ud800"}',
        b'{"version": NaN}',
    ],
    ids=lambda value: str(value)[-60:],
)
def test_a_report_out_of_shape_is_refused_in_a_sentence(tmp_path, document):
    refused(tmp_path, document)


def test_a_report_too_big_is_refused_unread(tmp_path):
    refused(tmp_path, b" " * 8_000_001)


def big(count, size):
    """A handover of a change that is huge, all of it in shape."""
    change = Change("m.py", "x" * size)
    findings = (told(n, 14, severity="note" if n % 2 else "error", test="x" * size) for n in range(count))
    return handover(*findings, mended=(change,) * 20, tests=(change,) * 20)


@pytest.mark.parametrize(
    ("count", "size", "kept"), [(10, 1_000, 10), (10, 600_000, 10), (1_500, 16_000, 1_500)], ids=str
)
def test_what_a_huge_change_leaves_is_written_small_enough_to_be_read(tmp_path, count, size, kept):
    made = big(count, min(size, 16_000))
    files = tuple(replace(each, content="x" * size) for each in made.mended)
    handovers.write(replace(made, mended=files), tmp_path / "h.json")
    read = handovers.read(tmp_path / "h.json")
    assert len(read.findings) == kept
    assert bool(read.mended) is (count * size < 100_000)
    assert read.reviewed == made.reviewed


def test_findings_that_find_no_room_are_not_taken_for_gone(tmp_path):
    long = ("x" * 2_000,) * 15
    found = [told(n, 14, facts=long, severity="note" if n < 900 else "error") for n in range(1_000)]
    handovers.write(handover(*found), tmp_path / "h.json")
    read = handovers.read(tmp_path / "h.json")
    assert len(read.findings) == 200
    assert {each.severity for each in read.findings[:100]} == {"error"}
    assert read.reviewed == ()
    assert read.notes[0] == "There is too much to hand over: 200 of 1000 findings, without tests and patches."


def test_a_link_a_pipe_and_a_folder_are_no_reports(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder", "missing"):
        with pytest.raises(InputError):
            handovers.read(tmp_path / name)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", ".github/workflows/ci.yml", "other.py", "train.py\nother.py"]
)
def test_files_that_the_diff_does_not_hold_are_not_spoken_of(hub, speak, path):
    speak(handover(told(path=path)))
    assert (hub.threads, hub.comments) == ([], [])


def test_lines_that_the_diff_does_not_hold_get_no_comment_at_them(hub, speak):
    speak(handover(told(line=9_999_999, evidence=(), suggestion=Suggestion(9_999_998, 9_999_999, "x\n"))))
    assert hub.threads[0].of_file


def test_a_range_that_runs_backwards_does_no_harm(hub, speak):
    speak(handover(told(first=20, last=10, suggestion=Suggestion(20, 10, "x\n"))))
    assert len(hub.threads) == 1
    assert hub.said()[0][1] in (20, None)


def test_two_thousand_findings_are_twenty_comments_and_a_count(hub, speak):
    speak(handover(*(told(n, 14, message="`x` " * 400) for n in range(2_000))))
    assert len(hub.threads) == 20
    assert len(hub.comments[0].body) <= 65_536


def test_one_finding_fifty_times_is_one_comment(hub, speak):
    speak(handover(*[told("same")] * 50))
    assert len(hub.threads) == 1


def everything(text, state="fixed"):
    """A finding that says the same hostile words wherever it can say any."""
    words, code = text[:1_000], text
    return told(
        message=words,
        evidence=(Step(14, words),),
        facts=(words,),
        proved_by=(words,),
        test=code,
        title=words,
        consequence=words,
        patch=code,
        cell=words,
        state=state,
        suggestion=Suggestion(14, 14, code),
    )


@pytest.mark.parametrize("state", ["fixed", "suggested", "proved", "reported"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_word_of_a_report_notifies_links_loads_or_leaves_its_place(hub, speak, text, state):
    speak(handover(everything(text, state), notes=(text,), not_run=(text,)), cap=1)
    speak(handover(everything(text, state), replace(everything(text), fingerprint=fingerprint("b"))), cap=1)
    bodies = [hub.threads[0].comments[0].body, hub.comments[0].body]
    for body in bodies:
        shown = Shown(body)
        assert set(shown.tags) <= ALLOWED
        assert not notifies_or_links(shown.plain.replace(hub.head[:12], ""))
        assert body.startswith("<!-- modereview:")
        clicks = state == "fixed" and body is bodies[0] and is_exact(text)
        assert shown.languages.count("suggestion") == clicks


@pytest.mark.parametrize("text", HOSTILE)
def test_nor_does_it_once_the_finding_is_gone(hub, speak, text):
    speak(handover(everything(text)))
    speak(handover())
    shown = Shown(hub.threads[0].comments[0].body)
    assert set(shown.tags) <= ALLOWED
    assert "suggestion\n" not in hub.threads[0].comments[0].body.replace(text, "")


def test_words_in_a_check_are_shown_as_they_are(hub):
    from modereview.github.check import check

    check(
        Pull(hub.client(), REPOSITORY, NUMBER), hub.head, [everything("a\x1b[31m\u202e@x")], "page", "error"
    )
    assert "\x1b" not in hub.checks[0]["annotations"][0]["message"]
    assert "\u202e" not in hub.checks[0]["annotations"][0]["message"]


@pytest.mark.parametrize("text", HOSTILE)
def test_words_for_code_scanning_link_nowhere(hub, text):
    (result,) = uploaded(hub, everything(text))["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    for said in (result["message"]["text"], *(step["location"]["message"]["text"] for step in steps)):
        assert not re.search(r"(?<!\\)\]\(|://|@\w|[\x00-\x1f\u202e]", said)


def test_code_scanning_hears_of_our_rules_and_of_files_of_the_diff_alone(hub):
    run = uploaded(
        hub, told("rule", rule="ZZ999"), told("path", path="other.py"), told("link", path="../x.py")
    )
    assert run["results"] == []
    assert {rule["id"][:2] for rule in run["tool"]["driver"]["rules"]} == {"MR"}


def uploaded(hub, *findings):
    """The run that code scanning is sent."""
    pull = Pull(hub.client(), REPOSITORY, NUMBER)
    upload(pull, hub.head, document(handover(*findings), pull.diff()))
    return json.loads(gzip.decompress(base64.b64decode(hub.uploads[0]["sarif"])))["runs"][0]
