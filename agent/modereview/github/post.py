"""Says what was decided, whatever GitHub answers.

Look, decide, speak, and look again: a run that was cut off, a write whose fate is unknown and two runs at
once all end in the same state, because each round starts from what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from modereview.github import graphql
from modereview.github.answers import Object, Refused
from modereview.github.client import Unclear
from modereview.github.decide import CAP, decide
from modereview.github.decision import Comment, Decision
from modereview.github.diff import Diff
from modereview.github.pull import Pull
from modereview.github.told import Handover
from modereview.report.words import amount

_ROUNDS = 4
_NOT_ALLOWED = (401, 403)
_GONE = (404, 410)
_UNPROCESSABLE = 422


class ReadOnly(Exception):
    """The token may not write here: a pull request from a fork, or permissions that are missing."""


@dataclass
class Poster:
    """One pull request that is spoken on. It remembers what GitHub would not take."""

    pull: Pull
    handover: Handover
    diff: Diff
    cap: int = CAP
    told: Callable[[str], None] = print  # hears in a sentence what was done, and what could not be
    _refused: set[str] = field(default_factory=set)  # fingerprints, and GraphQL ids

    def speak(self) -> None:
        """Make the pull request say what the handover does. Raises ReadOnly, ToolError."""
        for turn in range(_ROUNDS):
            decision = decide(self.handover, self.diff, self.pull.seen(), self.cap, frozenset(self._refused))
            if not self._anything(decision):
                return
            try:
                self._carry_out(decision)
            except Unclear:
                self.told(f"GitHub gave no clear answer; looking again ({turn + 1} of {_ROUNDS}).")
        self.told("Not all could be said. Run the job again: it goes on where this one stopped.")

    def _anything(self, decision: Decision) -> bool:
        hidden = (*decision.minimize, *decision.restore, *decision.resolve, *decision.reopen)
        lists = (decision.comments, decision.edits, decision.repeated, decision.repeated_summaries)
        return any(lists) or bool(decision.summary) or any(each not in self._refused for each in hidden)

    def _carry_out(self, decision: Decision) -> None:
        self._review(decision.comments)
        for edit in decision.edits:
            self._forgiving("PATCH", f"{self._comments}/{edit.comment}", {"body": edit.body})
        for document, ids in (
            (graphql.MINIMIZE, decision.minimize),
            (graphql.RESTORE, decision.restore),
            (graphql.RESOLVE, decision.resolve),
            (graphql.REOPEN, decision.reopen),
        ):
            self._where_allowed(document, ids)
        self._summary(decision)
        for comment in decision.repeated:
            self._forgiving("DELETE", f"{self._comments}/{comment}", {})
        for comment in decision.repeated_summaries:
            self._forgiving("DELETE", f"{self.pull.at}/issues/comments/{comment}", {})

    @property
    def _comments(self) -> str:
        return f"{self.pull.at}/pulls/comments"

    def _review(self, comments: tuple[Comment, ...]) -> None:
        """All comments at lines as one review, so that people are told once; else each by itself."""
        at_lines = [comment for comment in comments if comment.first]
        alone = [comment for comment in comments if not comment.first]
        if at_lines:
            body: Object = {
                "commit_id": self.handover.head,
                "event": "COMMENT",
                "body": f"{amount(len(at_lines), 'finding')} at the lines of this change.",
                "comments": [{"path": c.path, "body": c.body, **_lines(c)} for c in at_lines],
            }
            try:
                self._write("POST", f"{self.pull.at}/pulls/{self.pull.number}/reviews", body)
            except Refused as refused:
                self.told(f"GitHub takes no review of these comments ({refused}); each is tried by itself.")
                alone = [*at_lines, *alone]
        for comment in alone:
            self._alone(comment)

    def _alone(self, comment: Comment) -> None:
        """One comment: at its lines, else about its file, else it is left to the summary."""
        where = f"{self.pull.at}/pulls/{self.pull.number}/comments"
        base: Object = {"commit_id": self.handover.head, "path": comment.path}
        tries: list[Object] = [{**base, "body": comment.plain, "subject_type": "file"}]
        if comment.first:
            tries.insert(0, {**base, "body": comment.body, **_lines(comment)})
        for body in tries:
            try:
                self._write("POST", where, body)
                return
            except Refused as refused:
                self.told(f"GitHub takes no comment at {comment.path}:{comment.first} ({refused}).")
        self._refused.add(comment.fingerprint)

    def _summary(self, decision: Decision) -> None:
        if not decision.summary:
            return
        body: Object = {"body": decision.summary}
        if decision.summary_edit is None:
            self._write("POST", f"{self.pull.at}/issues/{self.pull.number}/comments", body)
        else:
            self._forgiving("PATCH", f"{self.pull.at}/issues/comments/{decision.summary_edit}", body)

    def _where_allowed(self, document: str, ids: Iterable[str]) -> None:
        """Hide or resolve; what is not allowed is left, and the comment's own words say it."""
        for each in ids:
            if each in self._refused:
                continue
            try:
                self.pull.client.mutate(document, {"id": each})
            except Refused as refused:
                self._refused.add(each)
                self.told(f"A thread was left open: {refused.reason}.")

    def _write(self, method: str, path: str, body: Object) -> None:
        """Raises ReadOnly where the token may not, Refused for another no."""
        try:
            self.pull.client.send(method, path, body)
        except Refused as refused:
            if refused.status in _NOT_ALLOWED:
                raise ReadOnly(refused.reason) from None
            raise

    def _forgiving(self, method: str, path: str, body: Object) -> None:
        """A write to what may be gone by now: somebody deleted the comment, or a run beside this one did."""
        try:
            self._write(method, path, body)
        except Refused as refused:
            if refused.status not in (*_GONE, _UNPROCESSABLE):
                raise
            self.told(f"A comment could not be changed ({refused}).")


def _lines(comment: Comment) -> Object:
    if comment.first == comment.last:
        return {"line": comment.last, "side": "RIGHT"}
    return {"start_line": comment.first, "start_side": "RIGHT", "line": comment.last, "side": "RIGHT"}
