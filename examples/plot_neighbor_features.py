"""
Gradient boosting on a graph
============================

``NeighborFeatures`` appends statistics of neighbours to the features of a node, so that
any model of tables learns from a graph: means and deviations over one and two hops,
degrees, and the known answers of neighbours, out of fold.
"""

# %%
# Data
# ----
# 1200 nodes in three communities, a quarter of them labelled. Features alone say
# little.

import matplotlib.pyplot as plt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.datasets import make_communities
from skattn.preprocessing import NeighborFeatures

G, y = make_communities(
    1200, 3, class_sep=0.5, p_within=0.015, p_between=0.004, random_state=0
)
G_train, G_test, y_train, y_test = train_test_split(
    G, y, train_size=0.25, stratify=y, random_state=0
)
print(G_train)

# %%
# Models with and without neighbours
# ----------------------------------
# A slice of the graph names the target nodes; all other nodes remain neighbours. The
# answers of the test nodes are not visible to any step.

models = {
    "gradient boosting": HistGradientBoostingClassifier(random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
}
columns = {
    "own features": NeighborFeatures(hops=1, statistics=[], degree=False, answers=None),
    "and neighbours' features": NeighborFeatures(answers=None),
    "and neighbours' answers": NeighborFeatures(),
}
scores = {}
for model_name, model in models.items():
    for name, step in columns.items():
        pipeline = make_pipeline(step, model).fit(G_train, y_train)
        scores[model_name, name] = pipeline.score(G_test, y_test)
        print(f"{model_name}, {name}: {scores[model_name, name]:.2f}")

# %%
# The same answers as inputs of a network
# ---------------------------------------
# ``label_inputs=True`` gives a graph attention network the known answers of neighbours,
# which each node weighs by attention.

for label_inputs in [False, True]:
    network = GraphAttentionClassifier(
        label_inputs=label_inputs, max_epochs=100, random_state=0
    )
    accuracy = network.fit(G_train, y_train).score(G_test, y_test)
    print(f"network, label_inputs={label_inputs}: {accuracy:.2f}")

# %%
# Columns that matter
# -------------------
# The columns are a table, and have names. So tools that do not accept a graph, such as
# permutation importance, are applied to the result of the step.

step = NeighborFeatures().set_output(transform="pandas")
table = step.fit_transform(G_train, y_train)
model = HistGradientBoostingClassifier(random_state=0).fit(table, y_train)
importance = permutation_importance(
    model, step.transform(G_test), y_test, n_repeats=3, random_state=0
).importances_mean
largest = importance.argsort()[-10:]

# %%
# Left the accuracy on test nodes, right the decrease of accuracy if a column is
# permuted.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for k, model_name in enumerate(models):
    values = [scores[model_name, name] for name in columns]
    places = [number + 0.4 * (0.5 - k) for number in range(len(columns))]
    left.barh(places, values, height=0.38, label=model_name)
left.set_yticks(range(len(columns)), columns)
left.set(xlabel="accuracy", xlim=(0, 1))
left.legend(loc="lower right")
right.barh(table.columns[largest], importance[largest])
right.set(xlabel="decrease of accuracy")
plt.show()
