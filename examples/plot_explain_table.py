"""
Explain a prediction on a table
===============================

:func:`~skattn.inspection.explain` removes one neighbouring row or one column at a time
and predicts again. Scores have the names of the columns of X, also if a pipeline scales
them first.
"""

# %%
# A pipeline
# ----------
# A network of a plain table attends to the nearest fitted rows.

import matplotlib.pyplot as plt
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection import ExplanationDisplay, explain

X, y = load_wine(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
model = make_pipeline(
    StandardScaler(), GraphAttentionClassifier(max_epochs=40, random_state=0)
)
model.fit(X_train, y_train)
print(f"accuracy {model.score(X_test, y_test):.3f}")

# %%
# Rows
# ----
# Answers are log odds of the predicted class. The first bar is the answer without any
# neighbour: on a table a row's own features often decide almost alone. The other bars
# are the decrease of the answer without one row.

rows = explain(model, X_test.iloc[:20])
share = rows.without / rows.answer
print(f"share of the own features, median of 20 rows: {sorted(share)[10]:.0%}")
ExplanationDisplay(rows[0]).plot(k=8)
plt.show()

# %%
# Columns
# -------
# A removed column has its training mean in all rows.

columns = explain(model, X_test.iloc[:20], of="features")
print(columns[0])
columns[0].plot(k=6)
plt.show()

# %%
# The same as a table, for all 20 rows: mean size of the scores.

frame = columns.to_frame()
size = frame["score"].abs().groupby(frame["feature"]).mean()
print(size.sort_values(ascending=False).head(5).round(2))
