"""
Categories and missing values
=============================

A DataFrame with text, categories and missing values goes into ``fit`` as it is. This
example predicts prices with :class:`~skattn.GraphAttentionRegressor` and with
scikit-learn's gradient boosting.
"""

# %%
# Data
# ----
# A generated table of used cars. The price falls with age and distance, at a rate that
# depends on the make, and gas is cheaper. A tenth of the distances and fuels are
# missing: of old cars more often than of new ones.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import PredictionErrorDisplay
from sklearn.model_selection import cross_val_predict, cross_val_score

from skattn import GraphAttentionRegressor

rng = np.random.default_rng(0)
n_cars = 600
makes = ["Aster", "Borealis", "Cirrus", "Dorado", "Elan", "Falke"]
make = rng.integers(len(makes), size=n_cars)
age = rng.gamma(3, 2, n_cars)
distance = age * rng.normal(14, 4, n_cars).clip(2)
fuel = rng.choice(["petrol", "diesel", "gas"], n_cars, p=[0.6, 0.3, 0.1])
rate = np.array([0.06, 0.12, 0.08, 0.16, 0.10, 0.07])[make]
log_price = (
    np.array([10.2, 10.0, 10.6, 9.7, 9.9, 10.9])[make]
    - rate * age
    - 0.003 * distance
    - 0.2 * (fuel == "gas")
    + 0.1 * rng.normal(size=n_cars)
)
cars = pd.DataFrame(
    {
        "make": pd.Categorical.from_codes(make, makes),
        "fuel": fuel,
        "age": age.round(1),
        "distance": distance.round(),
    }
)
missing = rng.random((n_cars, 2)) < 0.04 * age[:, None] / 2
cars[["fuel", "distance"]] = cars[["fuel", "distance"]].mask(missing)
print(cars.head())
print(cars.isna().mean().rename("missing").round(2))

# %%
# Compare two regressors
# ----------------------
# Both read the dtypes of the columns. ``HistGradientBoostingRegressor`` takes
# categories, but not text, so that the fuel is converted for it. skattn makes a column
# of 0 and 1 of every category; missing values are a category of their own, and missing
# numbers are the mean, with a column that indicates them. Neighbours are those of
# standardised numbers.

models = {
    "gradient boosting": HistGradientBoostingRegressor(random_state=0),
    "skattn": GraphAttentionRegressor(random_state=0),
}
typed = cars.astype({"fuel": "category"})
for name, model in models.items():
    scores = cross_val_score(model, typed, log_price, cv=3)
    print(f"{name:<17} R² {scores.mean():.3f} ± {scores.std():.3f}")

# %%
# Errors
# ------
# Predictions for cars that were not in the training fold.

predicted = cross_val_predict(models["skattn"], cars, log_price, cv=3)
display = PredictionErrorDisplay.from_predictions(log_price, predicted)
display.ax_.set(title="skattn", xlabel="log price", ylabel="residual")
plt.show()

# %%
# New categories
# --------------
# A make that the model has never seen belongs to none of its categories: the prediction
# rests on the other columns and on similar cars.

model = models["skattn"].fit(cars[10:], log_price[10:])
new = cars[:3].assign(make=["Aster", "Cirrus", "Gazelle"])
print(new.assign(predicted=np.exp(model.predict(new)).round(-1)))
