"""Solutions of the exercises of chapter 3; a learner unfolds their source."""

import math

import torch
from torch import nn
from torch.nn import functional as F


def num_parameters(widths):
    # Each layer has one row of weights per output, and one bias per output.
    pairs = zip(widths[:-1], widths[1:], strict=True)
    return sum(n_in * n_out + n_out for n_in, n_out in pairs)


def sigmoid_slope(a):
    return a * (1 - a)


def merge_layers(W1, b1, W2, b2):
    # W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)
    return W2 @ W1, W2 @ b1 + b2


def reload(net, path):
    net.load_state_dict(torch.load(path))
    return net.eval()


def kaiming_std(shape):
    num_outputs, num_inputs = shape
    return math.sqrt(2 / num_inputs)


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)


def mlp_backward(X, y, W1, b1, W2, b2):
    n, K = len(X), len(W2)
    Z = X @ W1.T + b1  # (n, h)
    H = Z.clamp(min=0)
    logits = H @ W2.T + b2  # (n, K)
    log_y_hat = logits - torch.logsumexp(logits, 1, keepdim=True)
    loss = -log_y_hat.gather(1, y[:, None]).mean()

    delta2 = (log_y_hat.exp() - F.one_hot(y, K)) / n  # error signal of the logits
    delta1 = (delta2 @ W2) * (Z > 0)  # through the weights, then through the ReLU
    return loss, delta1.T @ X, delta1.sum(0), delta2.T @ H, delta2.sum(0)


class Sequential(nn.Module):  # noqa: D101
    def __init__(self, *layers):
        super().__init__()
        for k, layer in enumerate(layers):
            self._modules[str(k)] = layer

    def forward(self, X):
        for layer in self._modules.values():
            X = layer(X)
        return X

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, i):
        layers = list(self._modules.values())
        return Sequential(*layers[i]) if isinstance(i, slice) else layers[i]
