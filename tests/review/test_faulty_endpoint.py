"""Every fault of an endpoint in the whole command: the review ends as it would without a model, and says why.

Files of one content are reviewed in one run, and the endpoint fails at each in another way.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import time

import pytest

SCRIPT = """\
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return F.dropout(x)
"""
SETTINGS = "[tool.modereview.llm]\ntimeout = 8\nretries = 0\ncache = false\n"
HTML = "<html><body>Sign in</body></html>"
ECHO = '{"model": "m", "messages": [{"role": "user", "content": "Ready?"}]}'
TOOL = {"id": "1", "type": "function", "function": {"name": "shell", "arguments": "{}"}}


def dripping(handler):
    begin(handler)
    for _ in range(240):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def breaking(handler):
    begin(handler)
    handler.wfile.write(b'{"choices": [')


def resetting(handler):
    begin(handler)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())


def pouring(handler):
    begin(handler, 2**30)
    for _ in range(64):
        handler.wfile.write(b" " * 2**20)


def begin(handler, length=1000):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.flush()


def faults(answers):
    """By group and name of the file that meets it: the reply, and words of the sentence that tells it."""
    reply, said, no = answers.Reply, answers.completion, answers.refusal
    no_completion, no_answer = "did not answer as a Chat Completions endpoint", "gave an empty answer"
    return {
        "refusals": {
            "no_key": (no(401), "refused the key (401)"),
            "no_right": (no(403), "does not let this key"),
            "no_model": (no(404), "knows no model m"),
            "busy": (no(429), "takes no more requests"),
            "busy_for_long": (no(429, Retry_After="3600"), "takes no more requests"),
            "broken": (no(500), "failed (500)"),
            "gateway": (no(502), "failed (502)"),
            "overloaded": (no(529), "failed (529)"),
        },
        "connections": {
            "reset": (reply("", send=resetting), "cannot be reached"),
            "breaks_off": (reply("", send=breaking), "cannot be reached"),
            "hangs": (reply("{}", delay=10.0), "did not answer in time"),
            "drips": (reply("", send=dripping), "did not answer in time"),
            "pours": (reply("", send=pouring), "more than any answer needs"),
        },
        "replies": {
            "empty_body": (reply(""), "sent no Chat Completions answer"),
            "html": (reply(HTML, content_type="text/html"), no_completion),
            "html_502": (reply(HTML * 999, 502, "text/html"), "failed (502)"),
            "half_json": (reply('{"choices": [{"mess'), "sent no Chat Completions answer"),
            "other_json": (reply('{"choices": 3}'), no_completion),
            "echo": (reply(ECHO), no_completion),
        },
        "answers": {
            "no_choices": (reply('{"choices": []}'), no_answer),
            "empty_answer": (said(""), no_answer),
            "refuses": (said(None, refusal="I cannot help with that."), "declined to answer"),
            "filtered": (said("Half of", ended="content_filter"), "held back by a content filter"),
            "calls_a_tool": (said(None, ended="tool_calls", tool_calls=[TOOL]), "called a tool"),
            "no_room": (said("", ended="length"), "reached its length limit"),
            "wrong_schema": (said('{"word": "yes"}'), ""),
            "talks": (said("The weather is fine."), ""),
            "huge": (said("x" * 300_000), ""),
        },
    }


@pytest.fixture(scope="module")
def offline(tmp_path_factory, modereview):
    """What the report says of such a file without a model."""
    folder = tmp_path_factory.mktemp("offline")
    (folder / "net.py").write_text(SCRIPT)
    ran = modereview(folder / "net.py", "--check", "--offline", "--format", "json")
    return told(json.loads(ran.out)["files"][0]), ran.code


def told(file):
    """What a review found, proved and would write, without the names of the file."""
    findings = [(each["rule"], each["span"], each["state"]) for each in file["findings"]]
    tests = [(each["contract"], each["author"]) for each in file["tests"]["cases"]]
    return findings, tests, len(file["mutants"]["killed"])


@pytest.mark.parametrize("group", ["refusals", "connections", "replies", "answers"])
def test_no_fault_costs_a_review_anything_and_each_is_said(
    tmp_path, modereview, serving, answers, offline, group
):
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    met = faults(answers)[group]
    for name in met:
        (tmp_path / f"{name}.py").write_text(SCRIPT)

    def answer(request):
        (about,) = {name for name in met if f"`{name}.py`" in request["messages"][1]["content"]}
        return met[about][0]

    with serving() as endpoint:
        endpoint.answer = answer
        keys = {"OPENAI_API_KEY": "sk-mine-0123456789", "OPENAI_BASE_URL": endpoint.url}
        ran = modereview(tmp_path, "--check", "--model", "m", "--format", "json", **keys)
    report = json.loads(ran.out)
    files = {file["path"].removesuffix(".py"): file for file in report["files"]}
    assert files.keys() == met.keys() and not report["refused"]
    assert ran.code == offline[1] == 1
    for name, (_, words) in met.items():
        error = files[name]["model"]["error"]
        assert (name, told(files[name])) == (name, offline[0])
        assert words in error and bool(words) == bool(error), f"{name}: {error}"
        assert "\n" not in error and "sk-mine" not in error and not files[name]["internal_errors"]
    assert "Traceback" not in ran.err
