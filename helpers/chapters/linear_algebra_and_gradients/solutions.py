"""Solutions of the exercises of chapter 1; a learner unfolds their source."""

import math

import torch


def angle(a, b):
    cosine = (a @ b) / (a.norm() * b.norm())
    # Rounded, it may be 1.0000000000000002, which is the cosine of no angle.
    return cosine.clamp(-1, 1).acos().rad2deg()


def lp_norm(x, p):
    if p == math.inf:
        return x.abs().max()
    return (x.abs() ** p).sum() ** (1 / p)


def inverse_2x2(a, b, c, d):
    adjugate = torch.tensor([[d, -b], [-c, a]])
    return adjugate / (a * d - b * c)


def definiteness(A):
    smallest = torch.linalg.eigvalsh(A).min()
    if smallest >= 1e-5:
        return "definite"
    return "semidefinite" if smallest > -1e-5 else "neither"


def directional_derivative(gradient, p):
    return gradient @ p / p.norm()


def stationary_point(A, b):
    x = torch.linalg.solve(A, b)  # the gradient A x - b is 0
    curvatures = torch.linalg.eigvalsh(A)
    if (curvatures > 0).all():
        return x, "minimum"
    return x, "maximum" if (curvatures < 0).all() else "saddle"


def largest_rate(X):
    hessian = X.T @ X / len(X)
    return 2 / torch.linalg.eigvalsh(hessian).max()


def gauss_jordan(A):
    n = len(A)
    M = torch.cat([A, torch.eye(n)], 1)  # [A | I], in the end [I | inverse]
    for k in range(n):
        pivot = k + M[k:, k].abs().argmax().item()  # the largest one rounds least
        if M[pivot, k] == 0:
            raise ValueError("the matrix has no inverse")
        M[[k, pivot]] = M[[pivot, k]]  # indexing by a list copies both rows first
        M[k] = M[k] / M[k, k]
        for i in range(n):
            if i != k:
                M[i] -= M[i, k] * M[k]
    return M[:, n:]


class Scalar:
    """A number that remembers how it was computed."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.parents = parents  # what it was computed from
        self.slopes = slopes  # its derivative with respect to each of them

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))

    __radd__, __rmul__ = __add__, __mul__  # a number on the left

    def __pow__(self, exponent):
        slope = exponent * self.data ** (exponent - 1)
        return Scalar(self.data**exponent, (self,), (slope,))

    def tanh(self):
        t = math.tanh(self.data)
        return Scalar(t, (self,), (1 - t**2,))

    def backward(self):
        order, seen = [], set()

        def visit(node):  # all that a node was computed from comes before it
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        gradients = dict.fromkeys(order, 0.0) | {self: 1.0}  # those of this call
        for node in reversed(order):  # complete before it is passed on
            node.grad += gradients[node]
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                gradients[parent] += slope * gradients[node]
