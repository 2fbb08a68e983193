import pytest
import torch

from skattn._training import default_modes


def modes():
    return (
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
    )


DEFAULTS = torch.device("cpu"), True, False, False


def test_modes_are_the_defaults_within_and_restored_after():
    with (
        torch.device("meta"),
        torch.autocast("cpu", dtype=torch.bfloat16),
        torch.inference_mode(),
    ):
        before = modes()
        assert before == (torch.device("meta"), False, True, True)
        with default_modes():
            assert modes() == DEFAULTS
            assert torch.zeros(1).device.type == "cpu"
            weight = torch.ones(2, 2, requires_grad=True)
            product = weight @ torch.ones(2, 2)
        assert product.dtype == torch.float32
        assert product.requires_grad
        assert not weight.is_inference()
        assert modes() == before


def test_defaults_need_no_context():
    before = modes()
    with default_modes():
        assert modes() == before
    assert modes() == before


def test_modes_are_restored_after_an_error():
    with torch.no_grad():
        try:
            with default_modes():
                raise ValueError
        except ValueError:
            assert not torch.is_grad_enabled()


def test_gradients_that_an_interrupt_left_disabled_are_enabled_again():
    @default_modes()
    def interrupted():
        torch.set_grad_enabled(False)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.is_grad_enabled()
