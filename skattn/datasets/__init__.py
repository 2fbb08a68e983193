"""Small real graphs, and generators of graphs with labels or known probabilities."""

from skattn.datasets._communities import make_communities
from skattn.datasets._community_graphs import make_community_graphs
from skattn.datasets._dictionary_lookup import make_dictionary_lookup
from skattn.datasets._karate_club import load_karate_club
from skattn.datasets._ladders import make_ladders
from skattn.datasets._neighbor_mean import make_neighbor_mean
from skattn.datasets._solubility import load_solubility
from skattn.datasets._trees import make_trees
from skattn.datasets._weather_stations import load_weather_stations

__all__ = [
    "load_karate_club",
    "load_solubility",
    "load_weather_stations",
    "make_communities",
    "make_community_graphs",
    "make_dictionary_lookup",
    "make_ladders",
    "make_neighbor_mean",
    "make_trees",
]
