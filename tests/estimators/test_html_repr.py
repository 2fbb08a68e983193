"""The HTML repr of estimators."""

import html
import inspect
import pickle
import re
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
import sklearn
from packaging.version import Version
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skattn
from skattn import (
    AttentionEmbedder,
    AttentionGraphGenerator,
    AttentionLinkPredictor,
    AttentionLinkRegressor,
    AttentionReasoner,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
    preprocessing,
)
from skattn._compat_sklearn import documentation_of
from skattn.preprocessing import (
    DescriptorTransformer,
    EdgeTransformer,
    MoleculeGraph,
    NeighborFeatures,
    NodeTransformer,
    PositionalEncoding,
    SequenceGraph,
)

needs_tables = pytest.mark.skipif(
    Version(sklearn.__version__) < Version("1.9"),
    reason="scikit-learn shows no fitted attributes",
)

PATH = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
PAIR = np.array([[0, 1], [1, 0]])
ESTIMATORS = [GraphAttentionClassifier, GraphAttentionRegressor, AttentionEmbedder]


TABLE = re.compile(
    r'<summary>([^<]*)</summary>\s*<table class="parameters-table">(.*?)</table>',
    re.DOTALL,
)
ROW = re.compile(
    r'<td class="param"><a[^>]*>(\w+)<.*?<td class="value">(.*?)</td>', re.DOTALL
)


def rows_of(estimator):
    """Return {title: {name: value}} of the tables in the HTML."""
    return {
        html.unescape(title): {
            name: html.unescape(value) for name, value in ROW.findall(rows)
        }
        for title, rows in TABLE.findall(estimator._repr_html_())
    }


# ---- a fit ----------------------------------------------------------------------


@needs_tables
def test_the_html_shows_the_input(fit_on_each_kind):
    estimator, description, expected = fit_on_each_kind
    shown = rows_of(estimator)[f"Fitted on {description}"]
    assert shown == {name: repr(value) for name, value in expected.items()}


def test_a_loaded_estimator_shows_the_same_tables(fit_on_each_kind, tmp_path):
    estimator, _, _ = fit_on_each_kind
    estimator.save(tmp_path / "model")
    assert rows_of(type(estimator).load(tmp_path / "model")) == rows_of(estimator)
    assert rows_of(pickle.loads(pickle.dumps(estimator))) == rows_of(estimator)


@needs_tables
def test_the_html_shows_the_values(small):
    X = np.arange(10.0).reshape(10, 1)
    clf = small().fit(X, np.arange(10) % 2)
    assert rows_of(clf)['Values of parameters that can be "auto"'] == {
        "n_layers": "3",
        "residual": "True",
        "norm": "None",
        "weight_decay": "0.02",
        "max_epochs": str(clf.max_epochs),
        "standardize": "True",
        "dropout": "0.3",
        "batch_size": "the whole graph",
        "smoothing": "0",
        "early_stopping": "False",
        "label_inputs": "False",
        "device": repr(clf.resolved_params_["device"]),
        "encoder__activation": "'gelu'",
        "encoder__input_dropout": "0.1",
        "encoder__jumping": "'concat'",
        "encoder__convolution": "None",
        "encoder__gated_convolution": "False",
        "encoder__degree_scaling": "False",
        "encoder__n_feature_layers": "2",
        "encoder__neighbor_search": "'exact'",
    }


@needs_tables
def test_the_html_writes_numbers_short(small):
    n = 1300
    clf = small(max_epochs=1, n_neighbors=1, dropout=np.float32(0.3))
    clf.fit(np.linspace(0, 1, n)[:, None], np.arange(n) % 2)
    tables = rows_of(clf)
    assert tables["Fitted on a table"]["n_nodes"] == "1,300"
    assert tables['Values of parameters that can be "auto"']["dropout"] == "0.3"


# ---- before a fit, and inside other estimators -----------------------------------


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_before_a_fit_there_are_parameters_alone(cls):
    estimator = cls()
    assert "Fitted on" not in estimator._repr_html_()
    assert cls.__name__ in estimator._repr_html_()


def test_a_clone_shows_nothing_of_the_fit(fit_on_each_kind):
    estimator, _, _ = fit_on_each_kind
    copy = clone(estimator)
    assert "Fitted on" not in copy._repr_html_()


@needs_tables
def test_a_fitted_attribute_that_a_table_shows_is_not_listed_again(small):
    clf = small().fit(np.eye(4), [0, 1, 0, 1])
    listed = clf._repr_html_().partition("<summary>Fitted attributes</summary>")[2]
    assert "n_iter_" in listed
    assert "input_summary_" not in listed
    assert "resolved_params_" not in listed


@needs_tables
def test_every_step_of_a_pipeline_shows_its_input(small):
    X = np.arange(24.0).reshape(12, 2)
    steps = small(AttentionEmbedder, n_components=5), small()
    model = make_pipeline(StandardScaler(), *steps).fit(X, np.arange(12) % 2)
    text = model._repr_html_()
    assert text.count("<summary>Fitted on a table</summary>") == 2
    for cls in (AttentionEmbedder, GraphAttentionClassifier):
        assert f"/skattn.{cls.__name__}.html#:~:text=dropout,-" in text
    assert "Fitted on" not in clone(model)._repr_html_()


@needs_tables
def test_a_search_shows_its_best_estimator(small):
    X = np.arange(24.0).reshape(12, 2)
    search = GridSearchCV(small(), {"hidden_dim": [4]}, cv=2)
    text = search.fit(X, np.arange(12) % 2)._repr_html_()
    assert text.count("<summary>Fitted on a table</summary>") == 1


def test_an_unfitted_estimator_inside_a_fitted_one(small):
    X = np.arange(24.0).reshape(12, 2)
    model = VotingClassifier([("one", small())]).fit(X, np.arange(12) % 2)
    assert "GraphAttentionClassifier" in model._repr_html_()


@needs_tables
def test_an_estimator_with_a_pretrained_embedder(small):
    X = np.arange(24.0).reshape(12, 2)
    embedder = FrozenEstimator(small(AttentionEmbedder, n_layers=3).fit(X))
    clf = small(pretrained=embedder).fit(X, np.arange(12) % 2)
    assert "<summary>Fitted on a table</summary>" in clf._repr_html_()


# ---- links ------------------------------------------------------------------------

SITE = "https://skattn.github.io/dev/api/generated/"
PAGES = {
    GraphAttentionClassifier(): "skattn.GraphAttentionClassifier",
    GraphAttentionRegressor(): "skattn.GraphAttentionRegressor",
    AttentionEmbedder(): "skattn.AttentionEmbedder",
    AttentionGraphGenerator(): "skattn.AttentionGraphGenerator",
    AttentionReasoner(): "skattn.AttentionReasoner",
    AttentionLinkPredictor(): "skattn.AttentionLinkPredictor",
    AttentionLinkRegressor(): "skattn.AttentionLinkRegressor",
    EncoderConfig(): "skattn.EncoderConfig",
    NodeTransformer(StandardScaler()): "skattn.preprocessing.NodeTransformer",
    EdgeTransformer(StandardScaler()): "skattn.preprocessing.EdgeTransformer",
    PositionalEncoding(): "skattn.preprocessing.PositionalEncoding",
    NeighborFeatures(): "skattn.preprocessing.NeighborFeatures",
    DescriptorTransformer(
        StandardScaler()
    ): "skattn.preprocessing.DescriptorTransformer",
    MoleculeGraph(): "skattn.preprocessing.MoleculeGraph",
    SequenceGraph(): "skattn.preprocessing.SequenceGraph",
}


def test_every_public_estimator_is_tried_here():
    public = [getattr(skattn, name) for name in skattn.__all__]
    public += [getattr(preprocessing, name) for name in preprocessing.__all__]
    assert {cls for cls in public if hasattr(cls, "get_params")} == {
        type(estimator) for estimator in PAGES
    }


@pytest.mark.parametrize("estimator", PAGES, ids=PAGES.values())
def test_the_link_of_a_class(estimator):
    page = f"{SITE}{PAGES[estimator]}.html"
    assert estimator._get_doc_link() == page
    assert f'href="{page}"' in estimator._repr_html_()


@needs_tables
@pytest.mark.parametrize("estimator", PAGES, ids=PAGES.values())
def test_every_parameter_links_to_its_own_entry(estimator):
    text = estimator._repr_html_()
    for name in estimator.get_params(deep=False):
        entry = re.search(
            rf"^{name} : (.+)$", inspect.getdoc(type(estimator)), re.MULTILINE
        )[1]
        fragment = f"{name},-{quote(entry)}"
        assert f'href="{SITE}{PAGES[estimator]}.html#:~:text={fragment}"' in text


@needs_tables
def test_resolved_values_link_to_their_parameters(small):
    text = small().fit(np.eye(4), [0, 1, 0, 1])._repr_html_()
    table = text.partition("can be &quot;auto&quot;</summary>")[2]
    for address in (
        "skattn.GraphAttentionClassifier.html#:~:text=batch_size,-int",
        "skattn.EncoderConfig.html#:~:text=input_dropout,-float",
        "skattn.EncoderConfig.html#:~:text=jumping,-",
    ):
        assert f'href="{SITE}{address}' in table


def test_a_users_subclass_has_no_page(small):
    class Mine(GraphAttentionClassifier):
        """A classifier of the user."""

    clf = small(Mine).fit(np.eye(4), [0, 1, 0, 1])
    assert clf._get_doc_link() == ""
    assert "Mine.html" not in clf._repr_html_()


@pytest.mark.parametrize(
    ("version", "folder"),
    [("0.1.0.dev0", "dev"), ("0.1.0", "0.1"), ("1.12.3", "1.12"), ("2.0rc1", "2.0rc1")],
)
def test_the_folder_of_a_version(version, folder):
    assert documentation_of(version) == f"https://skattn.github.io/{folder}"


# ---- text of the user -----------------------------------------------------------

HOSTILE = "<script>alert('x')</script>"


@pytest.mark.parametrize(
    "params",
    [
        {"unlabeled": HOSTILE},
        {"device": HOSTILE},
        {"class_weight": {HOSTILE: 1.0}},
        {"encoder": EncoderConfig(activation=HOSTILE)},
    ],
    ids=lambda params: next(iter(params)),
)
def test_text_in_parameters_is_escaped(params):
    assert "<script>alert" not in GraphAttentionClassifier(**params)._repr_html_()


def test_text_in_the_data_is_escaped(small):
    names = pd.Index([HOSTILE, "b", "c"], name=f"name{HOSTILE}")
    frame = pd.DataFrame({HOSTILE: [1.0, 2.0, 3.0]}, index=names)
    clf = small(graph=Graph(PATH, nodes=names)).fit(frame, [HOSTILE, "no", "no"])
    assert "<script>alert" not in clf._repr_html_()


@needs_tables
def test_text_in_the_record_of_a_fit_is_escaped(small):
    clf = small().fit(np.eye(4), [0, 1, 0, 1])
    clf._fit_record_ = replace(clf._fit_record_, n_graphs=HOSTILE, device=HOSTILE)
    assert "<script>alert" not in clf._repr_html_()
    assert rows_of(clf)["Fitted on a table"]["n_graphs"] == repr(HOSTILE)


def test_names_of_nodes_are_not_shown(small):
    names = pd.Index(["oslo", "bergen", "tromsoe"], name="city")
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=names)
    clf = small(graph=Graph(PATH, nodes=names)).fit(frame, [0, 1, 1])
    assert not re.search("oslo|bergen|tromsoe", clf._repr_html_())


@needs_tables
def test_a_link_predictor_shows_its_input():
    pairs = [(i, (i + 1) % 6) for i in range(6)]
    clf = AttentionLinkPredictor(max_epochs=1, hidden_dim=8, random_state=0).fit(pairs)
    assert "pairs of nodes" in clf._repr_html_()
