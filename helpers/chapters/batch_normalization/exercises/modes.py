"""What is kept for evaluation, and an evaluation that spoils it."""

import torch
from torch import nn

from helpers.chapters.batch_normalization.exercises.standardizing import to_two_digits
from helpers.exercises import exercise
from helpers.models import BatchNorm
from helpers.seeds import seeded


@exercise(
    "How fast a running mean follows",
    name="running-mean",
    kind="predict",
    stars=2,
    call=to_two_digits,
    hint="Each update keeps 0.9 of the old value and adds a tenth of the batch's mean. "
    "How far from 10 is it after one update, after two, after k?",
    then="After k updates 0.9^k of the way is left: 12 % after 20. In the first steps "
    "of training the running statistics are far from those of the batches.",
    usual="""
        1, 1.9, 8.78 => 9, 9.9, 10
            You gave the new batch nine tenths. In torch, momentum is the weight of the
            new batch: 0.1.
        1, 1.9, 8.78 => 1, 2, 20
            You added 1 at every update. The old value loses a tenth each time as well,
            so the running mean never passes 10.
        1, 1.9, 8.78 => 1, 2, 10
            It does not come nearer by 1 at every update: it goes a tenth of the way
            that is left, and that way gets shorter.
        1, 1.9, 8.78 => 9, 8.1, 1.22
            This is how far it still is from 10.
        1, 1.9, 8.78 => 1, 0.1, 0
            You multiplied by 0.1 again and again. Nine tenths of the old value stay,
            and a tenth of 10 is added.
        1, 1.9, 8.78 => 1, 1, 1
            A tenth of the batch's mean is added to nine tenths of the old value, which
            is 0 only before the first update.
        1, 1.9, 8.78 => 10, 10, 10
            This is the mean of the batches. The running mean begins with 0, and each
            update brings it a tenth of the way nearer.
        1, 1.9, 8.78 => 0, 1, 8.65
            You counted one update too few: the first one takes 0 to 1.
        1, 1.9, 8.78 => 1.9, 2.71, 8.91
            You counted one update too many: the first one takes 0 to 1.
    """,
)
def running_mean():
    return 1, 1.9, 8.78


def draw(n, c, training, seed):
    """A random case: a network of c channels that has seen data, and n images."""
    with seeded(seed):
        layers = nn.Conv2d(1, c, 3), BatchNorm(c), nn.ReLU(), nn.Flatten()
        net = nn.Sequential(*layers, nn.Linear(36 * c, 3))
        nn.init.normal_(net[1].running_mean)
        nn.init.uniform_(net[1].running_var, 0.2, 2)
        return net.train(training), torch.randn(n, 1, 8, 8)


def evaluated(answer, net, X):
    """Tell what an evaluation measures, and what it leaves behind.

    Three of four labels are what the network says in evaluation mode.
    """
    mode = net.training
    with torch.no_grad():
        y = net.eval()(X).argmax(1)
    y[::4] = (y[::4] + 1) % 3
    net.train(mode)
    kept, graphs = [b.clone() for b in net.buffers()], []
    net.register_forward_hook(lambda *args: graphs.append(args[-1].requires_grad))
    accuracy = answer(net, X, y)
    if accuracy is ... or accuracy is None:
        return accuracy
    same = all(map(torch.equal, kept, net.buffers()))
    return {
        "accuracy": round(float(accuracy), 3),
        "running statistics": "as they were" if same else "changed",
        "mode afterwards": "training" if net.training else "evaluation",
        "graphs kept": any(graphs),
    }


@exercise(
    "Three bugs in an evaluation",
    name="evaluate-one",
    kind="repair",
    stars=2,
    cases=[
        draw(7, 3, True, seed=0),
        draw(9, 4, False, seed=1),
        draw(11, 2, True, seed=2),
    ],
    call=evaluated,
    hint="Ask three questions. Which statistics normalize a batch of two images? Which "
    "mode is remembered? The last batch holds one image: how much does it count?",
    then="This is what an evaluation of any network owes you: its accuracy, and the "
    "network as it was.",
    usual=r"""
        * net.eval() => net.train()
            In training mode two images are normalized by their own mean and variance,
            and the running statistics move with each batch that is only to be measured.
            Evaluate in evaluation mode.
        * `    was_training = net.training\n` =>
        hits = [] => hits, was_training = [], net.training
            The mode afterwards is not what it was: it is remembered when it has been
            changed already. Remember it first, and restore it at the end.
        * torch.cat(hits).float() => torch.stack([h.float().mean() for h in hits])
            This is the mean of the batches' accuracies. The last batch holds one image,
            which counts twice as much as the others: average over the images.
        net.train(was_training) => net.train()
            The network is in training mode afterwards, even if it was in evaluation
            mode before: restore what `net.training` was at the beginning.
        with torch.no_grad() => if True
            The accuracy is right, but every forward pass keeps its graph for a gradient
            that nobody takes: evaluate under `torch.no_grad()`.
        .float().mean().item() => .sum().item()
            This is the number of right answers. Divide by the number of images.
        .mean().item() => .mean().item() * 100
            This is the accuracy in percent. A share from 0 to 1 is asked for.
    """,
)
def evaluate_one(net, X, y):  # X (n, 1, h, w), y (n,) -> accuracy
    was_training = net.training
    net.eval()
    hits = []
    with torch.no_grad():
        for X_2, y_2 in zip(X.split(2), y.split(2), strict=True):
            hits.append(net(X_2).argmax(1) == y_2)
    net.train(was_training)
    return torch.cat(hits).float().mean().item()
