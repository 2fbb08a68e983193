"""Fits that several processes share, on one machine, through its loopback device."""

import json
import multiprocessing
import runpy
from pathlib import Path

import pytest
import torch.distributed as dist

from skattn import GraphAttentionClassifier, shared_fits

pytestmark = pytest.mark.skipif(
    not dist.is_gloo_available(), reason="torch has no gloo here"
)
CASES = Path(__file__).parent / "shared_fit_cases.py"
HANG = 900
"""Seconds until a hang of the processes is certain."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a function that runs cases in some processes: their results, by rank.

    The processes are forked from one that has imported torch.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["skattn.estimators", "sklearn.model_selection"])

    def run(*names, count):
        folder = tmp_path_factory.mktemp("processes")
        given = [(names, rank, count, str(folder)) for rank in range(count)]
        processes = [
            context.Process(
                target=runpy.run_path, args=(str(CASES), {"ARGUMENTS": arguments})
            )
            for arguments in given
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(HANG)
            process.kill()
        files = sorted(folder.glob("*.json"))
        found = [json.loads(file.read_text()) for file in files]
        return {name: [own[name] for own in found] for name in names}

    return run


@pytest.fixture(scope="module")
def four(run):
    return run("lists", "batch_norm", "sampled", count=4)


@pytest.fixture(scope="module")
def two(run):
    names = "replicated", "ranges", "search", "seed", "stop", "stop_in_batch"
    return run(*names, count=2)


@pytest.fixture(scope="module")
def bad(run):
    return run("parameters", "data", "failure", "interrupt", count=2)


@pytest.mark.slow
def test_graphs_are_fitted_alike_alone_and_by_any_number_of_processes(four):
    found = four["lists"]
    assert found[0]["parts"] == [1, 6]
    digests = [own[n] for own in found for n in own if n != "parts"]
    assert len(digests) == 1 + 4 + 3 + 2 + 1  # alone, and the groups of each process
    assert len(set(digests)) == 1


@pytest.mark.slow
def test_batch_normalisation_has_the_statistics_of_the_whole_batch(four):
    found = four["batch_norm"]
    assert found[0]["parts"] == [1, 4]
    digests = [own[n] for own in found for n in own if n not in ("alone", "parts")]
    assert len(digests) == 4 + 3 + 2 + 1
    assert len(set(digests)) == 1


@pytest.mark.slow
def test_sampled_nodes_are_fitted_alike_by_any_number_of_processes(four):
    found = four["sampled"]
    digests = [own[n] for own in found for n in own if n != "alone"]
    assert len(digests) == 4 + 3 + 2 + 1
    assert len(set(digests)) == 1
    assert found[0]["alone"] != digests[0]  # one process does not divide its batches


def test_what_is_not_divided_is_fitted_alike_in_all_processes(two):
    first, second = two["replicated"]
    alone, shared = first
    assert shared == second[1] == alone


def test_one_graph_is_predicted_by_ranges_of_receivers(two):
    first, second = two["ranges"]
    alone, *shared, _, shares, is_in_chunks = first
    assert is_in_chunks
    assert shared[0] == shared[1] == second[1] == second[2] == alone
    assert len(shares) > 4
    for (own, n_chunks), (other, _) in zip(shares, second[4], strict=False):
        assert own + other == n_chunks > 2


def test_an_error_in_a_prediction_by_ranges_is_one_of_all_processes(two):
    first, second = two["ranges"]
    assert first[3].startswith("RuntimeError: process 1 of 2 failed")
    assert second[3].startswith("TypeError")


def test_searches_and_pipelines_find_the_same_as_one_process(two):
    (alone, first), (_, second) = two["search"]
    assert alone == first == second


def test_process_0_decides_the_seed(two):
    first, second = two["seed"]
    assert first == second


def test_process_0_decides_when_to_stop(two):
    assert two["stop"] == [3, 3]


def test_a_callback_that_stops_within_an_epoch_stops_all_processes(two):
    first, second = two["stop_in_batch"]
    assert first == second
    assert first[0] == 2


def test_different_parameters_are_an_error_of_all_processes(bad):
    found = bad["parameters"]
    for error, is_fitted, _ in found:
        assert error.startswith("ValueError: all processes must fit the same estimator")
        assert "process 1 and process 0 differ in hidden_dim (8 and 4)" in error
        assert not is_fitted
    assert found[0][2] == found[1][2]  # later fits are shared again


def test_different_data_are_an_error_of_all_processes(bad):
    for labels, features in bad["data"]:
        assert "differ in the training data" in labels
        assert "the labels" in labels
        assert "differ in the training data" in features
        assert "the labels (" not in features


def test_an_error_of_one_process_is_raised_by_all_within_5_seconds(bad):
    (first, kept_first, _), (second, kept_second, _) = bad["failure"]
    for error, seconds in first:
        assert error.startswith("RuntimeError: process 1 of 2 failed")
        assert seconds < HANG
    assert second[0][0] == "ZeroDivisionError: in a callback"
    assert second[1][0].startswith(("TypeError", "AttributeError"))
    assert second[2][0].startswith("ValueError")
    assert kept_first
    assert kept_second


def test_processes_share_fits_again_after_an_error(bad):
    assert [again for _, _, again in bad["failure"]] == [True, True]


def test_an_interrupt_of_one_process_ends_the_fit_of_all_at_the_same_step(bad):
    first, second = bad["interrupt"]
    assert first[0] == second[0] == "KeyboardInterrupt: "
    assert first[2:] == second[2:]
    assert first[2] == 2


def test_a_killed_process_ends_the_fits_of_the_others(run):
    found = run("killed", count=3)["killed"]
    assert len(found) == 2
    for error, _, again, is_fitted in found:
        assert "process 2 of 3 has ended or cannot be reached" in error
        assert "has ended or cannot be reached" in again
        assert not is_fitted


def test_processes_that_make_other_calls_raise_an_error(run):
    first, second = run("other_calls", count=2)["other_calls"]
    for found in (first, second):
        assert "all processes must make the same calls in shared_fits" in found[0]
    assert "process 1 of 2 has left the block" in first[1]


def test_a_group_is_needed():
    with (
        pytest.raises(RuntimeError, match=r"initialised torch\.distributed"),
        shared_fits(),
    ):
        GraphAttentionClassifier()


def test_one_process_shares_with_itself(tmp_path):
    store = dist.FileStore(str(tmp_path / "store"), 1)
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        with (
            shared_fits(),
            pytest.raises(RuntimeError, match="must not be inside another"),
            shared_fits(),
        ):
            pass
    finally:
        dist.destroy_process_group()
