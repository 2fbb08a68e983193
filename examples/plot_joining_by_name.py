"""
Join a table to a graph by name
===============================

The rows of a DataFrame join a graph by node label, here the names of weather stations,
so any transformer of tables can precede the estimator. Training uses the subgraph of
the training rows alone.
"""

# %%
# Data
# ----
# 144 weather stations with their mean temperature in January. The graph connects each
# station to the nearest ones; it is a parameter of the estimator.

import matplotlib.pyplot as plt
from sklearn.model_selection import KFold, cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionRegressor
from skattn.datasets import load_weather_stations
from skattn.inspection import AttentionDisplay

weather = load_weather_stations(as_frame=True)
stations, winter = weather.graph.X, weather.target["winter"]
print(stations.head(3))

# %%
# Cross-validation
# ----------------
# ``set_output(transform="pandas")`` keeps the index, and with it the names, through the
# scaler. The stations are sorted by place, so the folds are shuffled.

model = make_pipeline(
    StandardScaler(), GraphAttentionRegressor(graph=weather.graph, random_state=0)
).set_output(transform="pandas")
folds = KFold(3, shuffle=True, random_state=0)
predicted = cross_val_predict(model, stations, winter, cv=folds)
error = (winter - predicted).abs()
print(f"mean absolute error {error.mean():.1f} °C, largest {error.max():.1f} °C")

# %%
# Predict new rows
# ----------------
# A new row attends to the neighbours of its name among the training rows and the other
# rows of the call.

known, new = train_test_split(stations, test_size=10, random_state=0)
model.fit(known, winter.loc[known.index])
comparison = winter.loc[new.index].to_frame("measured")
print(comparison.assign(predicted=model.predict(new).round(1)).head(4))

# %%
# Left the held-out predictions of the cross-validation, right the attention weights of
# the first new row: its senders are the stations around it.

figure, (left, right) = plt.subplots(
    1, 2, figsize=(12, 4), width_ratios=[1.4, 1], layout="constrained"
)
dots = left.scatter(
    stations["longitude"], stations["latitude"], c=predicted, cmap="coolwarm"
)
figure.colorbar(
    dots, ax=left, label="predicted temperature in January (°C)", shrink=0.7
)
left.set(xlabel="longitude (degrees)", ylabel="latitude (degrees)", aspect=1.25)
left.set_title("held-out predictions")
rows = model[:-1].transform(new)
AttentionDisplay.from_estimator(model[-1], rows, row=0, ax=right)
plt.show()
