"""The step that makes bubblewrap work, on a runner whose AppArmor keeps user namespaces back (Ubuntu 24.04).

The runner is played: its kernel's setting and its folder of profiles are laid over ours, and programs of its
own stand in for bubblewrap, which works once the profile is loaded, and for AppArmor's parser.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from stage.runner import ROOT
from stage.sandbox import needs_sandbox

PROFILE = """\
abi <abi/4.0>,
include <tunables/global>
profile modereview-bwrap PLACE/bwrap flags=(unconfined) {
  userns,
}
"""
PROGRAMS = {
    "bwrap": "#!/bin/sh\ntest -e PLACE/loaded\n",
    "apparmor_parser": '#!/bin/sh\ntest "$1" = --replace && cp $2 PLACE/loaded\n',
    "sudo": '#!/bin/sh\ntest "$1" = -n && shift && exec "$@"\n',
    "apt-get": '#!/bin/sh\necho "$*" >> PLACE/asked\n',
}


@pytest.fixture
def runner(tmp_path):
    """Runs the step; gives what it printed. `loads` is whether the kernel takes the profile."""
    place = tmp_path / "bin"
    place.mkdir()
    for name, text in PROGRAMS.items():
        (place / name).write_text(text.replace("PLACE", str(place)))
        (place / name).chmod(0o755)
    (tmp_path / "kernel").mkdir()
    (tmp_path / "apparmor.d").mkdir()
    laid = [
        "--bind",
        str(tmp_path / "kernel"),
        "/proc/sys/kernel",
        "--tmpfs",
        "/etc",
        "--ro-bind",
        "/etc/passwd",
    ]
    laid += ["/etc/passwd", "--bind", str(tmp_path / "apparmor.d"), "/etc/apparmor.d"]

    def run(restricted: str, loads: bool = True) -> str:
        (tmp_path / "kernel" / "apparmor_restrict_unprivileged_userns").write_text(f"{restricted}\n")
        if not loads:
            (place / "apparmor_parser").write_text("#!/bin/sh\nexit 1\n")
        words = ["env", "-i", f"PATH={place}:/usr/bin:/bin", str(ROOT / "scripts" / "action" / "walls")]
        bwrap = shutil.which("bwrap")
        assert bwrap
        done = subprocess.run(
            [bwrap, "--dev-bind", "/", "/", *laid, "--", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@needs_sandbox
def test_a_profile_for_bubblewrap_alone_is_loaded_where_apparmor_restricts(runner, tmp_path):
    assert runner("1") == ""
    expected = PROFILE.replace("PLACE", str(tmp_path / "bin"))
    assert (tmp_path / "bin" / "loaded").read_text() == expected
    assert not (tmp_path / "bin" / "asked").exists()


@needs_sandbox
@pytest.mark.parametrize(("restricted", "loads"), [("0", True), ("1", False)])
def test_where_nothing_helps_it_says_so_and_fails_nothing(runner, tmp_path, restricted, loads):
    assert runner(restricted, loads).startswith("::warning title=modereview::bubblewrap does not work")
    assert not (tmp_path / "bin" / "loaded").exists()


@needs_sandbox
def test_where_bubblewrap_works_nothing_is_done(runner, tmp_path):
    (tmp_path / "bin" / "loaded").touch()
    assert runner("1") == ""
    assert list((tmp_path / "apparmor.d").iterdir()) == []
