"""Solutions of the exercises of chapter 2; a learner unfolds their source."""

import torch
from torch.nn import functional as F


def log_softmax(logits):
    return logits - torch.logsumexp(logits, -1, keepdim=True)


def cross_entropy_gradient(logits, y):
    return (torch.softmax(logits, -1) - F.one_hot(y, logits.shape[1])) / len(y)
