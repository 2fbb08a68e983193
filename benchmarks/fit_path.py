"""Count the function calls of a fit before training, and its moves between files.

``python -m benchmarks.fit_path`` traces ``fit(G[train], y)`` up to the call of
``train``. A move is a call in another file than the call before it. ``--of estimators``
counts the calls of one room only; ``--list`` prints them.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import skattn
from skattn import Graph, GraphAttentionClassifier

ROOT = Path(skattn.__file__).parent
Call = tuple[str, str]


def calls_before_training() -> list[Call]:
    """Return (file, function) of the calls in skattn, in order."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    edges = np.triu(rng.random((60, 60)) < 0.08, 1)
    view = Graph(sp.csr_array((edges | edges.T).astype(float)), X)[np.arange(40)]
    clf = GraphAttentionClassifier(max_epochs=1, random_state=0)
    clf.fit(view, y[:40])  # first, to exclude one-time work of the process
    calls: list[Call] = []

    def note(frame, event, _arg):
        path = Path(frame.f_code.co_filename)
        if event != "call" or not path.is_relative_to(ROOT):
            return
        if frame.f_code.co_name == "train":
            sys.setprofile(None)
        else:
            calls.append((str(path.relative_to(ROOT)), frame.f_code.co_name))

    sys.setprofile(note)
    clf.fit(view, y[:40])
    sys.setprofile(None)
    return calls


def main() -> None:
    """Print the numbers of calls, moves and files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", default="", metavar="ROOM", help="calls of one room")
    parser.add_argument("--list", action="store_true", help="print the calls")
    options = parser.parse_args()
    calls = [call for call in calls_before_training() if call[0].startswith(options.of)]
    if options.list:
        print(*(f"{file}: {function}" for file, function in calls), sep="\n")
    n_moves = sum(one[0] != other[0] for one, other in pairwise(calls))
    print(
        f"{len(calls)} calls, {n_moves} moves, {len({file for file, _ in calls})} files"
    )


if __name__ == "__main__":
    main()
