import re

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skattn import Graph, GraphAttentionClassifier
from skattn.inspection import explain
from skattn.preprocessing import MoleculeGraph

HOSTILE = "</script><b>"
OPTIONS = {"max_epochs": 2, "random_state": 0, "norm": "layer"}


def ring(names=None, seed=0):
    matrix = np.roll(np.eye(5), 1, axis=0)
    X = np.random.default_rng(seed).normal(size=(5, 2))
    nodes = None if names is None else pd.Index(names)
    return Graph(matrix + matrix.T, X, nodes=nodes)


def of_edges(names=None):
    clf = GraphAttentionClassifier(**OPTIONS).fit(ring(names), [0, 1, 0, 1, 1])
    return explain(clf, ring(names)[[0]])


def of_features():
    X = np.random.default_rng(0).normal(size=(30, 2))
    frame = pd.DataFrame(X, columns=["age", HOSTILE])
    clf = GraphAttentionClassifier(**OPTIONS).fit(frame, X[:, 0] > 0)
    return explain(clf, frame.iloc[:1], of="features")


def of_nodes():
    graphs = [ring(seed=k) for k in range(4)]
    clf = GraphAttentionClassifier(**OPTIONS).fit(graphs, [0, 1, 0, 1])
    return explain(clf, graphs[:1])


def of_atoms():
    pytest.importorskip("rdkit")
    smiles = ["CCO", "CC(=O)O", "c1ccccc1", "CCN"]
    clf = GraphAttentionClassifier(**OPTIONS)
    model = make_pipeline(MoleculeGraph(), clf).fit(smiles, [0, 1, 0, 1])
    return explain(model, ["CC(=O)O"])


@pytest.mark.parametrize("explanation", [of_edges, of_features, of_nodes, of_atoms])
def test_a_page_asks_for_nothing_and_is_written_to_a_file(explanation, tmp_path):
    found = explanation()
    page = found.to_html(tmp_path / "why.html")
    assert (tmp_path / "why.html").read_text(encoding="utf-8") == page
    assert "default-src 'none'" in page
    addresses = re.findall(r"https?://[^\"' ]*", page)
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert found._repr_html_().startswith("<iframe srcdoc=")


def test_hostile_names_are_text():
    assert HOSTILE not in of_features().to_html()
    names = ["a", HOSTILE, "c", "d", "e"]
    assert HOSTILE not in of_edges(names).to_html()


def test_bars_are_as_long_as_the_scores():
    explanation = of_features()
    page = explanation.to_html()
    lengths = [float(x) for x in re.findall(r'<rect [^>]*width="([0-9.]+)"', page)]
    scores = np.array([abs(score) for *_, score in explanation.top()])
    shares = np.array(lengths) / lengths[0]
    np.testing.assert_allclose(shares, scores / scores[0], atol=1e-3)


def test_a_molecule_is_drawn_with_tinted_atoms():
    explanation = of_atoms()
    assert {name for name, _ in explanation.top()} == {"C0", "C1", "O2", "O3"}
    page = explanation.to_html()
    assert page.count("<svg") == 2
    assert page.count("<ellipse") == 4
    image = explanation.plot().images[0].get_array()
    assert np.ptp(np.asarray(image)[..., :3], axis=-1).max() > 0.2


def test_several_answers_have_a_line():
    clf = GraphAttentionClassifier(**OPTIONS).fit(ring(), [0, 1, 0, 1, 1])
    explanation = explain(clf, ring())
    assert "n_answers=5" in explanation._repr_html_()
    with pytest.raises(ValueError, match=r"explanation\[0\]\.to_html"):
        explanation.to_html()
