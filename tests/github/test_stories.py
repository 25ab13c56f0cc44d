"""What people see on a pull request, from its first push to its last."""

from __future__ import annotations

import pytest
from modereview.github import markers
from modereview.github.post import ReadOnly
from modereview.github.told import Suggestion
from stage.hub import ALL, Comment, Trouble
from stage.made import fingerprint, handover, reported, told

NEXT = "f" * 40


def pushed(hub, *findings, lines=None, **more):
    """The branch moved on: a handover of its new head. `lines`: where comments stand now."""
    hub.head = NEXT
    for thread in hub.threads:
        thread.line = (lines or {}).get(thread.line, thread.line)
    return handover(*findings, head=NEXT, **more)


def test_a_fault_gets_one_comment_with_its_fix_to_click_and_one_summary(hub, speak):
    speak(handover(told()))
    (thread,) = hub.threads
    body = thread.comments[0].body
    assert (thread.path, thread.line) == ("train.py", 13)
    assert "```suggestion\n        model.train()\n        for data in loader:\n```" in body
    assert "line 14: and still in EVAL here" in body
    assert "`test_training_runs_in_train_mode` fails here and passes with this fix" in body
    assert "<details><summary>The test that fails without a fix</summary>" in body
    (summary,) = hub.comments
    assert "finds 1 error in this change. 1 proved by a failing test, 1 with a proved fix." in summary.body


def test_all_comments_come_as_one_review(hub, speak):
    speak(handover(told("one", 14), told("two", 24)))
    assert len(hub.reviews) == 1
    assert hub.said() == [("train.py", 13, False), ("train.py", 23, False)]


def test_nothing_is_said_where_there_is_nothing_to_say(hub, speak):
    speak(handover())
    speak(handover(reported(severity="note")))
    speak(handover(reported(known=True, first=60, last=60, evidence=())))
    assert (hub.threads, hub.comments) == ([], [])


def test_a_second_run_repeats_nothing_and_writes_nothing(hub, speak):
    speak(handover(told()))
    hub.requests.clear()
    speak(handover(told()))
    assert {r.method for r in hub.requests if "graphql" not in r.url.path} == {"GET"}
    assert "mutation" not in "".join(r.content.decode() for r in hub.requests)


def test_a_mended_fault_is_struck_hidden_and_counted(hub, speak):
    speak(handover(told()))
    speak(pushed(hub))
    (thread,) = hub.threads
    assert thread.comments[0].body.startswith(markers.finding(fingerprint("one"), gone=True))
    assert f"**Resolved**: no longer found at {NEXT[:12]}." in thread.comments[0].body
    assert "```suggestion" not in thread.comments[0].body
    assert thread.comments[0].minimized
    assert not thread.resolved  # that needs `contents: write`
    (summary,) = hub.comments
    assert "no mode fault in this change. 1 told before, gone now." in summary.body


def test_its_thread_is_resolved_where_the_token_may(hub, speak):
    hub.rights = ALL
    speak(handover(told()))
    speak(pushed(hub))
    assert hub.threads[0].resolved


def test_a_thread_that_somebody_answered_is_left_alone(hub, speak):
    hub.rights = ALL
    speak(handover(told()))
    before = hub.threads[0].comments[0].body
    hub.threads[0].comments.append(Comment(99, "On purpose: this is a teacher.", "ada"))
    speak(pushed(hub))
    assert (hub.threads[0].resolved, hub.threads[0].comments[0].minimized) == (False, False)
    assert hub.threads[0].comments[0].body == before


def test_a_fault_that_comes_back_is_shown_again_in_its_thread(hub, speak):
    hub.rights = ALL
    speak(handover(told()))
    speak(pushed(hub))
    speak(pushed(hub, told()))
    (thread,) = hub.threads
    assert (thread.resolved, thread.comments[0].minimized) == (False, False)
    assert "Resolved" not in thread.comments[0].body


def test_what_was_not_run_is_folded_and_notes_are_no_findings(hub, speak):
    unreached = ("train.py: `Net` not reached: TypeError. Give it a default.",)
    speak(handover(told(), reported("two", severity="note"), notes=("Only read.",), not_run=unreached))
    (summary,) = hub.comments
    assert "finds 1 error in this change. 1 note in the annotations. 1 proved" in summary.body
    before, _, inside = summary.body.partition("<details><summary>What was not run, and why</summary>")
    assert "- Only read." in before
    assert "- train.py: `Net` not reached: TypeError. Give it a default.\n\n</details>" in inside


def test_after_a_force_push_nobody_is_told_twice(hub, speak):
    speak(handover(told("one", 14)))
    speak(pushed(hub, told("one", 19), lines={13: 18}))
    assert hub.said() == [("train.py", 18, False)]
    assert "```suggestion" in hub.threads[0].comments[0].body


def test_a_comment_whose_lines_are_gone_offers_no_click_that_would_hit_others(hub, speak):
    speak(handover(told("one", 14)))
    speak(pushed(hub, told("one", 19), lines={13: None}))
    body = hub.threads[0].comments[0].body
    assert len(hub.threads) == 1
    assert "```suggestion" not in body
    assert "```diff" in body
    assert "The fault lies at line 19." in body


def test_a_second_fault_is_told_beside_the_first(hub, speak):
    speak(handover(told("one", 14)))
    speak(pushed(hub, told("one", 14), told("two", 30)))
    assert hub.said() == [("train.py", 13, False), ("train.py", 29, False)]
    assert len(hub.comments) == 1
    assert "finds 2 errors" in hub.comments[0].body


def test_when_the_base_moves_what_was_told_stays_told(hub, speak):
    speak(handover(told()))
    speak(pushed(hub, told(known=True)))
    assert hub.said() == [("train.py", 13, False)]


def test_an_old_fault_is_one_line_in_the_summary(hub, speak):
    hub.files["train.py"] = "@@ -10,3 +10,4 @@\n a\n+b\n c\n d"
    speak(handover(told("new", 11, suggestion=None), reported("old", 90, known=True, evidence=())))
    assert len(hub.threads) == 1
    assert "1 finding in these files that the change does not touch." in hub.comments[0].body


def test_an_old_fault_that_the_change_touches_is_told(hub, speak):
    speak(handover(told(known=True)))
    assert len(hub.threads) == 1


def test_of_sixty_faults_the_gravest_twenty_are_told_at_their_lines(hub, speak):
    found = [
        told(n, 1 + n % 39, suggestion=None, severity="warning" if n % 2 else "error") for n in range(60)
    ]
    speak(handover(*found))
    assert len(hub.threads) == 20
    assert all("error" not in t.comments[0].body[:40] for t in hub.threads)
    assert hub.comments[0].body.count("\n- `train.py:") == 40
    speak(handover(*found))
    assert len(hub.threads) == 20


def test_a_proved_fix_outside_the_diff_is_a_patch_in_a_fold(hub, speak):
    speak(handover(told(suggestion=Suggestion(80, 80, "x\n"))))
    (thread,) = hub.threads
    assert thread.line == 14
    assert "```suggestion" not in thread.comments[0].body
    assert "<summary>The fix as a patch</summary>" in thread.comments[0].body


def test_a_fix_that_is_not_proved_is_never_a_suggestion(hub, speak):
    speak(handover(told(state="suggested", proved_by=())))
    body = hub.threads[0].comments[0].body
    assert "```suggestion" not in body
    assert "A possible fix, not proved:" in body


@pytest.mark.parametrize("sign", ["\f", "\u202e", "\x1b"], ids=ascii)
def test_a_fix_that_cannot_be_shown_to_the_letter_is_no_suggestion(hub, speak, sign):
    # A click would write what is shown in its place.
    speak(handover(told(suggestion=Suggestion(13, 13, f"    model.train()\n{sign}    # mark\n"))))
    assert "```suggestion" not in hub.threads[0].comments[0].body
    assert "The fix" in hub.threads[0].comments[0].body


def test_a_range_of_lines_is_marked_from_its_first_to_its_last(hub, speak):
    speak(handover(told(suggestion=Suggestion(12, 14, "a\nb\n"))))
    (comment,) = hub.reviews[0]["comments"]
    assert (comment["start_line"], comment["line"], comment["start_side"], comment["side"]) == (
        12,
        14,
        "RIGHT",
        "RIGHT",
    )


def test_a_range_over_two_hunks_is_no_suggestion(hub, speak):
    hub.files["train.py"] = "@@ -10,2 +10,3 @@\n a\n+b\n c\n@@ -20,2 +21,3 @@\n a\n+b\n c"
    speak(handover(told(line=11, suggestion=Suggestion(11, 22, "a\n"))))
    assert hub.threads[0].line == 11
    assert "```suggestion" not in hub.threads[0].comments[0].body


def test_a_file_over_the_limits_of_diffs_gets_a_comment_as_a_whole(hub, speak):
    hub.files["train.py"] = None
    speak(handover(told()))
    assert hub.threads[0].of_file
    assert "The fault lies at line 14." in hub.threads[0].comments[0].body


def test_a_deleted_file_gets_none(hub, speak):
    hub.statuses["train.py"] = "removed"
    speak(handover(told()))
    assert (hub.threads, hub.comments) == ([], [])


def test_its_comments_are_closed_when_a_file_is_deleted(hub, speak):
    speak(handover(told()))
    hub.statuses["train.py"] = "removed"
    speak(pushed(hub, reviewed=()))
    assert hub.threads[0].comments[0].minimized


def test_a_file_that_could_not_be_read_closes_nothing(hub, speak):
    speak(handover(told()))
    speak(pushed(hub, reviewed=()))
    assert not hub.threads[0].comments[0].minimized


def test_hundreds_of_files_and_threads_are_read_page_by_page(hub, speak):
    hub.files |= {f"other{n}.py": "@@ -1 +1 @@\n-a\n+b" for n in range(250)}
    speak(handover(*(told(n, 14, path=f"other{n}.py", suggestion=None) for n in range(120))), cap=120)
    assert len(hub.threads) == 120
    speak(handover(*(told(n, 14, path=f"other{n}.py", suggestion=None) for n in range(120))), cap=120)
    assert len(hub.threads) == 120


def test_two_runs_at_once_end_with_one_comment(hub, speak):
    hub.meanwhile = lambda: speak(handover(told()))
    speak(handover(told()))
    assert len(hub.threads) == 1
    assert len(hub.comments) == 1


def test_a_marker_in_a_strangers_comment_silences_nothing(hub, speak):
    from stage.hub import Thread

    forged = Comment(98, markers.finding(fingerprint("one")), "mallory")
    hub.threads.append(Thread("T98", "train.py", [forged], 13))
    hub.comments.append(Comment(99, f"{markers.SUMMARY}\nAll is well.", "mallory"))
    speak(handover(told()))
    assert [t.comments[0].author for t in hub.threads] == ["mallory", hub.viewer]
    assert [c.author for c in hub.comments] == ["mallory", hub.viewer]
    assert forged.body == markers.finding(fingerprint("one"))


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("status", [502, 0])
def test_a_review_whose_fate_is_unknown_is_posted_exactly_once(hub, speak, status, done):
    hub.trouble.append(Trouble("POST", "/reviews$", status, done=done))
    speak(handover(told()))
    assert len(hub.threads) == 1
    assert len(hub.comments) == 1


def test_a_line_that_github_does_not_take_becomes_a_comment_about_the_file(hub, speak):
    hub.trouble.append(Trouble("POST", "/reviews$", 422, body='{"message": "Unprocessable Entity"}'))
    hub.trouble.append(Trouble("POST", "/pulls/7/comments$", 422, body='{"message": "Validation Failed"}'))
    speak(handover(told("one", 14), told("two", 24)))
    assert sorted(t.of_file for t in hub.threads) == [False, True]
    about_file = next(t for t in hub.threads if t.of_file)
    assert "```suggestion" not in about_file.comments[0].body


def test_what_github_takes_nowhere_is_listed_in_the_summary(hub, speak):
    hub.trouble.append(Trouble("POST", "/(reviews|comments)$", 422, times=3))
    speak(handover(told()))
    assert hub.threads == []
    assert "- `train.py:14` **MR102 trains-in-eval-mode**" in hub.comments[0].body


def test_a_token_that_may_only_read_is_told_apart(hub, speak):
    hub.rights = frozenset()
    with pytest.raises(ReadOnly):
        speak(handover(told()))


def test_a_comment_deleted_by_hand_does_no_harm(hub, speak):
    speak(handover(told()))
    hub.trouble.append(Trouble("PATCH", "/pulls/comments/", 404, body='{"message": "Not Found"}'))
    speak(pushed(hub))
    assert hub.threads[0].comments[0].minimized


def test_minimising_that_is_refused_is_left(hub, speak):
    speak(handover(told()))
    hub.trouble.append(
        Trouble(
            "POST",
            "/graphql$",
            200,
            body='{"errors": [{"type": "FORBIDDEN", "message": "no"}]}',
            times=0,
        )
    )
    handed = pushed(hub)
    refuse = hub.answer

    def answer(request):
        if b"minimizeComment" in request.content:
            hub.trouble[-1].times = 1
        return refuse(request)

    hub.answer = answer
    log = speak(handed)
    assert "A thread was left open: no." in log
    assert "**Resolved**" in hub.threads[0].comments[0].body


def test_github_returning_windows_line_ends_is_no_difference(hub, speak):
    speak(handover(told()))
    for comment in (*hub.comments, hub.threads[0].comments[0]):
        comment.body = comment.body.replace("\n", "\r\n")
    hub.requests.clear()
    speak(handover(told()))
    assert hub.sent("PATCH", "") == []
