import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from skattn import AttentionReasoner
from skattn.estimators._knowledge import Factorization
from skattn.metrics import hits_at_k_scorer
from skattn.nn import ComplEx

FAST = {"max_epochs": 12, "factorization": False, "random_state": 0}


def family(n_families=12):
    """Facts about mothers, and about grandmothers in all families but the last two."""
    facts = []
    for k in range(n_families):
        facts += [(f"child{k}", "mother", f"mother{k}")]
        facts += [(f"mother{k}", "mother", f"grandmother{k}")]
        if k < n_families - 2:
            facts += [(f"child{k}", "grandmother", f"grandmother{k}")]
    return np.array(facts)


@pytest.fixture(scope="module")
def facts():
    return family()


@pytest.fixture(scope="module")
def fitted(facts):
    return AttentionReasoner(
        factorization=False, max_epochs=30, learning_rate=0.01, random_state=0
    ).fit(facts[:, :2], facts[:, 2])


QUESTIONS = [("child10", "grandmother"), ("grandmother11", "^grandmother")]
ANSWERS = ["grandmother10", "child11"]


def test_relation_that_two_others_imply_is_answered(fitted):
    assert fitted.predict(QUESTIONS).tolist() == ANSWERS
    assert fitted.score(QUESTIONS, ANSWERS) == 1.0
    assert fitted.n_features_in_ == 2
    assert fitted.relations_.tolist() == ["grandmother", "mother"]


def test_probabilities_are_of_answers_that_are_not_known(fitted, facts):
    proba = fitted.predict_proba([("child0", "mother"), *QUESTIONS])
    assert proba.shape == (3, len(fitted.classes_))
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-5)
    assert proba[0, fitted.classes_ == "mother0"] == 0
    assert fitted.classes_[proba[1:].argmax(1)].tolist() == ANSWERS


def test_question_of_which_all_entities_are_answers_has_probabilities():
    X, y = [("a", "r"), ("a", "r")], ["a", "b"]
    proba = AttentionReasoner(**FAST).fit(X, y).predict_proba([("a", "r")])
    np.testing.assert_allclose(proba.sum(), 1, rtol=1e-5)


def test_answer_lists_paths_from_head_to_answer(fitted):
    table = fitted.answer(QUESTIONS, k=2, paths=3)
    columns = ["question", "entity", "probability", "truth", "paths"]
    assert list(table.columns) == columns
    assert len(table) == 4
    best = table.iloc[0]
    assert (best.question, best.entity) == (QUESTIONS[0], ANSWERS[0])
    assert best.paths[0] == [
        ("child10", "mother", "mother10"),
        ("mother10", "mother", "grandmother10"),
    ]
    assert 0 < best.probability <= 1


def test_rows_of_fit_are_ranked_with_their_own_fact_hidden(facts):
    rng = np.random.default_rng(0)
    random = rng.integers(60, size=(150, 2))
    X = np.column_stack([random[:, 0], np.zeros(150, int)])
    reasoner = AttentionReasoner(max_epochs=30, random_state=0).fit(X, random[:, 1])
    assert reasoner.score(X, random[:, 1]) < 0.2


def test_ranks_leave_out_other_true_answers(fitted):
    X, y = [QUESTIONS[0]], ["mother10"]
    (rank,) = fitted.ranks(X, y)
    (filtered,) = fitted.ranks(X, y, known=(X, [ANSWERS[0]]))
    inverse = [(ANSWERS[0], "^grandmother")]
    (also,) = fitted.ranks(X, y, known=(inverse, [QUESTIONS[0][0]]))
    assert rank - 1 == filtered == also
    assert fitted.ranks([*X, *X], [*y, ANSWERS[0]]).tolist() == [filtered, 1.0]


def test_entities_without_facts_have_the_last_rank_and_a_warning(fitted):
    X, y = [("child1", "mother"), ("stranger", "mother")], ["stranger", "mother0"]
    with pytest.warns(UserWarning, match="2 of 2 rows have an entity"):
        ranks = fitted.ranks(X, y)
    assert ranks.tolist() == [len(fitted.classes_) + 1] * 2


def test_facts_about_other_entities_replace_those_of_fit(fitted):
    moved = fitted.with_facts([("x", "mother"), ("y", "mother")], ["y", "z"])
    assert moved.predict([("x", "grandmother")]).tolist() == ["z"]
    assert moved.classes_.tolist() == ["x", "y", "z"]
    assert len(fitted.classes_) == 36
    with pytest.raises(ValueError, match="among those of fit"):
        fitted.with_facts([("x", "aunt")], ["y"])


def test_results_repeat_with_a_seed_and_survive_pickle_and_file(
    fitted, facts, tmp_path
):
    again = clone(fitted).fit(facts[:, :2], facts[:, 2])
    expected = fitted.predict_proba(QUESTIONS)
    assert np.array_equal(again.predict_proba(QUESTIONS), expected)
    copy = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(copy.predict_proba(QUESTIONS), expected)
    fitted.save(tmp_path / "reasoner.skattn")
    loaded = AttentionReasoner.load(tmp_path / "reasoner.skattn")
    assert np.array_equal(loaded.predict_proba(QUESTIONS), expected)
    assert loaded.loss_curve_ == fitted.loss_curve_
    assert loaded.get_params() == fitted.get_params()


def test_factorization_joins_and_moves_with_known_entities(facts, tmp_path):
    X, y = facts[:, :2], facts[:, 2]
    reasoner = AttentionReasoner(max_epochs=2, random_state=0)
    reasoner.fit(X, y, X_val=QUESTIONS, y_val=ANSWERS)
    reasoner._factorization_ = _factorization(reasoner)
    reasoner.save(tmp_path / "both.skattn")
    loaded = AttentionReasoner.load(tmp_path / "both.skattn")
    expected = reasoner.predict_proba(QUESTIONS)
    assert np.array_equal(loaded.predict_proba(QUESTIONS), expected)
    assert loaded.factorization_weight_ == 0.5
    assert reasoner.with_facts(X[:5], y[:5]).factorization_weight_ == 0.5
    assert reasoner.with_facts([("x", "mother")], ["y"]).factorization_weight_ == 0.0


def _factorization(reasoner):
    n = len(reasoner.classes_), 2 * len(reasoner.relations_)
    return Factorization(ComplEx(*n, rank=3), 0.5)


def test_further_facts_are_context_and_repeated_ones_warn(facts):
    X, y = facts[:, :2], facts[:, 2]
    reasoner = AttentionReasoner(graph=facts[20:], **FAST)
    with pytest.warns(UserWarning, match="2 rows of X are also facts of graph="):
        reasoner.fit(X[:22], y[:22])
    assert len(reasoner.classes_) == 36


def test_cross_validation_and_search_work(facts):
    X, y = facts[:, :2], facts[:, 2]
    cv = KFold(2, shuffle=True, random_state=0)
    reasoner = AttentionReasoner(**FAST | {"max_epochs": 2})
    with pytest.warns(UserWarning, match="in no fact"):
        scores = cross_val_score(reasoner, X, y, cv=cv)
    assert scores.shape == (2,)
    search = GridSearchCV(
        reasoner, {"n_layers": [1, 2]}, cv=cv, scoring=hits_at_k_scorer
    )
    with pytest.warns(UserWarning, match="in no fact"):
        search.fit(X, y)
    assert search.best_params_["n_layers"] in (1, 2)


def test_shuffled_answers_are_at_chance(facts):
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(facts))
    X, y = facts[:, :2], rng.permutation(facts[:, 2])
    train, test = rows[:25], rows[25:]
    reasoner = AttentionReasoner(**FAST).fit(X[train], y[train])
    known = np.isin(X[test, 0], reasoner.classes_) & np.isin(y[test], reasoner.classes_)
    assert reasoner.score(X[test][known], y[test][known]) < 0.4


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([("stranger", "mother")], r"unknown ones in 1 row \('stranger'\).*with_facts"),
        ([("child1", "aunt")], "relations of X must be among those of fit"),
        ([("child1", "mother", "x")], "must have 2 columns"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(fitted, X, message):
    with pytest.raises(ValueError, match=message):
        fitted.predict(X)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([("a", "^r")], ["b"], "must not begin with"),
        ([("a", "r")], ["b", "c"], "one tail per row"),
        ([("a",)], ["b"], "must have 2 columns"),
        (np.empty((0, 2), object), [], "at least one fact"),
        ([("a", "r")], [None], "without a name"),
    ],
)
def test_facts_that_are_invalid_are_refused_and_the_fit_is_kept(fitted, X, y, message):
    before = fitted.net_
    with pytest.raises(ValueError, match=message):
        fitted.fit(X, y)
    assert fitted.net_ is before


def test_columns_by_name_are_those_of_fit(facts):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(facts, columns=["head", "relation", "tail"])
    reasoner = AttentionReasoner(**FAST).fit(frame[["head", "relation"]], frame["tail"])
    assert reasoner.feature_names_in_.tolist() == ["head", "relation"]
    with pytest.raises(ValueError, match="feature names"):
        reasoner.predict(frame[["relation", "head"]])


def test_validation_facts_choose_what_is_hidden():
    X, y = [("a", "r"), ("b", "r"), ("c", "s")], ["b", "c", "d"]
    options = FAST | {"max_epochs": 1}
    new = AttentionReasoner(**options).fit(X, y, X_val=[("a", "r")], y_val=["d"])
    old = AttentionReasoner(**options).fit(X, y, X_val=[("a", "s")], y_val=["b"])
    assert (new._choice_.hide_pairs, old._choice_.hide_pairs) == (True, False)


def test_checks_of_scikit_learn_pass():
    check_estimator(AttentionReasoner(**FAST))
