"""Answers, ranks and files of a fitted reasoner."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import DocumentedMixin, _check_feature_names
from skattn._training import default_modes, resolve_device
from skattn.estimators._answer_paths import answer_paths
from skattn.estimators._answer_ranks import FactRows
from skattn.estimators._answer_table import answer_table
from skattn.estimators._knowledge import Asked, scores_of
from skattn.estimators._reasoner_files import load_reasoner, save_reasoner
from skattn.estimators._reasoner_rows import read_questions, read_rows
from skattn.estimators._transaction import learned


class ReasonerBase(DocumentedMixin, ClassifierMixin, BaseEstimator):
    """Base of the reasoner: methods of a fitted one."""

    def predict(self, X):
        """Predict the most probable answer that is not yet known.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2)
            Questions (head, relation); "^" before a relation asks for heads.

        Returns
        -------
        ndarray of shape (n_rows,)
            Names of entities.

        Raises
        ------
        ValueError
            If a head or a relation is unknown.
        """
        asked = self._asked(X)
        best = np.empty(len(asked.distinct), np.int64)
        for part, scores in self._new_scores(asked):
            best[part] = scores.argmax(1)
        return self.classes_[best[asked.question_of]]

    def predict_proba(self, X):
        """Compute the probabilities of all entities as new answers.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2)
            Questions (head, relation).

        Returns
        -------
        ndarray of shape (n_rows, n_entities), float32
            Probabilities, in the order of ``classes_``; known answers have 0. Rows sum
            to 1: a question with several new answers shares it among them.

        Raises
        ------
        ValueError
            If a head or a relation is unknown.
        """
        asked = self._asked(X)
        shape = len(asked.question_of), len(self.classes_)
        found = np.empty(shape, np.float32)
        for part, scores in self._new_scores(asked):
            of_part = (asked.question_of >= part.start) & (
                asked.question_of < part.stop
            )
            powers = np.exp(scores - scores.max(1, keepdims=True))
            powers /= powers.sum(1, keepdims=True)
            found[of_part] = powers[asked.question_of[of_part] - part.start]
        return found

    def ranks(self, X, y, *, known=None):
        """Compute the filtered rank of the answer of every question.

        Answers that are known, of the facts, of other rows or of `known`, do not count;
        ties have the mean rank. A row that is a fact is asked with this fact hidden and
        without ComplEx, which has learned it.

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
        _check_feature_names(self, X, reset=False)
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
        """
        return float((1 / self.ranks(X, y)).mean())

    @default_modes()
    def answer(self, X, k=10, *, paths=3):
        """Return the best new answers of questions, and the paths that led to them.

        Parameters
        ----------
        X : array-like of shape (n_rows, 2)
            Questions (head, relation).
        k : int, default=10
            Number of answers of each question.
        paths : int, default=3
            Number of paths of each answer, at most.

        Returns
        -------
        pandas.DataFrame
            One row per answer, with the columns ``question``, a tuple (head, relation);
            ``entity``; ``probability``; and ``paths``, a list of paths, best first. A
            path is a list of edges (head, relation, tail) from the question's head to
            the answer. Paths have the greatest sum of attention gate times gradient and
            visit no entity twice, but may end where they start; ComplEx has no part in
            them.

        Raises
        ------
        ValueError
            If a head or a relation is unknown.
        """
        asked = self._asked(X)
        probabilities = self.predict_proba(X)
        module, device = self.net_.module_, self._device()

        def paths_of(question, answers):
            return answer_paths(
                module, self._knowledge_, question, answers, paths, device
            )

        rows = asked.distinct[asked.question_of]
        return answer_table(self._knowledge_, rows, probabilities, k, paths_of)

    def save(self, path):
        """Write the fitted estimator to a file without pickle: arrays and JSON.

        Parameters
        ----------
        path : str or os.PathLike
            The file; an existing one is replaced once the new one is complete.

        Raises
        ------
        TypeError
            If a parameter has no form in JSON, such as a callback.
        OSError
            If the file cannot be written.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        save_reasoner(self, learned(self), path)

    @classmethod
    def load(cls, path, *, device=None):
        """Read an estimator that :meth:`save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            The file.
        device : str or torch.device, optional
            Replaces the parameter ``device`` of the saved estimator.

        Returns
        -------
        AttentionReasoner
            The fitted estimator.

        Raises
        ------
        ValueError
            If the file is not one of skattn, damaged, or of another estimator.
        """
        return load_reasoner(cls, path, device=device)

    def _device(self):
        return resolve_device(self.device, strict=False)

    def _asked(self, X):
        """Return the questions of X."""
        check_is_fitted(self)
        _check_feature_names(self, X, reset=False)
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
