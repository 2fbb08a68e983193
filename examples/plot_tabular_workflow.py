"""
A complete workflow on a table
==============================

A DataFrame with missing values and categories, from preprocessing to an explained
prediction: ``ColumnTransformer``, ``RandomizedSearchCV``, ``CalibratedClassifierCV``,
permutation importance and attention weights. Logistic regression and gradient boosting
are the baselines.
"""

# %%
# Data
# ----
# A synthetic table of customers. Whether one leaves depends on the contract, on the
# usage relative to the usual usage of the region, and on chance. Income has no effect.
# A tenth of all usages and incomes are missing.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection import AttentionDisplay

rng = np.random.default_rng(0)
n_customers = 2400
region = rng.choice(["north", "south", "west"], n_customers)
contract = rng.choice(["monthly", "yearly"], n_customers, p=[0.6, 0.4])
usual = pd.Series({"north": 40.0, "south": 60.0, "west": 80.0})[region].to_numpy()
usage = usual + 15 * rng.normal(size=n_customers)
income = 1000 * rng.lognormal(1, 0.4, n_customers)
log_odds = 2.5 * np.abs(usage - usual) / 15 - 3 + 1.5 * (contract == "monthly")
y = rng.random(n_customers) < 1 / (1 + np.exp(-log_odds))
X = pd.DataFrame(
    {"region": region, "contract": contract, "usage": usage, "income": income}
)
X[["usage", "income"]] = X[["usage", "income"]].mask(rng.random((n_customers, 2)) < 0.1)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)
print(X_train.head(4))
print(f"{y.mean():.0%} of the customers leave")

# %%
# Search
# ------
# Numbers are imputed and scaled, categories become indicator columns. The search
# compares four combinations of two parameters.


def preprocessing():
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
            ["usage", "income"],
        ),
        (OneHotEncoder(), ["region", "contract"]),
    )


pipeline = make_pipeline(
    preprocessing(), GraphAttentionClassifier(max_epochs=30, random_state=0)
)
search = RandomizedSearchCV(
    pipeline,
    {
        "graphattentionclassifier__n_neighbors": [4, 8, 16, 32],
        "graphattentionclassifier__dropout": [0.2, 0.4],
    },
    n_iter=4,
    cv=3,
    scoring="neg_log_loss",
    random_state=0,
).fit(X_train, y_train)
print("best parameters:", search.best_params_)

# %%
# Calibration
# -----------
# ``CalibratedClassifierCV`` fits the classifier three times, each time without one of
# three folds, on which it calibrates the probabilities. It helps where the curve of a
# classifier is far from the diagonal.

models = {
    "logistic regression": LogisticRegression(),
    "gradient boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
}
for name, baseline in models.items():
    models[name] = make_pipeline(preprocessing(), baseline).fit(X_train, y_train)
models["skattn"] = search.best_estimator_
models["skattn, calibrated"] = CalibratedClassifierCV(search.best_estimator_, cv=3)
models["skattn, calibrated"].fit(X_train, y_train)

_, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name, model in models.items():
    probability = model.predict_proba(X_test)[:, 1]
    loss, auc = log_loss(y_test, probability), roc_auc_score(y_test, probability)
    print(f"{name:<20} log loss {loss:.3f}, ROC AUC {auc:.3f}")
    if name.startswith("skattn"):
        CalibrationDisplay.from_predictions(
            y_test, probability, n_bins=8, strategy="quantile", name=name, ax=ax
        )
ax.set(xlabel="predicted probability to leave", ylabel="fraction that leaves")
plt.show()

# %%
# Importance of the columns
# -------------------------
# Permutation importance takes the whole pipeline, so its columns are those of the
# DataFrame. A column counts if the loss increases when its values are permuted.

importance = permutation_importance(
    search.best_estimator_,
    X_test,
    y_test,
    scoring="neg_log_loss",
    n_repeats=5,
    random_state=0,
)
_, ax = plt.subplots(figsize=(6, 2.5), layout="constrained")
ax.barh(X.columns, importance.importances_mean, xerr=importance.importances_std)
ax.set(xlabel="increase of the log loss", ylabel="permuted column")
plt.show()

# %%
# Attention weights of one customer
# ---------------------------------
# A new row attends to its nearest training rows. They show with which customers it is
# compared, not which of its features decide.

complete = X_test.dropna()
rows = search.best_estimator_[:-1].transform(complete)
display = AttentionDisplay.from_estimator(search.best_estimator_[-1], rows, row=0)
plt.show()

senders = [int(name.split()[-1]) for name in display.names if name != "itself"][:3]
print(pd.concat([complete.iloc[[0]], X_train.iloc[senders]]).round(1))
