"""
Questions to a knowledge graph
==============================

:class:`~skattn.AttentionReasoner` predicts missing facts of a knowledge graph, and
lists paths of known facts that support each answer.
"""

# %%
# Data
# ----
# Facts (head, relation, tail) of UMLS, a semantic network of medicine, are read from
# the folder ``$SKATTN_DATA``. If it is missing, they are those of synthetic families.

import os
from pathlib import Path

import numpy as np
import pandas as pd

from skattn import AttentionReasoner
from skattn.graph import Question

FILE = Path(os.environ.get("SKATTN_DATA", "../shared/data"), "umls.npz")


def load_umls():
    """Load the known facts, of training and validation, and those for the test."""
    with np.load(FILE, allow_pickle=False) as arrays:
        entities, relations = arrays["entities"], arrays["relations"]
        known = np.concatenate([arrays["train"], arrays["valid"]])
        return [
            np.column_stack([entities[heads], relations[kinds], entities[tails]])
            for heads, kinds, tails in (known.T, arrays["test"].T)
        ]


def make_families():
    """Make families of three generations, with some grandmothers left for the test."""
    train, test = [], []
    for k in range(40):
        child, mother, grandmother = f"child{k}", f"mother{k}", f"grandmother{k}"
        train += [(child, "mother", mother), (mother, "mother", grandmother)]
        part = train if k < 30 else test
        part.append((child, "grandmother", grandmother))
    return [np.array(part) for part in (train, test)]


train, test = load_umls() if FILE.is_file() else make_families()
columns = ["head", "relation", "tail"]
print(pd.DataFrame(train, columns=columns).head().to_string())

# %%
# Fit and score
# -------------
# A row of X is a question (head, relation), y its answer. The fitted rows are the facts
# of the graph. ``score`` is the filtered mean reciprocal rank: other known answers do
# not count.

X, y = train[:, :2], train[:, 2]
reasoner = AttentionReasoner(max_epochs=8, random_state=0).fit(X, y)
print(f"mean reciprocal rank: {reasoner.score(test[:, :2], test[:, 2]):.3f}")

# %%
# Answers and their paths
# -----------------------
# Answers are new: those that are known facts are left out. A path leads from the head
# of the question to the answer; relations with "^" are followed backwards.

table = reasoner.answer(test[:3, :2], k=2, paths=2)
for row in table.itertuples():
    print(f"{row.question} -> {row.entity} ({row.probability:.2f})")
    for path in row.paths:
        steps = "".join(f" -{relation}-> {tail}" for _, relation, tail in path)
        print(f"    {path[0][0]}{steps}")

# %%
# Questions for heads
# -------------------
# The mark "^" before a relation asks for its heads. The probabilities of a question sum
# to 1. ``truth`` is the probability that a single fact is true; it is learned from few
# hidden facts here.

head, relation, tail = test[0]
table = reasoner.answer([(tail, f"^{relation}")], k=3, paths=0)
print(table.drop(columns="paths").to_string())

# %%
# Several hops and conjunctions
# -----------------------------
# A question continues along a further relation, and ``&`` asks for the common answers
# of two questions. Their truth is the product of the truths of the facts.

similar = Question(head, relation).to(f"^{relation}")  # heads with the same tail
both = similar & Question(tail, f"^{relation}")
table = reasoner.answer([similar, both], k=2)
print(table[["question", "entity", "truth"]].to_string())
