import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection._steps import Steps

FRAME = pd.DataFrame(
    {"age": np.arange(20.0), "kind": list("ab") * 10, "dose": np.arange(20.0)[::-1]}
)
Y = np.arange(20) % 2


def classifier():
    return GraphAttentionClassifier(max_epochs=1, random_state=0)


def test_the_names_of_columns_that_a_pipeline_keeps_are_those_of_its_input():
    numbers = FRAME[["age", "dose"]]
    model = make_pipeline(StandardScaler(), classifier()).fit(numbers, Y)
    assert Steps.of(model).feature_names(2) == ("age", "dose")


def test_columns_that_a_step_makes_of_one_have_its_name():
    encode = ColumnTransformer(
        [("n", StandardScaler(), ["age"]), ("k", OneHotEncoder(), ["kind"])]
    )
    steps = Steps.of(make_pipeline(encode, classifier()).fit(FRAME, Y))
    assert steps.feature_names(3) == ("age", "kind", "dose")
    assert steps.sources().tolist() == [0, 1, 1]


def test_columns_that_a_step_makes_of_several_have_its_names():
    components = make_pipeline(PCA(1), classifier()).fit(FRAME[["age", "dose"]], Y)
    assert Steps.of(components).feature_names(1) == ("pca0",)


def test_an_array_has_numbers():
    clf = classifier().fit(FRAME[["age", "dose"]].to_numpy(), Y)
    assert Steps.of(clf).feature_names(2) == (0, 1)


def test_a_search_over_a_pipeline_has_its_best_steps():
    numbers = FRAME[["age", "dose"]]
    model = make_pipeline(StandardScaler(), classifier())
    grid = {"graphattentionclassifier__n_neighbors": [2]}
    steps = Steps.of(GridSearchCV(model, grid, cv=2).fit(numbers, Y))
    assert steps.estimator.n_neighbors == 2
    assert steps.feature_names(2) == ("age", "dose")


def test_a_pipeline_of_one_step_has_none_before_it():
    model = make_pipeline(classifier()).fit(FRAME[["age", "dose"]], Y)
    steps = Steps.of(model)
    assert steps.before is None
    assert len(steps.prepare(FRAME[["age", "dose"]], None).view) == 20


def test_pipelines_and_searches_may_be_inside_each_other():
    numbers = FRAME[["age", "dose"]]
    search = GridSearchCV(classifier(), {"n_neighbors": [2]}, cv=2)
    inner = make_pipeline(MinMaxScaler(), search)
    model = make_pipeline(make_pipeline(StandardScaler()), inner).fit(numbers, Y)
    steps = Steps.of(model)
    assert steps.estimator.n_neighbors == 2
    assert [type(each).__name__ for _, each in steps.before.steps] == [
        "Pipeline",
        "MinMaxScaler",
    ]
    expected = model[-1][0].transform(model[0].transform(numbers))
    np.testing.assert_array_equal(steps.before.transform(numbers), expected)
    assert steps.feature_names(2) == ("age", "dose")


def test_a_search_must_be_fitted_and_refitted():
    search = GridSearchCV(classifier(), {"n_neighbors": [2]}, cv=2, refit=False)
    with pytest.raises(NotFittedError, match="GridSearchCV"):
        Steps.of(search)
    with pytest.raises(TypeError, match=r"refit=True.*got GridSearchCV"):
        Steps.of(search.fit(FRAME[["age", "dose"]], Y))


@pytest.mark.parametrize("model", [StandardScaler(), object(), None])
def test_other_objects_are_errors(model):
    with pytest.raises(TypeError, match="a pipeline that ends in one"):
        Steps.of(model)
