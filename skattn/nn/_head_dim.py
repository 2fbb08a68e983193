"""Width of one head."""


def head_dim_of(name: str, width: int, n_heads: int) -> int:
    """Divide a width among heads.

    Parameters
    ----------
    name : str
        The width's name in the message.
    width : int
        Total width of all heads.
    n_heads : int
        Number of heads.

    Returns
    -------
    int
        The width of one head.

    Raises
    ------
    ValueError
        If the width is not divisible by the number of heads.
    """
    if width % n_heads:
        raise ValueError(
            f"{name} is the total width of all heads and must be divisible by "
            f"n_heads={n_heads}, got {width}."
        )
    return width // n_heads
