"""What the user learns from a fitted estimator."""

from skattn.inspection._attention import attention_weights

__all__ = ["attention_weights"]
