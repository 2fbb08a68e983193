"""Code of the README and of the documentation: each page is one program."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def python_pages():
    """Yield the page and its program, for every page with code."""
    guide = sorted(ROOT.glob("docs/**/*.md"))
    for path in [ROOT / "README.md", *guide]:
        blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
        if blocks and "_build" not in path.parts:
            yield pytest.param("\n\n".join(blocks), id=str(path.relative_to(ROOT)))


@pytest.mark.slow
@pytest.mark.parametrize("program", python_pages())
def test_the_blocks_of_a_page_run_from_first_to_last(program, tmp_path):
    script = tmp_path / "page.py"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,  # what the blocks write stays out of the repository
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
