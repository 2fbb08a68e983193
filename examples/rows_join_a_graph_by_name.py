"""Rows of a DataFrame that join a graph by node label, after ordinary transformers.

Training uses the subgraph of the training rows alone; a new row has its own features,
and its neighbours in the graph are those of its label in the index.
"""

from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionRegressor
from skattn.datasets import load_weather_stations

weather = load_weather_stations(as_frame=True)
stations, winter = weather.graph.X, weather.target["winter"]
print(stations.head(3), end="\n\n")

model = make_pipeline(
    StandardScaler(), GraphAttentionRegressor(graph=weather.graph, random_state=0)
).set_output(transform="pandas")
folds = KFold(3, shuffle=True, random_state=0)  # the stations are sorted by place
scores = cross_val_score(model, stations, winter, cv=folds)
print("R² of three folds:", scores.round(3))

model.fit(stations.iloc[10:], winter.iloc[10:])
ask = stations.loc[["USW00012959"]].assign(elevation=500.0)
print(f"a station moved up to 500 m: {model.predict(ask)[0]:.1f} °C in winter")
