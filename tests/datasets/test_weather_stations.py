import numpy as np
import pandas as pd
import pytest

from skattn.datasets import load_weather_stations


@pytest.fixture(scope="module")
def weather():
    return load_weather_stations()


def test_shapes_and_names_agree(weather):
    assert weather.graph.shape == (144, len(weather.feature_names))
    assert weather.target.shape == (144, len(weather.target_names))
    assert weather.station_ids.shape == weather.station_names.shape == (144,)
    assert len(set(weather.station_ids)) == 144


def test_stations_are_in_the_contiguous_united_states(weather):
    longitude, latitude, elevation = weather.graph.X.T
    assert longitude.min() > -125
    assert longitude.max() < -66
    assert latitude.min() > 24
    assert latitude.max() < 50
    assert elevation.min() > -90
    assert elevation.max() < 4400


def test_summers_are_warmer_than_winters_and_the_north_is_colder(weather):
    winter, summer = weather.target.T
    assert (summer > winter).all()
    latitude = weather.graph.X[:, weather.feature_names.index("latitude")]
    assert np.corrcoef(latitude, winter)[0, 1] < -0.8


def test_graph_is_symmetric_weighted_and_without_loops(weather):
    adjacency = weather.graph.adjacency
    assert abs(adjacency - adjacency.T).max() == 0
    assert adjacency.diagonal().max() == 0
    assert weather.graph.is_weighted
    assert adjacency.data.min() > 0
    assert adjacency.data.max() <= 1
    assert np.diff(adjacency.indptr).min() >= 6


def test_neighbours_are_near(weather):
    adjacency = weather.graph.adjacency.tocoo()
    position = weather.graph.X[:, :2]
    apart = np.linalg.norm(position[adjacency.row] - position[adjacency.col], axis=1)
    all_pairs = np.linalg.norm(position[:, None] - position, axis=2)
    assert apart.mean() < all_pairs.mean() / 3


def test_frames_have_the_same_numbers_and_the_station_index(weather):
    framed = load_weather_stations(as_frame=True)
    assert isinstance(framed.graph.X, pd.DataFrame)
    assert framed.graph.X.index.name == "station"
    assert framed.graph.nodes.equals(framed.graph.X.index)
    assert framed.target.columns.tolist() == ["winter", "summer"]
    np.testing.assert_array_equal(framed.graph.X.index, weather.station_ids)
    np.testing.assert_array_equal(framed.graph.X, weather.graph.X)
    np.testing.assert_array_equal(framed.target, weather.target)


def test_numbers_are_those_of_the_source(weather, real_data):
    source = real_data("weather-us")
    latitude_longitude = weather.graph.X[:, [1, 0]]
    np.testing.assert_array_equal(latitude_longitude, source["coordinates"])
    for name in weather.target_names:
        theirs = source[f"{name}_temperature_midrange_c"]
        ours = weather.target[:, weather.target_names.index(name)]
        np.testing.assert_array_equal(ours, theirs)
    adjacency = weather.graph.adjacency
    np.testing.assert_array_equal(adjacency.indptr, source["adjacency_indptr"])
    np.testing.assert_array_equal(adjacency.indices, source["adjacency_indices"])
    np.testing.assert_allclose(adjacency.data, source["adjacency_data"], rtol=1e-6)
