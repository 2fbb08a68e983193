"""Answers, ranks and files of a fitted reasoner."""

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import DocumentedMixin
from skattn._training import default_modes, resolve_device
from skattn.estimators._answer_paths import answer_paths
from skattn.estimators._answer_ranks import FactRows
from skattn.estimators._answer_table import (
    BestAnswers,
    answer_table,
    best_answers,
    pandas,
)
from skattn.estimators._column_names import check_columns
from skattn.estimators._knowledge import Asked, scores_of
from skattn.estimators._question_paths import question_paths
from skattn.estimators._question_truth import QuestionTruth, is_one_hop, shares
from skattn.estimators._reasoner_files import load_reasoner, save_reasoner
from skattn.estimators._reasoner_rows import (
    encode_questions,
    read_questions,
    read_rows,
)
from skattn.estimators._saved import SavedMixin
from skattn.estimators._transaction import learned
from skattn.graph._arguments import as_count
from skattn.graph._questions import as_questions


class ReasonerBase(SavedMixin, DocumentedMixin, ClassifierMixin, BaseEstimator):
    """Base of the reasoner: methods of a fitted one."""

    def predict(self, X):
        """Predict the most probable answer that is not yet known.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2), Question or list of Question
            Questions (head, relation), "^" before a relation asks for heads; or
            questions of several hops and conjunctions (`skattn.graph.Question`).

        Returns
        -------
        ndarray of shape (n_rows,)
            Names of entities.

        Raises
        ------
        TypeError
            If X is neither a table nor questions.
        ValueError
            If an entity or a relation is unknown.
        """
        questions = self._questions(X)
        if questions is not None:
            truth = self._question_truth(questions)
            found = [p.argmax() for p, _ in self._judged(questions, truth)]
            return self.classes_[np.array(found, np.int64)]
        asked = self._asked(X)
        best = np.empty(len(asked.distinct), np.int64)
        for part, scores in self._new_scores(asked):
            best[part] = scores.argmax(1)
        return self.classes_[best[asked.question_of]]

    def predict_proba(self, X):
        """Compute the probabilities of all entities as new answers.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2), Question or list of Question
            Questions, as for :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_entities), float32
            Probabilities, in the order of ``classes_``; known answers have 0. Rows sum
            to 1, so that several correct answers have a share each. For questions of
            several hops and conjunctions they are proportional to the truth of the
            answers (:meth:`predict_truth`).

        Raises
        ------
        TypeError
            If X is neither a table nor questions.
        ValueError
            If an entity or a relation is unknown.
        """
        questions = self._questions(X)
        if questions is not None:
            truth = self._question_truth(questions)
            rows = [p.astype(np.float32) for p, _ in self._judged(questions, truth)]
            return np.array(rows, np.float32).reshape(-1, len(self.classes_))
        asked = self._asked(X)
        shape = len(asked.question_of), len(self.classes_)
        found = np.empty(shape, np.float32)
        for part, scores in self._new_scores(asked):
            of_part = (asked.question_of >= part.start) & (
                asked.question_of < part.stop
            )
            found[of_part] = softmax(scores, 1)[asked.question_of[of_part] - part.start]
        return found

    def predict_truth(self, X):
        """Compute the probability that each entity is a true answer.

        It is calibrated on facts that were hidden from the model. The calibration
        assumes that a tenth of the true facts is missing from the graph, or as many as
        ``X_val`` has. The truth of several hops is the greatest product of the truths
        of facts on a path to the answer, that of a conjunction the product of those of
        its parts.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2), Question or list of Question
            Questions, as for :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_entities), float64
            Probabilities between 0 and 1, in the order of ``classes_``; answers that
            follow from known facts have 1. Rows do not sum to 1.

        Raises
        ------
        TypeError
            If X is neither a table nor questions.
        ValueError
            If an entity or a relation is unknown.
        """
        questions = self._questions(X)
        if questions is None:
            asked = self._asked(X)
            sources, relations = asked.distinct[asked.question_of, :2].T
            return self._truth_of_rows(sources, relations)
        truth = self._question_truth(questions)
        return np.array([truth(question) for question in questions])

    def ranks(self, X, y, *, known=None):
        """Compute the filtered rank of the answer of every question.

        Other answers that are known, by the facts, other rows or `known`, do not count;
        ties have the mean rank. A row that is a fact is ranked with this fact hidden,
        and without ComplEx, which was trained on it.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2)
            Questions (head, relation).
        y : array-like of shape (n_rows,)
            Their answers. A row with an entity that is in no fact has rank
            ``n_entities + 1``, with a warning.
        known : tuple of (array-like, array-like), optional
            Further questions and their true answers, such as those of validation.

        Returns
        -------
        ndarray of shape (n_rows,)
            Ranks from 1.

        Raises
        ------
        ValueError
            If a relation is unknown.
        """
        check_is_fitted(self)
        check_columns(self, X)
        rows, others = read_rows(self._knowledge_, X, y, known)
        found = np.full(len(rows), len(self.classes_) + 1.0)
        is_known = (rows[:, [0, 2]] >= 0).all(1)
        asked = FactRows.of_rows(rows[is_known], self._knowledge_, others)
        ranks = np.empty(len(asked.rows))
        for part, scores in self._scores(asked.asked):
            chosen, of_part = asked.ranks(part, scores)
            ranks[chosen] = of_part
        found[is_known] = ranks
        return found

    def score(self, X, y):
        """Compute the filtered mean reciprocal rank of the answers.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2)
            Questions (head, relation).
        y : array-like of shape (n_rows,)
            Their answers.

        Returns
        -------
        float
            Mean of 1 / rank over the rows, see :meth:`ranks`.

        Raises
        ------
        ValueError
            If a relation is unknown, or there is no row.
        """
        ranks = self.ranks(X, y)
        if not len(ranks):
            raise ValueError("score needs at least one row, got 0 rows (0 samples).")
        return float((1 / ranks).mean())

    @default_modes()
    def answer(self, X, k=10, *, paths=3):
        """Return the best new answers of questions, and the paths that led to them.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2), Question or list of Question
            Questions, as for :meth:`predict`.
        k : int, default=10
            Number of answers of each question.
        paths : int, default=3
            Number of paths of each answer, at most; 0 for none.

        Returns
        -------
        pandas.DataFrame
            One row per answer, with the columns ``question``, a tuple (head, relation)
            or a :class:`~skattn.graph.Question`; ``entity``; ``probability``, see
            :meth:`predict_proba`; ``truth``, see :meth:`predict_truth`; and ``paths``,
            a list of paths, best first. A path is a list of edges (head, relation,
            tail) from the question's head to the answer. Paths have the greatest sum of
            attention weight times gradient and visit no entity twice, but may end where
            they start; ComplEx has no part in them. Those of several hops follow one
            another, and so do those of the parts of a conjunction; a known fact is its
            own path.

        Raises
        ------
        TypeError
            If X is neither a table nor questions, or `k` or `paths` is no whole number.
        ValueError
            If an entity or a relation is unknown, `k` is below 1, or `paths` below 0.
        ImportError
            If pandas is not installed.
        """
        k, n_paths = as_count(k, "k"), as_count(paths, "paths", least=0)
        pandas()
        questions = self._questions(X)
        if questions is None:
            answers = self._row_answers(self._asked(X), k, n_paths)
        else:
            answers = self._question_answers(questions, as_questions(X), k, n_paths)
        return answer_table(answers, self.classes_)

    def _write(self, path):
        save_reasoner(self, learned(self), path)

    @classmethod
    def _read(cls, path, device):
        return load_reasoner(cls, path, device=device)

    def _prepare(self, X, adjacency=None):
        """Refuse explanations, which are about rows of nodes."""
        raise TypeError(
            "inspection explains predictions of nodes, rows and graphs, not answers: "
            f"{type(self).__name__} is not supported. Its method answer(X, paths=3) "
            "lists the facts that led to an answer."
        )

    _prepare_part = _prepare

    def _device(self):
        return resolve_device(self.device, strict=False)

    def _questions(self, X):
        """Return the questions of X by number; None for a table of rows."""
        check_is_fitted(self)
        questions = as_questions(X)
        return (
            None if questions is None else encode_questions(self._knowledge_, questions)
        )

    def _asked(self, X):
        """Return the questions of X."""
        check_is_fitted(self)
        check_columns(self, X)
        sources, relations = read_questions(self._knowledge_, X)
        return Asked.of(sources, relations, np.full(len(sources), -1))

    @default_modes()
    def _scores(self, asked):
        """Return the scores of all entities, for parts of the questions."""
        device = self._device()
        module = self.net_.module_.to(device)
        of = self._knowledge_, self._factorization_, asked, device
        return scores_of(module, *of)

    def _new_scores(self, asked):
        """Yield scores in which known answers are -inf, unless all entities are."""
        for part, scores in self._scores(asked):
            for row, (source, relation, _) in zip(
                scores, asked.distinct[part], strict=True
            ):
                known = self._knowledge_.known(source, relation)
                if len(known) < len(row):
                    row[known] = -np.inf
            yield part, scores

    def _row_answers(self, asked, k, n_paths):
        """Return the best answers of every row."""
        name = self._knowledge_.vocabulary.relation_name
        found = []
        for row, judged in zip(
            asked.distinct.tolist(), self._judged_rows(asked), strict=True
        ):
            best = best_answers(judged[0], k)
            paths = self._paths(row[:2], best, n_paths)
            label = self.classes_[row[0]].item(), name(row[1])
            numbers = judged[0][best], judged[1][best]
            found.append(BestAnswers(label, best, *numbers, paths))
        return [found[question] for question in asked.question_of]

    def _question_answers(self, questions, labels, k, n_paths):
        """Return the best answers of questions by number; labels are by name."""
        truth = self._question_truth(questions)
        found = []
        for question, label, judged in zip(
            questions, labels, self._judged(questions, truth), strict=True
        ):
            best = best_answers(judged[0], k)
            of = truth, question, best, n_paths, self._paths_of_fact
            numbers = judged[0][best], judged[1][best]
            found.append(BestAnswers(label, best, *numbers, question_paths(*of)))
        return found

    def _judged_rows(self, asked):
        """Yield the (probability, truth) of all entities, for each question."""
        truth_of = self._truth_.map_for(self._factorization_)
        for part, scores in self._scores(asked):
            for row, (source, relation, _) in zip(
                scores, asked.distinct[part].tolist(), strict=True
            ):
                known = self._knowledge_.known(source, relation)
                truth = truth_of(row, known)
                if len(known) < len(row):
                    row[known] = -np.inf
                yield softmax(row), truth

    def _truth_of_rows(self, sources, relations):
        """Compute the truth of all entities as answers, (n_rows, n_entities)."""
        asked = Asked.of(sources, relations, np.full(len(sources), -1))
        found = np.empty((len(asked.distinct), len(self.classes_)))
        for truth, (_, row) in zip(found, self._judged_rows(asked), strict=True):
            truth[:] = row
        return found[asked.question_of]

    def _question_truth(self, questions):
        """Return the truth of answers of questions by number."""
        truth = QuestionTruth(self._knowledge_, self._truth_of_rows)
        truth.prepare(q for q in questions if not is_one_hop(q))
        return truth

    def _judged(self, questions, truth_of):
        """Yield the (probability, truth) of all entities, for each question."""
        for question in questions:
            if is_one_hop(question):
                row = np.array([question.start]), np.array(question.relations)
                yield from self._judged_rows(Asked.of(*row, np.array([-1])))
            else:
                truth = truth_of(question)
                yield shares(truth, truth_of.is_known(question)), truth

    def _paths(self, question, answers, n_paths):
        """Return the best paths of each answer of a question (source, relation)."""
        module, device = self.net_.module_, self._device()
        return answer_paths(
            module, self._knowledge_, question, answers, n_paths, device
        )

    def _paths_of_fact(self, source, relation, answer, n_paths):
        """Return the best paths of a fact; that of a known fact is the fact."""
        if answer in self._knowledge_.known(source, relation):
            name = self._knowledge_.vocabulary.relation_name(relation)
            ends = self.classes_[[source, answer]].tolist()
            return [[(ends[0], name, ends[1])]]
        (paths,) = self._paths((source, relation), [answer], n_paths)
        return paths
