"""Networks of linear layers, from chapters 2 to 4, and their initial weights."""

from collections.abc import Callable

from torch import Tensor, nn

from helpers.models.layers import Layers


def kaiming_init(layer: nn.Module) -> None:
    """Draw weights with variance 2 / fan_in, biases 0, for ``net.apply(kaiming_init)``.

    Taught in chapter 3. Source: He et al. 2015, Delving deep into rectifiers.
    """
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class SoftmaxRegression(nn.Module):
    """One linear layer from the pixels to one logit per class.

    Parameters
    ----------
    num_inputs : number of pixels d (a 28x28 gray image has 784).
    num_outputs : number of classes K.

    The input is (n, ...) with d values per example, the output (n, K) logits: the
    softmax belongs to the loss. Taught in chapter 2.
    """

    def __init__(self, num_inputs: int = 784, num_outputs: int = 10):
        super().__init__()
        self.linear = nn.Linear(num_inputs, num_outputs)

    def forward(self, X: Tensor) -> Tensor:
        return self.linear(X.flatten(1))


class MLP(Layers):
    """Hidden layers, each with a non-linearity, between the pixels and the logits.

    Parameters
    ----------
    num_hiddens : width of each hidden layer; one layer of 256 units by default.
    num_inputs, num_outputs : pixels d and classes K.
    activation : class or function without arguments that makes the non-linearity
        behind each hidden layer, such as nn.ReLU.
    dropout : probability, 0 to 1, that a hidden unit is 0 in training; 0 adds no
        nn.Dropout.
    init : function of one module, applied to every layer as in ``net.apply(init)``;
        None keeps torch's initial weights.

    Input (n, ...) with d values per example, output (n, K) logits.

    Raises
    ------
    ValueError : dropout is no probability.

    Taught in chapter 3; dropout in chapter 4.
    """

    def __init__(
        self,
        num_hiddens: tuple[int, ...] = (256,),
        num_inputs: int = 784,
        num_outputs: int = 10,
        activation: Callable[[], nn.Module] = nn.ReLU,
        dropout: float = 0.0,
        init: Callable[[nn.Module], object] | None = None,
    ):
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout={dropout!r}: allowed are 0 to 1")
        widths = (num_inputs, *num_hiddens)
        layers: list[nn.Module] = [nn.Flatten()]
        for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Linear(n_in, n_out), activation()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        super().__init__(*layers, nn.Linear(widths[-1], num_outputs))
        if init is not None:
            self.apply(init)
