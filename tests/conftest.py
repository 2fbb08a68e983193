import os
import signal
from pathlib import Path

import numpy as np
import pytest

_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data():
    """A function: the arrays of a real data set by name, or a skip with the reason."""

    def load(name):
        path = Path(os.environ.get("SKATTN_DATA", _DATA)) / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"{path} is not there; $SKATTN_DATA names the folder of data")
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)

    return load


@pytest.fixture
def on_interrupt():
    """Ctrl-C raises KeyboardInterrupt, whatever the test runner made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
