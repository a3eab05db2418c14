"""Solutions of the exercises of chapter 4; a learner unfolds their source."""

import torch
from torch import nn
from torch.nn import functional as F


def polynomial_features(x, degree):
    # (n, 1) ** (degree + 1,) -> one column for each power, 0 to degree
    return x[:, None] ** torch.arange(degree + 1)


def early_stopping(val_losses, patience):
    best_epoch = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best_epoch]:
            best_epoch = epoch
        if epoch - best_epoch >= patience:
            break
    return best_epoch


def soft_threshold(w, lam):
    return w.sign() * (w.abs() - lam).clamp(min=0)


def ridge(X, y, lam):
    d = X.shape[1]
    return torch.linalg.solve(X.T @ X + lam * torch.eye(d), X.T @ y)


def weight_decay_step(w, grad, lr, weight_decay):
    return w - lr * (grad + weight_decay * w)


def smooth_labels(y, num_classes, epsilon):
    return (1 - epsilon) * F.one_hot(y, num_classes) + epsilon / num_classes


def cross_validate(X, y, k, fit, loss):
    losses = []
    for val in torch.arange(len(X)).tensor_split(k):
        is_train = torch.ones(len(X), dtype=torch.bool)
        is_train[val] = False
        predict = fit(X[is_train], y[is_train])
        losses.append(loss(predict(X[val]), y[val]))
    return torch.stack(losses)


class Dropout(nn.Module):  # noqa: D101
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must lie between 0 and 1, got {p}")
        self.p = p

    def forward(self, X):
        if not self.training or self.p == 0:
            return X
        if self.p == 1:
            return torch.zeros_like(X)  # 1 / (1 - p) would be a division by 0
        mask = (torch.rand_like(X) > self.p).float()
        return mask * X / (1 - self.p)
