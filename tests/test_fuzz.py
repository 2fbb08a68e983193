"""Random arguments of public functions, see `benchmarks.fuzz`."""

import pytest

from benchmarks.fuzz import judged


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_arguments_are_answered_or_refused_with_our_message(first):
    outcomes = [(k, *judged(k, 1)) for k in range(first, first + 50)]
    assert not [each for each in outcomes if each[1].isupper()]
