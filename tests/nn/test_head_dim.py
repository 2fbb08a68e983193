import pytest

from skattn.nn import AttentionReadout, GlobalAttention
from skattn.nn._head_dim import head_dim_of


def test_a_width_is_divided_among_the_heads():
    assert head_dim_of("hidden_dim", 64, 4) == 16


@pytest.mark.parametrize(
    "make",
    [
        lambda: head_dim_of("hidden_dim", 6, 4),
        lambda: GlobalAttention(3, 6, n_heads=4),
        lambda: AttentionReadout(6, n_heads=4),
    ],
)
def test_widths_that_cannot_be_divided_are_refused(make):
    with pytest.raises(ValueError, match="must be divisible by n_heads=4, got 6"):
        make()
