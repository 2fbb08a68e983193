"""Cases after public bug reports: scripts that print lines RIGHT or WRONG."""

import runpy
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parent


@pytest.fixture
def _default_dtype():
    """Restore torch's default dtype, which a case sets."""
    dtype = torch.get_default_dtype()
    yield
    torch.set_default_dtype(dtype)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("_default_dtype")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("g*.py")), ids=lambda p: p.stem)
def test_every_line_of_a_case_is_right(path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(FOLDER)
    runpy.run_path(str(path))
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert not [line for line in lines if not line.startswith("RIGHT ")]
