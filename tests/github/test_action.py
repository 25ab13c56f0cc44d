"""The two actions, step by step as a runner takes them, on a pull request in a local repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml
from stage.hub import Hub
from stage.repository import CLEAN, FAULTY, Repository
from stage.runner import ROOT, Job
from stage.sandbox import needs_sandbox

ONLINE = os.environ.get("MODEREVIEW_TEST_INSTALL")
PATCH = "@@ -8,7 +8,7 @@\n a\n b\n c\n-old\n+new\n d\n e\n f"


@pytest.fixture
def server(hub):
    """The fake at an address of its own, as a program that is run from outside finds it."""

    class Handler(BaseHTTPRequestHandler):
        def do_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            url = f"https://api.github.test{self.path}"
            answer = hub.answer(httpx.Request(self.command, url, content=self.rfile.read(length)))
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PATCH = do_DELETE = do_any  # noqa: N815

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def jobs(tmp_path, server):
    """The two jobs of the workflow; the artifact is a folder that one leaves for the other."""
    repository = Repository(tmp_path / "work" / "train")
    event = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    artifact = tmp_path / "artifact"
    bin_folder = str(Path(sys.executable).parent)
    both = {"PATH": f"{bin_folder}:{os.environ['PATH']}"}

    def keep(given):
        shutil.copytree(given["path"], artifact)

    def fetch(given):
        shutil.copytree(artifact, given["path"])

    review = Job(tmp_path / "one", repository.folder, event, both, {"actions/upload-artifact": keep})
    empty = tmp_path / "empty"
    empty.mkdir()
    speak = {**both, "GITHUB_API_URL": server}
    post = Job(tmp_path / "two", empty, event, speak, {"actions/download-artifact": fetch})
    return review, post


@needs_sandbox
def test_from_the_branch_to_the_comment(hub: Hub, jobs):
    review, post = jobs
    hub.head = json.loads(review.event.read_text())["pull_request"]["head"]["sha"]
    hub.files["train.py"] = PATCH

    assert review.run("", checkout="false", version="installed") == 1, review.log
    assert (review.outputs["review"]["findings"], review.outputs["review"]["fixed"]) == ("1", "1")
    assert "::error file=train.py,line=14" in review.log
    assert "**modereview** finds 1 error in this change." in review.summary
    assert "t0ken" not in str(review._environ())

    assert post.run("post", version="installed") == 0, post.log
    (thread,) = hub.threads
    assert (thread.path, thread.line) == ("train.py", 11)
    assert "```suggestion\n    model.train()\n    # one epoch\n```" in thread.comments[0].body
    assert (len(hub.comments), len(hub.uploads)) == (1, 1)
    assert hub.checks[0]["conclusion"] == "failure"


PAGE = (ROOT / "docs" / "github.md").read_text().partition("```yaml\n")[2].partition("```")[0]
CALLER = yaml.safe_load(PAGE)["jobs"]["modereview"]
CALLED = yaml.safe_load((ROOT / ".github" / "workflows" / "review.yml").read_text())


@needs_sandbox
def test_the_five_lines_of_the_page_do_what_it_says(hub: Hub, jobs, tmp_path):
    review, post = jobs
    origin = tmp_path / "origin"
    review.workspace.rename(origin)

    def check_out(given):
        subprocess.run(["git", "clone", "--quiet", origin, review.workspace], check=True)
        subprocess.run(["git", "checkout", "--quiet", given["ref"]], cwd=review.workspace, check=True)
        assert (given["fetch-depth"], given["persist-credentials"]) == ("0", "False")

    review.uses = {**review.uses, "actions/checkout": check_out}
    hub.head = json.loads(review.event.read_text())["pull_request"]["head"]["sha"]
    hub.files["train.py"] = PATCH
    given = CALLER.get("with", {})
    assert review.run_called(CALLED, "review", given, version="installed") == 1, review.log
    assert post.run_called(CALLED, "post", given, version="installed") == 0, post.log
    assert "```suggestion" in hub.threads[0].comments[0].body
    assert (len(hub.comments), len(hub.uploads), hub.checks[0]["conclusion"]) == (1, 1, "failure")


def test_the_five_lines_grant_what_the_called_workflow_asks_for_and_no_more():
    # GitHub starts no run of a workflow whose jobs ask for more than their caller grants.
    asked = [set(job["permissions"].items()) for job in CALLED["jobs"].values()]
    assert set.union(*asked) == set(CALLER["permissions"].items())
    assert CALLED["jobs"]["review"]["permissions"] == {"contents": "read"}


def test_the_artifact_is_what_the_report_says_and_no_more(jobs, tmp_path):
    review, _ = jobs
    assert review.run("", checkout="false", version="installed", static="true", fail_on="never") == 0, (
        review.log
    )
    names = {path.name for path in (tmp_path / "artifact").rglob("*") if path.is_file()}
    assert names == {"handover.json", "modereview.sarif", "report.json"}


@pytest.mark.parametrize(
    ("given", "asked"), [({}, ("1", "")), ({"run_id": "77"}, ("77", "t0ken"))], ids=["own run", "another run"]
)
def test_only_another_runs_artifact_is_asked_of_the_api(jobs, given, asked):
    # With a token the download action asks the API, and that takes `actions: read`; without one it does not.
    _, post = jobs
    fetched = []
    post.uses = {"actions/download-artifact": fetched.append}
    post.run("post", version="installed", **given)
    assert [(each["run-id"], each["github-token"]) for each in fetched] == [asked]


def test_the_install_command_is_one_and_gets_no_key(jobs):
    review, _ = jobs
    review.environ = {**review.environ, "OPENAI_API_KEY": "sk-secret"}
    command = 'echo "installing with <${OPENAI_API_KEY}>" && false || echo "a second \'line\'"'
    given = {"checkout": "false", "version": "installed", "static": "true", "install": command}
    review.run("", **given)
    assert "installing with <>" in review.log
    assert "a second 'line'" in review.log


def test_an_install_that_fails_ends_the_job(jobs, tmp_path):
    review, _ = jobs
    assert review.run("", checkout="false", version="installed", static="true", install="exit 7") == 7
    assert not (tmp_path / "artifact").exists()


SPY = "import os; open(os.environ['RUNNER_TEMP'] + '/ran', 'a').write(__name__)\n"


@pytest.mark.parametrize("half", ["", "post"], ids=["review", "post"])
def test_modules_of_the_workspace_are_not_run_in_the_place_of_pythons(jobs, half):
    job = jobs[bool(half)]
    for name in ("venv", "pip", "torch", "json", "site", "sitecustomize"):
        (job.workspace / f"{name}.py").write_text(SPY)
    job.environ = {**job.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    job.uses = {**job.uses, "actions/download-artifact": lambda _: None}
    assert job.run(half, checkout="false") != 0
    assert "ERROR: " in job.log  # of pip, which has no index here
    job.run(half, checkout="false", version="installed", static="true")
    assert not (job.temp / "ran").exists()


@pytest.mark.skipif(
    not ONLINE, reason="MODEREVIEW_TEST_INSTALL is not set: it downloads what the action would"
)
def test_the_posting_half_installs_without_torch(hub, jobs):
    review, post = jobs
    hub.head = json.loads(review.event.read_text())["pull_request"]["head"]["sha"]
    review.run("", checkout="false", version="installed", static="true")
    assert post.run("post") == 0, post.log
    assert len(hub.threads) == 1
    assert not list(post.temp.glob("modereview-tool/lib/*/site-packages/torch"))
