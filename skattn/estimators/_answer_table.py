"""Table of the best answers of questions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skattn.estimators._answer_paths import Path
from skattn.graph._frames import import_pandas

COLUMNS = ["question", "entity", "probability", "truth", "paths"]


@dataclass(frozen=True, eq=False)
class BestAnswers:
    """Most probable new answers of a question, best first."""

    question: Any
    """As the table names it."""
    entities: np.ndarray
    """(n_answers,), by number."""
    probability: np.ndarray
    """(n_answers,)."""
    truth: np.ndarray
    """(n_answers,)."""
    paths: list[list[Path]]
    """Paths of each answer."""


def best_answers(probability: np.ndarray, k: int) -> np.ndarray:
    """Return at most `k` entities, best first; those of probability 0 are left out."""
    best = np.argsort(-probability, kind="stable")[:k]
    return best[probability[best] > 0]


def answer_table(answers: list[BestAnswers], names: np.ndarray) -> Any:
    """Return a DataFrame with one row per answer; `names` are those of entities."""
    pd = pandas()
    parts = [
        pd.DataFrame(
            {
                "question": [each.question] * len(each.entities),
                "entity": names[each.entities],
                "probability": each.probability,
                "truth": each.truth,
                "paths": each.paths,
            }
        )
        for each in answers
    ]
    if not parts:
        return pd.DataFrame([], columns=COLUMNS)
    return pd.concat(parts, ignore_index=True)


def pandas() -> Any:
    """Import pandas; raise ImportError with a remedy."""
    return import_pandas(
        "answer returns a DataFrame and",
        "Without it, use predict, predict_proba and predict_truth.",
    )
