"""Table of the best answers of questions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

COLUMNS = ["question", "entity", "probability", "truth", "paths"]


@dataclass(frozen=True, eq=False)
class BestAnswers:
    """Most probable new answers of a question, best first."""

    entities: np.ndarray
    """(n_answers,)."""
    probability: np.ndarray
    """(n_answers,)."""
    truth: np.ndarray
    """(n_answers,)."""

    @classmethod
    def of(cls, probability: np.ndarray, truth: np.ndarray, k: int) -> "BestAnswers":
        """Choose at most `k` entities; those of probability 0 are left out."""
        best = np.argsort(-probability, kind="stable")[:k]
        best = best[probability[best] > 0]
        return cls(best, probability[best], truth[best])


def answer_table(
    questions: list[Any], best: list[BestAnswers], entities: np.ndarray, paths: Any
) -> Any:
    """Return a DataFrame with one row per answer.

    Parameters
    ----------
    questions : list
        Questions, as the table names them.
    best : list of BestAnswers
        Answers of each.
    entities : array of shape (n_entities,)
        Names.
    paths : list of list
        Paths of every answer of each question.
    """
    pd = pandas()
    parts = [
        pd.DataFrame(
            {
                "question": [question] * len(each.entities),
                "entity": entities[each.entities],
                "probability": each.probability,
                "truth": each.truth,
                "paths": paths_of,
            }
        )
        for question, each, paths_of in zip(questions, best, paths, strict=True)
    ]
    if not parts:
        return pd.DataFrame([], columns=COLUMNS)
    return pd.concat(parts, ignore_index=True)


def pandas() -> Any:
    """Import pandas; raise ImportError with a remedy."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "answer returns a DataFrame and needs pandas: pip install "
            "'skattn[pandas]'. Without it, use predict, predict_proba and "
            "predict_truth."
        ) from error
    return pd
