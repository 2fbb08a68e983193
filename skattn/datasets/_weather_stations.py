"""Temperatures of weather stations in the United States."""

from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils import Bunch

from skattn.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

_FEATURES = ("longitude", "latitude", "elevation")
_TARGETS = ("winter", "summer")

_DESCR = """\
Weather stations of the United States
-------------------------------------

144 stations of the contiguous United States in 2025. Task: regression of two
temperatures from the location of a station and its neighbours.

Features: longitude and latitude (degrees), elevation (metres), not scaled.

Targets: `winter` and `summer`, the monthly means for January and July of the daily
mid-range temperature (mean of minimum and maximum), in degrees Celsius.

Graph: symmetric 6-nearest-neighbour graph (1018 entries, no loops). The weight is
exp(-d_ij^2 / (s_i s_j)) for the distance d_ij, where s_i is the distance from i to its
6th neighbour.

Source: NOAA's Global Historical Climatology Network - Daily (GHCN-Daily), Version 3,
free to redistribute with citation: M. J. Menne, I. Durre, B. Korzeniewski, S. McNeill,
K. Thomas, X. Yin, S. Anthony, R. Ray, R. S. Vose, B. E. Gleason, T. G. Houston, 2012,
NOAA National Climatic Data Center, doi:10.7289/V5D21VHZ. Described in M. J. Menne,
I. Durre, R. S. Vose, B. E. Gleason, T. G. Houston, "An overview of the Global
Historical Climatology Network-Daily database", Journal of Atmospheric and Oceanic
Technology 29, 897-910, 2012.
"""


def load_weather_stations(*, as_frame: bool = False) -> Bunch:
    """Load a graph of 144 weather stations for the regression of temperatures.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether features and targets are pandas DataFrames with the index ``station``,
        and the graph has these node labels, so that a DataFrame can join it by label
        (``GraphAttentionRegressor(graph=...)``). Requires pandas.

    Returns
    -------
    sklearn.utils.Bunch
        Dictionary-like object with the attributes:

        - ``graph`` : :class:`~skattn.Graph` of 144 nodes, joined to their nearest
          stations; its ``X`` of shape (144, 3) is longitude and latitude in degrees
          and elevation in metres;
        - ``target`` : float array (or DataFrame) of shape (144, 2), mean temperatures
          of January and July 2025 in degrees Celsius;
        - ``target_names`` : ``["winter", "summer"]``;
        - ``feature_names`` : ``["longitude", "latitude", "elevation"]``;
        - ``station_ids``, ``station_names`` : str arrays of shape (144,);
        - ``DESCR`` : description of the data set and its source.

    References
    ----------
    M. J. Menne, I. Durre, R. S. Vose, B. E. Gleason, T. G. Houston, "An overview of
    the Global Historical Climatology Network-Daily database", Journal of Atmospheric
    and Oceanic Technology 29, 897-910, 2012. Data: doi:10.7289/V5D21VHZ.

    Examples
    --------
    >>> from skattn.datasets import load_weather_stations
    >>> weather = load_weather_stations()
    >>> weather.graph.shape, weather.target.shape
    ((144, 3), (144, 2))
    """
    stored = _read()
    X = np.column_stack([stored[name] for name in _FEATURES])
    target = np.column_stack([stored[name] for name in _TARGETS])
    nodes = None
    if as_frame:
        X, target, nodes = _as_frames(X, target, stored["station_ids"])
    return Bunch(
        graph=Graph(_adjacency(stored), X, nodes=nodes),
        target=target,
        target_names=list(_TARGETS),
        feature_names=list(_FEATURES),
        station_ids=stored["station_ids"],
        station_names=stored["station_names"],
        DESCR=_DESCR,
    )


def _read() -> dict[str, np.ndarray]:
    path = resources.files("skattn.datasets").joinpath("data/weather_stations.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return dict(stored)


def _adjacency(stored: dict[str, np.ndarray]) -> csr_array:
    n_stations = len(stored["station_ids"])
    parts = (stored[f"adjacency_{part}"] for part in ("data", "indices", "indptr"))
    return csr_array(tuple(parts), shape=(n_stations, n_stations))


def _as_frames(
    X: np.ndarray, target: np.ndarray, station_ids: np.ndarray
) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.Index"]:
    import pandas as pd

    index = pd.Index(station_ids, name="station")
    return (
        pd.DataFrame(X, index, _FEATURES),
        pd.DataFrame(target, index, _TARGETS),
        index,
    )
