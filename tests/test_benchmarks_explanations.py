import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="benchmarks are beside the source only")

from benchmarks import _explanation_data as data
from benchmarks import explanations
from benchmarks._explanation_run import InaccurateError, Run, best_auc


def test_the_reason_of_a_motif_graph_has_the_edges_of_its_motif():
    made = data.motif_graphs(6, ("cycle", "house", "neither"))
    assert made.y.tolist() == [0, 1, 2, 0, 1, 2]
    assert [len(masks) for masks in made.reasons] == [1, 1, 0, 1, 1, 0]
    assert {graph.n_nodes for graph in made.X} == {25}
    cycle, house = (
        made.X[k].subgraph(np.flatnonzero(made.reasons[k][0])).adjacency for k in (0, 1)
    )
    assert sorted(np.diff(cycle.indptr)) == [2, 2, 2, 2, 2]
    assert sorted(np.diff(house.indptr)) == [2, 2, 2, 3, 3]


def test_planted_effects_are_those_of_the_mean_over_the_kind():
    graph, y = data.planted_means(60)
    X = np.asarray(graph.X)
    of_kind = graph.adjacency.toarray() * (X[:, 0] == 1)
    node = int(np.argmax(of_kind.sum(axis=1)))
    chosen = np.flatnonzero(of_kind[node])
    assert y[node] == pytest.approx(X[chosen, 1].mean())
    senders, effects = data.planted_effects(graph, node)
    assert senders.tolist() == np.flatnonzero(graph.adjacency.toarray()[node]).tolist()
    for sender, effect in zip(senders, effects, strict=True):
        rest = chosen[chosen != sender]
        assert effect == pytest.approx(y[node] - X[rest, 1].mean(), abs=1e-6)


def test_a_bump_is_where_its_mask_is():
    made = data.bumps(40)
    with_bump = [k for k in range(40) if made.y[k]]
    inside = [made.X[k][made.reasons[k][0], 1] for k in with_bump]
    assert {len(values) for values in inside} == {6}
    assert np.mean(inside) == pytest.approx(2.5, abs=0.3)
    assert all(not made.reasons[k] for k in range(40) if not made.y[k])


def test_the_atoms_of_a_pattern_are_marked():
    pytest.importorskip("rdkit")
    rings = data.molecules(40, "benzene")
    for smiles, label, masks in zip(rings.X, rings.y, rings.reasons, strict=True):
        assert label == (len(masks) > 0)
        assert all(mask.sum() == 6 for mask in masks)
        assert not masks or smiles.count("c") >= 6
    both = data.molecules(40, "carbonyl and alkane")
    for smiles, label, masks in zip(both.X, both.y, both.reasons, strict=True):
        assert len(masks) == label
        assert not label or ("=O" in smiles or "O=" in smiles)


def test_the_best_of_several_places_or_their_union_counts():
    first, second = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], bool)
    assert best_auc([first, second], np.array([9.0, 0.0, 1.0, 2.0])) == 1.0
    assert best_auc([first, second], np.array([9.0, 8.0, 1.0, 2.0])) == 1.0
    assert best_auc([first], np.array([0.0, 1.0, 1.0, 1.0])) == 0.0


def test_an_inaccurate_model_is_refused(monkeypatch, capsys):
    def row(run):
        """Measure nothing."""
        run.require("accuracy", 0.9 if run.seed else 0.5, 0.8)
        run.add("auto", "all", 0.75)

    floors = [("auto", "all", ">=", 0.7), ("auto", "house", ">=", 0.7)]
    monkeypatch.setitem(explanations.ROWS, "row", (row, floors))
    explanations.measure("row", [0, 1])
    shown = capsys.readouterr().out
    assert "seed 0 is refused" in shown
    assert "| auto | 0.750 |" in shown
    assert "auto, all: 0.750 >= 0.7: reached" in shown
    assert "auto, house: not measured" in shown
    with pytest.raises(InaccurateError):
        Run(0, quick=False).require("accuracy", 0.1, 0.5)


def test_the_table_has_the_range_of_several_seeds_and_floors_are_judged():
    means = {("auto", "removed"): [0.5, 0.7], ("random", "removed"): [0.8, 0.8]}
    assert "| auto | 0.600 [0.500-0.700] |" in explanations.table(means)
    (line,) = explanations.judged(means, [("auto / random", "removed", "<=", 0.7)])
    assert line.endswith("0.750 <= 0.7: MISSED")


@pytest.mark.slow
@pytest.mark.parametrize("row", ["planted", "benzene", "sequences", "motifs"])
def test_a_row_is_measured(row, monkeypatch, capsys):
    if row == "benzene":
        pytest.importorskip("rdkit")
    monkeypatch.setattr("sys.argv", ["explanations", row, "--quick", "--seeds", "0"])
    explanations.main()
    shown = capsys.readouterr().out
    assert "| auto |" in shown
    assert "| random |" in shown
