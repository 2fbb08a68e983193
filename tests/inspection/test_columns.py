import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from skattn.inspection._columns import input_columns, sources

FRAME = pd.DataFrame(
    {
        "age": np.arange(20.0),
        "kind": list("ab") * 10,
        "kind_of": list("xyzz") * 5,
        "dose": np.arange(20.0)[::-1],
    }
)
NUMBERS = FRAME[["age", "dose"]]
Y = np.arange(20) % 2


def found(step, X):
    result = sources(step.fit(X, Y), X.shape[1])
    return None if result is None else result.tolist()


def test_steps_that_keep_columns_keep_their_numbers():
    assert found(make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS) == [0, 1]
    assert found(StandardScaler(), NUMBERS.to_numpy()) == [0, 1]
    assert found(make_pipeline("passthrough"), NUMBERS) == [0, 1]


def test_a_selection_has_the_numbers_of_the_columns_it_keeps():
    frame = pd.DataFrame({"noise": np.arange(20) % 3, "signal": 3 * Y + FRAME.age})
    assert found(SelectKBest(k=1), frame) == [1]


@pytest.mark.parametrize("as_positions", [False, True])
def test_parts_of_a_table_have_the_numbers_of_their_columns(as_positions):
    numbers, texts = ([3, 0], [2]) if as_positions else (["dose", "age"], ["kind_of"])
    encode = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("k", OneHotEncoder(), texts),
            ("none", "drop", [1]),
        ]
    )
    assert found(encode, FRAME) == [3, 0, 2, 2, 2]
    assert input_columns(encode) == ("age", "kind", "kind_of", "dose")


def test_the_rest_of_a_table_has_its_numbers():
    encode = ColumnTransformer(
        [("k", OneHotEncoder(drop="first"), ["kind"])], remainder="passthrough"
    )
    frame = FRAME[["age", "kind", "dose"]]
    assert found(encode, frame) == [1, 0, 2]
    mask = ColumnTransformer([("n", StandardScaler(), [True, False, True])])
    assert found(mask, frame) == [0, 2]
    part = ColumnTransformer([("n", StandardScaler(), slice(0, 1))])
    assert found(part, frame) == [0]


def test_columns_that_are_made_of_several_have_no_number():
    assert found(PCA(1), NUMBERS) is None
    assert found(PolynomialFeatures(), NUMBERS) is None
    assert found(make_pipeline(PCA(2), StandardScaler()), NUMBERS) is None
    mixed = ColumnTransformer([("p", PCA(1), ["age", "dose"])])
    assert found(mixed, NUMBERS) is None


def test_names_that_may_be_of_two_columns_have_no_number():
    texts = pd.DataFrame({"kind": list("ab") * 10, "kind_of": ["c"] * 20})
    assert found(OneHotEncoder(), texts) is None  # "kind_of_c"
