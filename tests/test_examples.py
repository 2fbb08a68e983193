import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch.distributed as dist

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
BY_TORCHRUN = [ROOT / "examples" / "shared_fit.py"]
IN_GALLERY = [path for path in EXAMPLES if path.name.startswith("plot_")]
each = pytest.mark.parametrize(
    "script",
    [path for path in EXAMPLES if path not in BY_TORCHRUN],
    ids=lambda path: path.stem,
)


@pytest.mark.slow
@each
def test_example_runs_to_its_end(script, tmp_path):
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout, "an example shows something"


@pytest.mark.slow
@pytest.mark.skipif(not dist.is_gloo_available(), reason="torch has no gloo here")
def test_example_of_several_processes_runs_in_two(tmp_path):
    (script,) = BY_TORCHRUN
    here = ["--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *here, script],
        cwd=tmp_path,
        env={
            **os.environ,
            "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "lo0",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 processes" in done.stdout
    assert "all models equal bit for bit: True" in done.stdout


def test_every_example_but_two_scripts_is_in_the_gallery():
    others = [path.stem for path in EXAMPLES if path not in IN_GALLERY]
    assert others == ["demo", "shared_fit"]


@pytest.mark.parametrize("script", IN_GALLERY, ids=lambda path: path.stem)
def test_page_of_the_gallery_has_a_title_and_an_introduction(script):
    page = ast.get_docstring(ast.parse(script.read_text()))
    title, underline, _, *introduction = page.splitlines()
    assert underline == "=" * len(title)
    assert introduction
