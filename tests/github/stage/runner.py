"""A runner for composite actions: it reads `action.yml` and runs the `run` steps as GitHub's would.

Steps that use other actions are handed to `uses`, by name. Of expressions it knows what our actions have.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
Uses = Callable[[dict[str, str]], None]


@dataclass
class Job:
    """One job on one machine: its files, its environment, and what its steps left."""

    folder: Path  # everything of the job's lies below it
    workspace: Path
    event: Path
    environ: Mapping[str, str]
    uses: Mapping[str, Uses] = field(default_factory=dict)  # "actions/checkout" -> what stands in for it
    log: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def run_called(
        self, workflow: dict[object, Any], job: str, given: Mapping[str, object], **more: str
    ) -> int:
        """The exit code of a job of a workflow that is called, with these inputs; `more` go to the action."""
        declared = workflow[True]["workflow_call"]  # YAML 1.1 reads `on` as a truth value
        context = {f"secrets.{name}": "" for name in declared["secrets"]}
        context |= {
            f"inputs.{name}": _text(given.get(name, about["default"]))
            for name, about in declared["inputs"].items()
        }
        (step,) = (each for each in workflow["jobs"][job]["steps"] if each["uses"].startswith("$/"))
        env = {name: self._filled(_text(value), context) for name, value in step.get("env", {}).items()}
        self.environ = {**self.environ, **env}
        inputs = {name: self._filled(_text(value), context) for name, value in step["with"].items()}
        return self.run(step["uses"].removeprefix("$/"), **inputs, **more)

    def run(self, action: str, **inputs: str) -> int:
        """The exit code of an action of this repository, given by its folder: "" or "post"."""
        self.temp.mkdir(parents=True, exist_ok=True)
        place = ROOT / action
        document = yaml.safe_load((place / "action.yml").read_text())
        context = {
            "github.action_path": str(place),
            "github.token": "t0ken",
            "github.run_id": "1",
            "github.event.pull_request.head.sha": json.loads(self.event.read_text())["pull_request"]["head"][
                "sha"
            ],
            "runner.temp": str(self.temp),
        }
        defaults = {name: str(given.get("default", "")) for name, given in document["inputs"].items()}
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        context |= {
            f"inputs.{name}": self._filled(text, context) for name, text in {**defaults, **given}.items()
        }
        code = 0
        for step in document["runs"]["steps"]:
            always = "cancelled()" in str(step.get("if", ""))
            if (code and not always) or not self._wanted(str(step.get("if", "true")), context):
                continue
            failed = self._step(step, context)
            code = code or failed
        return code

    def _step(self, step: dict[str, object], context: dict[str, str]) -> int:
        env = {key: self._filled(str(value), context) for key, value in dict(step.get("env", {})).items()}
        if "uses" in step:
            given = {key: self._filled(str(value), context) for key, value in dict(step["with"]).items()}
            self.uses[str(step["uses"]).partition("@")[0]](given)
            return 0
        return self._shell(str(step["run"]), str(step.get("id", "")), env)

    def _shell(self, script: str, identity: str, env: dict[str, str]) -> int:
        files = {
            name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")
        }
        for path in files.values():
            path.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
            cwd=self.workspace,
            env={**self._environ(), **env, **{name: str(path) for name, path in files.items()}},
            capture_output=True,
            text=True,
            check=False,
        )
        self.log += done.stdout + done.stderr
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        self.outputs[identity] = dict(line.split("=", 1) for line in lines)
        return done.returncode

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),  # of a checkout that is not installed
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(self.event),
            **self.environ,
        }

    def _wanted(self, condition: str, context: dict[str, str]) -> bool:
        """Comparisons with a text, joined by `&&`."""
        parts = condition.removeprefix("${{").removesuffix("}}").split("&&")
        return all(self._holds(part.strip(), context) for part in parts)

    def _holds(self, part: str, context: dict[str, str]) -> bool:
        if part in ("true", "!cancelled()"):
            return True
        found = re.fullmatch(r"([\w.-]+) (==|!=) '(.*)'", part)
        assert found, part
        return (self._value(found[1], context) == found[3]) is (found[2] == "==")

    def _filled(self, text: str, context: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self._either(found[1], context), text)

    def _either(self, expression: str, context: dict[str, str]) -> str:
        """`a && b || c` as GitHub takes it: the first that is not empty, or the last."""
        value = ""
        for alternative in expression.split(" || "):
            for name in alternative.split(" && "):
                value = self._value(name, context)
                if not value:
                    break
            if value:
                break
        return value

    def _value(self, name: str, context: dict[str, str]) -> str:
        if name.startswith("'"):
            return name.strip("'")
        if name.startswith("steps."):
            _, step, _, output = name.split(".")
            return self.outputs.get(step, {}).get(output, "")
        return context[name]


def _text(value: object) -> str:
    """A value of YAML as an expression shows it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
