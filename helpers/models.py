"""Reference networks; each docstring names the chapter that teaches it."""

from collections.abc import Callable

from torch import Tensor, nn


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


class MLP(nn.Sequential):
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


class LeNet(nn.Sequential):
    """LeNet-5 with ReLU and average pooling: two convolutions, three linear layers.

    Input (n, 1, 28, 28), output (n, 10) logits; 61,706 parameters. Taught in
    chapter 6. Source: LeCun et al. 1998, with the sigmoid replaced by ReLU.
    """

    def __init__(self, activation: type[nn.Module] = nn.ReLU):
        super().__init__(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),  # (n, 6, 28, 28)
            activation(),
            nn.AvgPool2d(2),  # (n, 6, 14, 14)
            nn.Conv2d(6, 16, kernel_size=5),  # (n, 16, 10, 10)
            activation(),
            nn.AvgPool2d(2),  # (n, 16, 5, 5)
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            activation(),
            nn.Linear(120, 84),
            activation(),
            nn.Linear(84, 10),
        )
