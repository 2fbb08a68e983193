"""Table of the best answers of questions."""

from typing import Any

import numpy as np


def answer_table(knowledge, rows, probabilities, k, paths_of) -> Any:
    """Return a DataFrame of the `k` most probable answers of every question.

    Parameters
    ----------
    knowledge : Knowledge
        Names.
    rows : array of shape (n_rows, 3)
        Questions (source, relation, -1).
    probabilities : array of shape (n_rows, n_entities)
        Probabilities of new answers; known ones have 0 and are left out.
    k : int
        Number of answers of each question.
    paths_of : callable
        Function of a question and its answers that returns the paths of each.
    """
    import pandas as pd

    entities, name = knowledge.vocabulary.entities, knowledge.vocabulary.relation_name
    parts = []
    for (source, relation, _), row in zip(rows.tolist(), probabilities, strict=True):
        best = np.argsort(-row, kind="stable")[:k]
        best = best[row[best] > 0]
        parts.append(
            pd.DataFrame(
                {
                    "question": [(entities[source].item(), name(relation))] * len(best),
                    "entity": entities[best],
                    "probability": row[best],
                    "paths": paths_of((source, relation), best),
                }
            )
        )
    columns = ["question", "entity", "probability", "paths"]
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame([], columns=columns)
    )
