"""A training step with an auxiliary head, and with bugs."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise


def draw(n, d, num_hiddens, num_classes, lr, seed):
    """A random case: X, y, the weights of the layers and of both heads, the rate."""
    h, k = num_hiddens, num_classes
    generator = torch.Generator().manual_seed(seed)
    X, *weights = (
        torch.randn(*shape, generator=generator)
        for shape in ((n, d), (d, h), (h, h), (h, k), (h, k))
    )
    return X, torch.randint(k, (n,), generator=generator), *weights, lr


@exercise(
    "Three bugs in a step with an auxiliary head",
    name="auxiliary-loss",
    kind="repair",
    stars=2,
    cases=[
        draw(3, 2, 2, 2, 0.5, seed=0),
        draw(5, 3, 4, 3, 1.0, seed=1),
        draw(8, 4, 3, 5, 2.0, seed=2),
    ],
    hint="Ask three questions. Which of the two losses is only to help? Which weights "
    "is the auxiliary loss to reach? Which head answers once the network is trained?",
    then="Each bug leaves a network that trains. Without its gradient into the lower "
    "layers, an auxiliary head only learns to read what they happen to give.",
    usual=r"""
        * main + 0.3 * auxiliary => 0.3 * main + auxiliary
            The weight 0.3 stands at the wrong loss: the main one counts fully, and the
            auxiliary one helps.
        * F.cross_entropy(H @ A, y) => F.cross_entropy(H.detach() @ A, y)
            `detach` cuts the gradient: the auxiliary loss trains its own head and never
            reaches W1, which it was made for.
        * scores = torch.sigmoid(H @ W2) @ W3 => scores = H @ A
            In evaluation the auxiliary head is left out: the scores are those of the
            last layer.
        main + 0.3 * auxiliary => 0.3 * auxiliary
            The auxiliary loss has replaced the main one, so W2 and W3 have no gradient.
            It is added to the main one.
        main + 0.3 * auxiliary => main + auxiliary
            Both losses count equally. The auxiliary one is weighted by 0.3.
        main + 0.3 * auxiliary => 0.7 * main + 0.3 * auxiliary
            This is a weighted mean. The main loss counts fully, and 0.3 of the
            auxiliary one is added.
        main + 0.3 * auxiliary => 0.3 * (main + auxiliary)
            The weight 0.3 belongs to the auxiliary loss alone.
        scores = torch => scores = H @ A + torch
            You added the scores of both heads. In evaluation the last layer answers
            alone.
        scores = torch.sigmoid(H @ W2) @ W3 => scores = H @ W3
            The second layer, W2, is left out.
    """,
)
def auxiliary_loss(X, y, W1, W2, W3, A, lr):  # (n, d), (n,), weights, number
    weights = [W.clone().requires_grad_() for W in (W1, W2, W3, A)]
    W1, W2, W3, A = weights
    H = torch.sigmoid(X @ W1)
    main = F.cross_entropy(torch.sigmoid(H @ W2) @ W3, y)
    auxiliary = F.cross_entropy(H @ A, y)  # a head of the first layer
    loss = main + 0.3 * auxiliary
    loss.backward()
    with torch.no_grad():
        for W in weights:
            W -= lr * W.grad
        # What the network answers after the step, in evaluation.
        H = torch.sigmoid(X @ W1)
        scores = torch.sigmoid(H @ W2) @ W3
    return loss.detach(), W1.detach(), scores
