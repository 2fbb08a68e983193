import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from skattn import AttentionReasoner, Graph
from skattn.estimators._knowledge import Factorization
from skattn.graph import Question
from skattn.inspection import explain
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


CHILD = Question("grandmother10", "^grandmother")


def test_several_hops_and_conjunctions_are_answered(fitted):
    # the mother of the child whose grandmother is not recorded
    further = CHILD.to("mother")
    both = further & Question("grandmother10", "^mother")
    assert fitted.predict([further, both]).tolist() == ["mother10", "mother10"]
    table = fitted.answer(further, k=1, paths=1)
    assert table.question[0] == further
    assert table.entity[0] == "mother10"
    assert table.paths[0] == [[
        ("grandmother10", "^mother", "mother10"), ("mother10", "^mother", "child10"),
        ("child10", "mother", "mother10"),
    ]]  # fmt: skip
    paths = fitted.answer([both], k=1, paths=1).paths[0]
    assert paths == [[*table.paths[0][0], ("grandmother10", "^mother", "mother10")]]


def test_truth_is_1_for_known_facts_and_multiplies(fitted):
    columns = {name: k for k, name in enumerate(fitted.classes_.tolist())}
    questions = [CHILD, Question("child10", "mother"), CHILD.to("mother")]
    one, known, two = fitted.predict_truth(questions)
    assert known[columns["mother10"]] == 1
    assert 0 < one[columns["child10"]] < 1
    assert two[columns["mother10"]] == pytest.approx(one[columns["child10"]])
    both = Question("child10", "grandmother") & Question("mother10", "mother")
    truth = fitted.predict_truth(both)[0, columns["grandmother10"]]
    (alone,) = fitted.predict_truth([("child10", "grandmother")])
    assert truth == pytest.approx(alone[columns["grandmother10"]])


def test_probabilities_of_questions_are_of_new_answers(fitted):
    known = Question("child1", "mother", "mother")
    proba = fitted.predict_proba([known, CHILD.to("mother")])
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-5)
    assert proba.dtype == np.float32
    assert proba[0, fitted.classes_ == "grandmother1"] == 0
    assert fitted.predict_truth(known)[0, fitted.classes_ == "grandmother1"] == 1


def test_a_question_of_one_hop_is_a_row(fitted):
    rows, questions = QUESTIONS, [Question(*row) for row in QUESTIONS]
    for method in (fitted.predict_proba, fitted.predict_truth):
        np.testing.assert_allclose(method(questions), method(rows), rtol=1e-5)
    table, other = fitted.answer(rows, k=3), fitted.answer(questions, k=3)
    assert table.paths.tolist() == other.paths.tolist()
    np.testing.assert_allclose(table.truth, other.truth, rtol=1e-5)
    np.testing.assert_allclose(table.probability, other.probability, rtol=1e-5)
    assert table.truth.between(0, 1).all()


def test_repeated_rows_have_the_same_answers(fitted):
    table = fitted.answer([*QUESTIONS, QUESTIONS[0]], k=1, paths=1)
    assert table.question.tolist() == [*QUESTIONS, QUESTIONS[0]]
    assert table.entity.tolist() == [*ANSWERS, ANSWERS[0]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 0}, ValueError, "k must be at least 1, got 0"),
        ({"k": 1.5}, TypeError, "k must be a whole number"),
        ({"paths": -1}, ValueError, "paths must be at least 0, got -1"),
        ({"paths": "all"}, TypeError, "paths must be a whole number"),
    ],
)
def test_numbers_of_answers_and_paths_are_checked(fitted, options, error, message):
    with pytest.raises(error, match=message):
        fitted.answer(QUESTIONS, **options)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question("stranger", "mother").to("mother"), r"1 row \('stranger'\)"),
        (Question("child1", "mother") & Question("child1", "aunt"), "got 'aunt'"),
        (Question("child1"), r"must have a relation.*\.to\(relation\)"),
    ],
)
def test_questions_about_unknown_names_are_refused(fitted, question, message):
    for method in (fitted.predict, fitted.predict_truth, fitted.answer):
        with pytest.raises(ValueError, match=message):
            method(question)


def test_truth_moves_to_other_facts(fitted):
    moved = fitted.with_facts([("x", "mother"), ("y", "mother")], ["y", "z"])
    assert moved.predict(Question("z", "^grandmother", "mother")).tolist() == ["y"]


def test_truth_is_calibrated_on_facts_that_are_hidden():
    # symmetric facts: a hidden one follows from its mirror image
    rng = np.random.default_rng(0)
    ends = np.unique(np.sort(rng.integers(80, size=(200, 2)), 1), axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    mirrored = rng.random(len(ends)) < 0.8
    facts = np.concatenate([ends, ends[mirrored, ::-1]])
    is_test = np.zeros(len(facts), bool)
    is_test[len(ends) :: 8] = True
    X = np.column_stack([facts[:, 0], np.zeros(len(facts), int)])
    reasoner = AttentionReasoner(
        max_epochs=15, factorization=False, n_layers=2, random_state=0
    ).fit(X[~is_test], facts[~is_test, 1])
    truth = reasoner.predict_truth([(a, 0) for a in reasoner.classes_])
    known = np.zeros(truth.shape, bool)
    code = {name: k for k, name in enumerate(reasoner.classes_.tolist())}
    for part, values in ((~is_test, True), (is_test, False)):
        rows = [(code[a], code[b]) for a, b in facts[part].tolist()]
        if values:
            known[tuple(np.transpose(rows))] = True
        else:
            true = rows
    assert (truth[known] == 1).all()
    new = truth[~known]
    assert truth[tuple(np.transpose(true))].mean() > 20 * new.mean()
    # as many true ones as the map expects, within a factor
    assert 0.3 < new.sum() / len(true) < 5


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
        ([("child1",)], "must have 2 columns"),
        ([("child1", "mother"), ("child2",)], "rows of 1 and 2 entries"),
        ([(None, "mother")], r"head of X must have a name .* \(row 0\)"),
        ([("child1", float("nan"))], "relation of X must have a name"),
        ([(np.datetime64("NaT"), "mother")], "missing values"),
        ([(True, "mother")], "got bool in row 0"),
        ([(["child1"], "mother")], "got list in row 0"),
        ([(3, "mother")], "of the same type as in fit"),
        ([("child1", "^^mother")], "relations of X must be among those of fit"),
        ([("child1", "^")], "relations of X must be among those of fit"),
        (np.zeros((2, 2, 2)), "Reshape"),
        (np.ma.masked_equal([[1, 2]], 2), "masked"),
        (np.array([[CHILD, CHILD]]), "Pass one of its columns"),
        ([Question(3, "mother")], r"unknown ones in 1 row \(3\)"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(fitted, X, message):
    for method in (fitted.predict, fitted.predict_proba, fitted.predict_truth):
        with pytest.raises(ValueError, match=message):
            method(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("child1", "got str"),
        (("child1", "mother"), "got tuple with str as a row"),
        ({"head": ["child1"], "relation": ["mother"]}, "got dict"),
        (None, "got None"),
        (sp.eye_array(2), "got scipy dia_array"),
        (Graph([[0, 1], [1, 0]]), "got Graph"),
        ([CHILD, ("child1", "mother")], "got both"),
        ([object()], "got list with object as a row"),
    ],
)
def test_what_is_no_table_of_questions_is_refused(fitted, X, message):
    for method in (fitted.predict, fitted.answer):
        with pytest.raises(TypeError, match=message):
            method(X)


def test_no_questions_have_no_answers(fitted):
    for X in ([], np.empty((0, 2), object)):
        assert fitted.predict(X).shape == (0,)
        assert fitted.predict_proba(X).shape == (0, 36)
        assert fitted.predict_truth(X).shape == (0, 36)
        assert len(fitted.answer(X)) == len(fitted.ranks(X, [])) == 0
        with pytest.raises(ValueError, match="score needs at least one row"):
            fitted.score(X, [])


def test_repeated_facts_count_once(facts):
    both = np.concatenate([facts, facts])
    once, twice = (
        AttentionReasoner(**FAST | {"max_epochs": 1}).fit(f[:, :2], f[:, 2])
        for f in (facts, both)
    )
    assert np.array_equal(once.predict_proba(QUESTIONS), twice.predict_proba(QUESTIONS))


def test_explanations_of_answers_are_refused_with_a_remedy(fitted):
    with pytest.raises(TypeError, match=r"not answers.*answer\(X, paths=3\)"):
        explain(fitted, QUESTIONS)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([("a", "^r")], ["b"], "must not begin with"),
        ([("a", "r")], ["b", "c"], "one tail per row"),
        ([("a",)], ["b"], "must have 2 columns"),
        (np.empty((0, 2), object), [], "at least one fact"),
        ([("a", "r")], [None], "y must have a name in every row"),
        ([("a", "r")], None, "one entity per row, got None"),
        ([("a", "r")], [True], "got bool in row 0"),
        ([("a", "r")], [["b"]], r"got shape \(1, 1\)"),
        ([("a", "r")] * 2, [["b"], ["c", "d"]], "got list in row 0"),
        ([("a", "r"), ("b", 1)], ["b", "c"], "relations must be all text"),
        ([("a", "r")], [1], "entities must be all text or all numbers"),
        ([(10**30, "r")], [1], "entities must be all text or all numbers"),
        ([("a", "r"), ("b",)], ["b", "c"], "rows of 1 and 2 entries"),
    ],
)
def test_facts_that_are_invalid_are_refused_and_the_fit_is_kept(fitted, X, y, message):
    before = fitted.net_
    with pytest.raises(ValueError, match=message):
        fitted.fit(X, y)
    assert fitted.net_ is before


def test_a_graph_without_facts_is_no_knowledge():
    with pytest.raises(ValueError, match="at least one fact"):
        AttentionReasoner(graph=np.empty((0, 3), object), **FAST).fit([], [])


def test_columns_by_name_are_those_of_fit(facts):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(facts, columns=["head", "relation", "tail"])
    reasoner = AttentionReasoner(**FAST).fit(frame[["head", "relation"]], frame["tail"])
    assert reasoner.feature_names_in_.tolist() == ["head", "relation"]
    with pytest.raises(ValueError, match="feature names"):
        reasoner.predict(frame[["relation", "head"]])
    with pytest.raises(ValueError, match="distinct column names"):
        reasoner.predict(frame[["head", "head"]])


def test_validation_facts_choose_what_is_hidden():
    X, y = [("a", "r"), ("b", "r"), ("c", "s")], ["b", "c", "d"]
    options = FAST | {"max_epochs": 1}
    new = AttentionReasoner(**options).fit(X, y, X_val=[("a", "r")], y_val=["d"])
    old = AttentionReasoner(**options).fit(X, y, X_val=[("a", "s")], y_val=["b"])
    assert (new._choice_.hide_pairs, old._choice_.hide_pairs) == (True, False)


def test_checks_of_scikit_learn_pass():
    check_estimator(AttentionReasoner(**FAST))
