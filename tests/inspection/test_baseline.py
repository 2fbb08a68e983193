import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection import explain, fidelity

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RNG.normal(50, 10, 24),
        "income": RNG.lognormal(10, 1, 24),
        "city": list("abc") * 8,
    }
)
NUMBERS = FRAME[["age", "income"]]
RING = np.roll(np.eye(24), 1, axis=0) + np.roll(np.eye(24), -1, axis=0)
Y = (FRAME.age > 50).to_numpy()
OPTIONS = {"n_layers": 1, "max_epochs": 5, "random_state": 0, "norm": "layer"}


def fitted(step, X):
    model = make_pipeline(step, GraphAttentionClassifier(**OPTIONS))
    return model.fit(X, Y, graphattentionclassifier__adjacency=RING)


def answer(model, table):
    """Return the log odds of True of row 0 of a transformed table."""
    p = model[-1].predict_proba(table, adjacency=RING)[0, 1]
    return np.log(p / (1 - p))


ENCODE = ColumnTransformer(
    [
        ("n", StandardScaler(), ["income"]),
        ("k", OneHotEncoder(sparse_output=False), ["city"]),
    ]
)


def test_a_column_of_the_user_is_removed_with_all_columns_that_are_made_of_it():
    model = fitted(ENCODE, FRAME)
    options = {"adjacency": RING, "classes": True, "of": "features"}
    found = explain(model, FRAME, **options)[0]
    table = model[:-1].transform(FRAME)
    without = table.copy()
    without[:, 1:] = table[:, 1:].mean(axis=0)
    expected = answer(model, table) - answer(model, without)
    assert found.scores.shape == (1, 3)
    assert found.scores[0, 2] == pytest.approx(expected, abs=1e-4)
    assert found.scores[0, 0] == 0  # the column of which no step makes one
    assert {name for name, _ in found.top()} == {"income", "city"}


def test_a_baseline_is_a_row_of_the_input_of_a_pipeline():
    model = fitted(ENCODE, FRAME)
    options = {"adjacency": RING, "classes": True, "of": "features"}
    found = explain(model, FRAME, baseline=[0, 9000.0, "b"], **options)[0]
    table = model[:-1].transform(FRAME)
    changed = FRAME.assign(income=9000.0, city="b")
    expected = answer(model, model[:-1].transform(changed))
    assert found.without[0] == pytest.approx(expected, abs=1e-4)
    assert found.baseline == pytest.approx(model[:-1].transform(changed)[0], abs=1e-6)
    assert found.answer[0] == pytest.approx(answer(model, table), abs=1e-4)


def test_the_baseline_of_steps_that_can_be_inverted_is_in_the_units_of_the_user():
    model = fitted(StandardScaler(), NUMBERS)
    options = {"adjacency": RING, "of": "features"}
    mean = explain(model, NUMBERS, **options)
    assert mean.baseline == pytest.approx(NUMBERS.mean().to_numpy(), rel=1e-4)
    given = explain(model, NUMBERS, baseline=[50, 9000], **options)
    assert given.baseline == pytest.approx([50, 9000], rel=1e-4)
    lost = fidelity(model, NUMBERS, given, k=(2,), adjacency=RING)["necessary"]
    p = 1 / (1 + np.exp(-np.array([given.answer, given.without])))
    np.testing.assert_allclose(lost[:, 0], p[0] - p[1], atol=1e-6)


def test_steps_that_seem_to_be_inverted_are_not():
    model = fitted(FunctionTransformer(np.log), NUMBERS)  # its inverse is the identity
    found = explain(model, NUMBERS, adjacency=RING, of="features")
    expected = np.log(NUMBERS).mean().to_numpy()
    assert found.baseline == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("baseline", [[1.0], 3.0, None, ["a", "b"], [np.nan, "x"]])
def test_a_baseline_that_is_no_row_of_the_input_is_an_error(baseline):
    model = fitted(StandardScaler(), NUMBERS)
    with pytest.raises(ValueError, match=r"^baseline must be"):
        explain(model, NUMBERS, adjacency=RING, of="nodes", baseline=baseline)
