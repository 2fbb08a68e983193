import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
IN_GALLERY = [path for path in EXAMPLES if path.name.startswith("plot_")]
each = pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)


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


def test_every_example_but_the_demo_is_in_the_gallery():
    assert [path.stem for path in EXAMPLES if path not in IN_GALLERY] == ["demo"]


@pytest.mark.parametrize("script", IN_GALLERY, ids=lambda path: path.stem)
def test_page_of_the_gallery_has_a_title_and_an_introduction(script):
    page = ast.get_docstring(ast.parse(script.read_text()))
    title, underline, _, *introduction = page.splitlines()
    assert underline == "=" * len(title)
    assert introduction
