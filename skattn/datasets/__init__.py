"""Small real graphs, and generators of graphs with labels."""

from skattn.datasets._communities import make_communities
from skattn.datasets._dictionary_lookup import make_dictionary_lookup
from skattn.datasets._karate_club import load_karate_club
from skattn.datasets._neighbor_mean import make_neighbor_mean
from skattn.datasets._solubility import load_solubility
from skattn.datasets._weather_stations import load_weather_stations

__all__ = [
    "load_karate_club",
    "load_solubility",
    "load_weather_stations",
    "make_communities",
    "make_dictionary_lookup",
    "make_neighbor_mean",
]
