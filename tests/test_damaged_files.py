"""Damaged and forged files, each kind of file in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize(("action", "times"), [("damage", 15), ("forge", 15)])
def test_damaged_files_are_refused_or_give_the_same_answers(action, times):
    command = [sys.executable, "-m", "benchmarks.damaged_files", "--action", action]
    ended = subprocess.run(
        [*command, "--times", str(times), "--seed", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    print(ended.stdout)  # noqa: T201 (with the seed)
    assert ended.returncode == 0, ended.stdout + ended.stderr
