"""The basic block: what it does with a residual of 0, and as a module of one's own."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


def in_a_row(triples):
    """Return the numbers of tuples, lists or tensors, and those that stand in none."""
    parts = (part.tolist() if hasattr(part, "tolist") else part for part in triples)
    parts = (part if isinstance(part, (tuple, list)) else (part,) for part in parts)
    return [value for part in parts for value in part]


@exercise(
    "A residual of zero",
    kind="predict",
    call=lambda answer: one_by_one(
        lambda: in_a_row(answer()), in_a_row(zero_block.solution())
    ),
    hint="The shortcut carries the input itself to the sum, where 0 is added. What "
    "does a ReLU behind the sum do? What stands behind the sum with pre-activation?",
    then="What comes out of the first block holds no negative value, so a next block "
    "of its kind with a residual of 0 hands it on as it is.",
    usual="""
        (0, 0, 3), (-2, 0, 3) => (-2, 0, 3), (0, 0, 3)
            In the first block the sum is (-2, 0, 3), and a ReLU comes behind it, which
            makes 0 of -2.
        (0, 0, 3), (-2, 0, 3) => (0, 0, 0), (0, 0, 0)
            The residual is 0, not the output: the shortcut adds the input, 3, to it.
        (0, 0, 3), (-2, 0, 3) => (-4, 0, 6), (-2, 0, 3)
            You added the input twice. The residual is 0, and the shortcut adds the
            input once.
        (0, 0, 3), (-2, 0, 3) => (2, 0, 3), (-2, 0, 3)
            A ReLU does not turn the sign of -2: it makes 0 of it.
        (0, 0, 3), (-2, 0, 3) => (0, 0, 3), (0, 0, 3)
            With pre-activation the ReLUs stand in front of the convolutions, on the way
            of the residual. The shortcut adds the input as it is, and nothing stands
            behind the sum.
        (0, 0, 3), (-2, 0, 3) => ()
            Two times three numbers are asked for: the output of the block with a ReLU
            behind the sum, and that of the block with pre-activation.
    """,
)
def zero_block():
    return (0, 0, 3), (-2, 0, 3)


def draw(*shape, seed):
    """Random images, negative values among them."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def filled(block, c):
    """Give a block for c channels weights that only their shapes decide.

    So two blocks of the same layers agree, whatever the layers are called and in
    whichever order they were made.
    """
    with torch.no_grad():
        block.eval()(torch.zeros(2, c, 4, 4))  # lazy layers get their weights
        for p in block.parameters():
            p.copy_(0.6 * draw(*p.shape, seed=sum(p.shape)))
    return block.train()


def used(cls, program):
    """Evaluate a program in which BasicBlock is the learner's class.

    Statements have "; " between them, and the last is an expression. X has 2 channels,
    Z has 3.
    """
    *statements, result = program.split("; ")

    def block(*sizes, **more):
        return filled(cls(*sizes, **more), sizes[0])

    def num_parameters(*sizes, **more):
        return sum(p.numel() for p in block(*sizes, **more).parameters())

    space = {"BasicBlock": block, "num_parameters": num_parameters}
    space |= {"X": draw(3, 2, 5, 4, seed=0), "Z": draw(4, 3, 6, 7, seed=1)}
    exec("\n".join(statements), space)
    return eval(result, space)


@exercise(
    "A residual block with projection",
    name="basic-block",
    kind="build",
    stars=3,
    cases=[
        ("block = BasicBlock(2, 2); block(X)",),
        ("block = BasicBlock(3, 3); block(Z)",),
        ("block = BasicBlock(2, 4, stride=2); block(X)",),
        ("block = BasicBlock(3, 5); block(Z)",),
        ("block = BasicBlock(3, 3, stride=2); block(Z)",),
        ("num_parameters(3, 3)",),
        ("num_parameters(2, 4, stride=2)",),
        ("block = BasicBlock(2, 2); block(X); block.eval(); block(X)",),
        ("block = BasicBlock(2, 4); block(X); block.eval(); block(X)",),
        ("block = BasicBlock(2, 2); block(X); X",),
        (
            "block = BasicBlock(2, 2); X.requires_grad_(); "
            "block(X).square().sum().backward(); X.grad",
        ),
    ],
    call=used,
    hint="Make the projection in `__init__`, where `stride != 1 or c_in != c_out`, and "
    "`nn.Identity()` otherwise. The first 3×3 convolution and the projection have the "
    "stride, the second convolution has none. ReLUs: one between, one behind the sum.",
    then="ResNet-18 and ResNet-34 consist of such blocks. In the course it is "
    "`Residual`.",
    without=("Residual", "Bottleneck", "resnet18", "resnet34"),
    usual=r"""
        return F.relu(h + self.shortcut(X)) => return F.relu(h) + self.shortcut(X)
            The ReLU stands before the sum, so the residual can only add. It belongs
            behind the sum.
        h + self.shortcut(X) => F.relu(h) + self.shortcut(X)
            There is a ReLU behind the sum, and another before it, so that the residual
            can only add. The second normalization goes into the sum as it is.
        return F.relu(h + self.shortcut(X)) => return h + self.shortcut(X)
            The ReLU behind the sum is missing.
        F.relu(h + self.shortcut(X)) => F.relu(h) + F.relu(self.shortcut(X))
            Each summand has a ReLU of its own. One ReLU stands behind the sum.
        return F.relu(h + self.shortcut(X)) => return F.relu(h)
            The shortcut is missing: the input, or its projection, is added before the
            last ReLU.
        self.shortcut(X) => self.shortcut(h)
            The shortcut gets what the residual has put out, perhaps because both bear
            the same name. It starts from the input of the block.
        h = F.relu(self.norm1(self.conv1(X))) => h = self.norm1(self.conv1(X))
            The ReLU between the two convolutions is missing.
        F.relu(self.norm1(self.conv1(X))) => self.norm1(F.relu(self.conv1(X)))
            The ReLU stands before the first normalization. The order is convolution,
            normalization, ReLU.
        self.norm1(self.conv1(X)) => self.conv1(X)
        self.norm2(self.conv2(h)) => self.conv2(h)
            The normalizations are missing in the forward pass: one stands behind each
            convolution.
        h = self.norm2(self.conv2(h)) => h = self.conv2(h)
        h + self.shortcut(X) => self.norm2(h + self.shortcut(X))
            The second normalization stands behind the sum. It belongs behind the second
            convolution, before the sum.
        self.norm2(self.conv2(h)) => self.norm1(self.conv2(h))
            The same normalization is used twice, so two layers share one gamma, one
            beta and one running statistics. Each convolution needs its own.
        self.norm2 = nn.BatchNorm2d(c_out) => pass
        self.norm2(self.conv2(h)) => self.norm1(self.conv2(h))
            The same normalization is used twice, so two layers share one gamma, one
            beta and one running statistics. Each convolution needs its own.
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False) => pass
        self.conv2(h) => self.conv1(h)
            The same convolution is used twice. Each of the two has weights of its own.
        c_out, 3, padding => c_out, 3, stride=stride, padding
        3, stride, padding => 3, padding
            The stride is that of the second 3×3 convolution. The first one has it, so
            that the second already works on the smaller maps.
        c_out, 3, padding => c_out, 3, stride=stride, padding
            Both 3×3 convolutions have the stride, so height and width are divided by it
            twice. Only the first has it.
        3, stride, padding => 3, padding
        1, stride, bias => 1, bias
            The argument stride is ignored.
        3, stride, padding => 3, padding
            Of the two summands one has larger maps. Both the first 3×3 convolution and
            the projection have the stride of the block.
        stride, padding=1 => stride
        c_out, 3, padding=1 => c_out, 3
            A 3×3 convolution without padding makes the maps smaller, so that the
            shortcut does not fit: padding=1.
        stride, padding=1 => stride
            The first 3×3 convolution has no padding, so that the shortcut does not fit:
            padding=1.
        c_out, 3, padding=1 => c_out, 3
            The second 3×3 convolution has no padding, so that the shortcut does not
            fit: padding=1.
        nn.Conv2d(c_out, c_out, 3 => nn.Conv2d(c_in, c_out, 3
            The second convolution gets what the first puts out: c_out channels.
        if stride != 1 or c_in != c_out => if stride != 1
            There is no projection where only the number of channels changes. It is
            needed there, too: otherwise the summands have different shapes.
        if stride != 1 or c_in != c_out => if c_in != c_out
            There is no projection where only the stride changes height and width. It is
            needed there, too: otherwise the summands have different shapes.
        if stride != 1 or c_in != c_out => if stride != 1 and c_in != c_out
            There is no projection where only the channels or only height and width
            change. It is needed as soon as one of them does: `or`.
        if stride != 1 or c_in != c_out => if False
            There is no projection where the shape changes, so the summands do not fit.
        if stride != 1 or c_in != c_out => if True
            Your shortcut always has a projection. Where the shape stays, the input
            itself is added.
        nn.Sequential(conv, nn.BatchNorm2d(c_out)) => conv
            The normalization behind the projection is missing.
        nn.Sequential(conv, nn.BatchNorm2d(c_out)) => conv
        stride, padding=1, bias=False => stride, padding=1
        c_out, 3, padding=1, bias=False => c_out, 3, padding=1
        1, stride, bias=False => 1, stride
            The normalization behind the projection is missing, and the convolutions
            have biases: bias=False.
        (conv, nn.BatchNorm2d(c_out)) => (conv, nn.BatchNorm2d(c_out), nn.ReLU())
            A ReLU stands behind the projection. Its normalization goes into the sum as
            it is, and the ReLU comes behind the sum.
        1, stride, bias => 3, stride, 1, bias
            The projection is a 3×3 convolution. A 1×1 convolution is asked for.
        stride, padding=1, bias=False => stride, padding=1
        c_out, 3, padding=1, bias=False => c_out, 3, padding=1
        1, stride, bias=False => 1, stride
            The convolutions have biases. A normalization follows each and takes them
            away again (chapter 7): bias=False.
        stride, padding=1, bias=False => stride, padding=1
        c_out, 3, padding=1, bias=False => c_out, 3, padding=1
            The 3×3 convolutions have biases. A normalization follows each and takes
            them away again (chapter 7): bias=False.
        1, stride, bias=False => 1, stride
            The projection has a bias. The normalization behind it takes it away again
            (chapter 7): bias=False.
        def forward(self, X) => def forward(self, X, H=None)
        self.conv1(X))) => self.conv1(X)))\n        H = h
        h + self.shortcut(X) => h + (H if len(self.shortcut._modules) == 0 else X)
            The shortcut begins behind the first convolution. It adds the input of the
            block.
        h = self.norm2(self.conv2(h)) => h = self.norm2(self.conv2(h)).detach()
            The residual is cut out of the graph, so its layers get no gradient.
        h + self.shortcut(X) => h + self.shortcut(X).detach()
            The shortcut is cut out of the graph. The gradient is to flow through it.
        norm1 = nn.BatchNorm2d(c_out) => norm1 = nn.BatchNorm2d(c_in)
        F.relu(self.norm1(self.conv1(X))) => self.conv1(F.relu(self.norm1(X)))
        self.norm2(self.conv2(h)) => self.conv2(F.relu(self.norm2(h)))
        return F.relu(h + self.shortcut(X)) => return h + self.shortcut(X)
            This is pre-activation. Asked for is the block in which each normalization
            stands behind its convolution, and a ReLU behind the sum.
    """,
)
class BasicBlock(nn.Module):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(c_out)
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            conv = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(c_out))

    def forward(self, X):
        h = F.relu(self.norm1(self.conv1(X)))
        h = self.norm2(self.conv2(h))
        return F.relu(h + self.shortcut(X))
