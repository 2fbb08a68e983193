import os
import signal
from pathlib import Path

import numpy as np
import pytest

_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data():
    """Return a function that loads a real data set by name, or skips the test."""

    def load(name):
        path = Path(os.environ.get("SKATTN_DATA", _DATA)) / f"{name}.npz"
        if not path.is_file():
            pytest.skip(
                f"{path} does not exist; set $SKATTN_DATA to the folder of data"
            )
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)

    return load


@pytest.fixture
def on_interrupt():
    """Restore Python's handler of Ctrl-C, which the test runner may replace."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
