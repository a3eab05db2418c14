"""Recurrent networks: three cells from scratch, the loop that runs them, a generator.

Everything has torch's layout: gates in torch's order, time first, (T, n, d), unless
``batch_first``. Taught in chapter 10.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.data.vocab import Vocab

State = Tensor | tuple[Tensor, Tensor]  # of an LSTM two: the output h and the cell c
LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Cell(nn.Module):
    """What the cells share: weights and biases of their gates, one below the other.

    Parameters
    ----------
    num_inputs, num_hiddens : d values come in, h go out.

    Shapes, names and initial weights, uniform within 1 / sqrt(h), are those of torch's
    cells. Both biases are kept, though their sum would do.
    """

    num_gates = 1

    def __init__(self, num_inputs: int, num_hiddens: int):
        super().__init__()
        rows = self.num_gates * num_hiddens
        self.num_hiddens = num_hiddens
        self.weight_ih = nn.Parameter(torch.empty(rows, num_inputs))
        self.weight_hh = nn.Parameter(torch.empty(rows, num_hiddens))
        self.bias_ih = nn.Parameter(torch.empty(rows))
        self.bias_hh = nn.Parameter(torch.empty(rows))
        bound = 1 / math.sqrt(num_hiddens)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def from_input(self, x: Tensor) -> Tensor:
        """Return what the input contributes to every gate, (n, num_gates * h)."""
        return x @ self.weight_ih.T + self.bias_ih

    def from_state(self, h: Tensor) -> Tensor:
        """Return what the state contributes to every gate, (n, num_gates * h)."""
        return h @ self.weight_hh.T + self.bias_hh


class RNNCell(Cell):
    """One step of a plain recurrent network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Input x (n, d) and h (n, h), output h' (n, h), as of nn.RNNCell.

    Taught in chapter 10. Source: Elman 1990, Finding structure in time.
    """

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return torch.tanh(self.from_input(x) + self.from_state(h))


class LSTMCell(Cell):
    """One step of an LSTM: a cell c that is kept, written and read through three gates.

    Input x (n, d) and the state (h, c), each (n, h); output (h', c'), as of
    nn.LSTMCell. The rows of the weights are, from the top: input gate i, forget gate f,
    new values g, output gate o.

    Taught in chapter 10. Sources: Hochreiter, Schmidhuber 1997, Long short-term memory;
    the forget gate: Gers, Schmidhuber, Cummins 2000, Learning to forget.
    """

    num_gates = 4

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h, c = state
        i, f, g, o = (self.from_input(x) + self.from_state(h)).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


class GRUCell(Cell):
    """One step of a GRU: the new state is a mixture of the old one and of new values.

    Input x (n, d) and h (n, h), output h' (n, h), as of nn.GRUCell. The rows of the
    weights are, from the top: reset gate r, update gate z, new values n. As in torch,
    the reset gate acts on W_hn h + b_hn, not on h.

    Taught in chapter 10. Source: Cho et al. 2014, Learning phrase representations using
    RNN encoder-decoder for statistical machine translation.
    """

    num_gates = 3

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        r_in, z_in, n_in = self.from_input(x).chunk(3, dim=1)
        r_state, z_state, n_state = self.from_state(h).chunk(3, dim=1)
        r, z = torch.sigmoid(r_in + r_state), torch.sigmoid(z_in + z_state)
        n = torch.tanh(n_in + r * n_state)
        return (1 - z) * n + z * h


CELLS = {"rnn": RNNCell, "lstm": LSTMCell, "gru": GRUCell}


def _check_kind(cell: str) -> str:
    if cell not in CELLS:
        raise ValueError(f"cell={cell!r}: allowed are {', '.join(map(repr, CELLS))}")
    return cell


class Recurrent(nn.Module):
    """Cells run over sequences, one layer on top of the other, in plain Python.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru".
    num_inputs, num_hiddens : d values come in at each step, h go out of each layer.
    num_layers : L; layer 2 reads what layer 1 puts out at each step, and so on.
    batch_first : the batch's axis before that of time, (n, T, d); torch's default, and
        this one, is time first, (T, n, d).

    Input X (T, n, d) and a state, None for zeros; output (H, state): H (T, n, h) of the
    last layer at every step, the state (L, n, h) of all layers after the last one, of
    an LSTM a pair of such. With the same weights, as after the same seed, it is nn.RNN,
    nn.LSTM or nn.GRU, only slower.

    Raises
    ------
    ValueError : no such cell.

    Taught in chapter 10.
    """

    def __init__(
        self,
        cell: str,
        num_inputs: int,
        num_hiddens: int,
        num_layers: int = 1,
        batch_first: bool = False,
    ):
        super().__init__()
        self.kind, self.batch_first = _check_kind(cell), batch_first
        widths = [num_inputs] + [num_hiddens] * (num_layers - 1)
        self.cells = nn.ModuleList(CELLS[cell](d, num_hiddens) for d in widths)

    def forward(self, X: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        inputs = X.transpose(0, 1) if self.batch_first else X
        state = self.zeros(inputs) if state is None else state
        paired, last = self.kind == "lstm", []
        layers = zip(*state, strict=True) if paired else state
        for cell, now in zip(self.cells, layers, strict=True):
            outputs = []
            for x in inputs:  # (n, d): the same weights at every step
                now = cell(x, now)
                outputs.append(now[0] if paired else now)
            inputs = torch.stack(outputs)  # of this layer, inputs of the next
            last.append(now)
        H = inputs.transpose(0, 1) if self.batch_first else inputs
        if paired:
            h, c = zip(*last, strict=True)
            return H, (torch.stack(h), torch.stack(c))
        return H, torch.stack(last)

    def zeros(self, X: Tensor) -> State:
        """Return the state before any input, for a batch X (T, n, d)."""
        h = X.new_zeros(len(self.cells), X.shape[1], self.cells[0].num_hiddens)
        return (h, torch.zeros_like(h)) if self.kind == "lstm" else h

    @torch.no_grad()
    def load_weights(self, layer: nn.RNNBase) -> None:
        """Take over the weights of an nn.RNN, nn.LSTM or nn.GRU.

        Raises
        ------
        ValueError : a layer of another kind or size, or one of torch's own variants:
            ReLU, two directions, projections, no bias.
        """
        plain = layer.bias and not (layer.bidirectional or layer.proj_size)
        if layer.mode != {"rnn": "RNN_TANH"}.get(self.kind, self.kind.upper()):
            plain = False
        sizes = (layer.input_size, layer.hidden_size, layer.num_layers)
        first = self.cells[0]
        own = (first.weight_ih.shape[1], first.num_hiddens, len(self.cells))
        if not plain or sizes != own:
            raise ValueError(
                f"{layer} does not fit: expected a plain {LAYERS[self.kind].__name__} "
                f"of {own[0]} inputs, {own[1]} hidden units and {own[2]} layers"
            )
        for k, cell in enumerate(self.cells):
            for name, parameter in cell.named_parameters():
                parameter.copy_(getattr(layer, f"{name}_l{k}"))


class CharModel(nn.Module):
    """A language model: after every token, logits of the token that follows.

    Parameters
    ----------
    vocab_size : V, the number of tokens.
    num_hiddens : h, hidden units of each layer.
    cell : "rnn", "lstm" or "gru"; the layer is torch's.
    num_layers : recurrent layers, one on top of the other.
    num_embedding : values of the learned vector of each token; None gives one-hot
        vectors instead.

    Input (n, T) int64, output (n, V, T) logits, as F.cross_entropy takes them beside
    targets (n, T): `fit` trains it. Every row begins with the state 0; `unroll` takes a
    state and returns the next one.

    Raises
    ------
    ValueError : no such cell.

    Taught in chapter 10.
    """

    def __init__(
        self,
        vocab_size: int,
        num_hiddens: int = 128,
        cell: str = "lstm",
        num_layers: int = 1,
        num_embedding: int | None = None,
    ):
        super().__init__()
        self.vocab_size = vocab_size
        if num_embedding is None:
            self.embedding = None
        else:
            self.embedding = nn.Embedding(vocab_size, num_embedding)
        make = LAYERS[_check_kind(cell)]
        self.rnn = make(num_embedding or vocab_size, num_hiddens, num_layers)
        self.output = nn.Linear(num_hiddens, vocab_size)

    def forward(self, X: Tensor) -> Tensor:
        return self.unroll(X)[0]

    def unroll(self, X: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the logits (n, V, T) and the state after the last token.

        Parameters
        ----------
        X : (n, T) int64.
        state : what a call before this one returned, see `detached`; None = zeros.
        """
        X = X.T  # time first
        if self.embedding is None:
            inputs = F.one_hot(X, self.vocab_size).to(self.output.weight.dtype)
        else:
            inputs = self.embedding(X)
        H, state = self.rnn(inputs, state)
        return self.output(H).permute(1, 2, 0), state


def detached(state: State) -> State:
    """Return the state's values without their history: the gradient ends here.

    Taught in chapter 10.
    """
    if isinstance(state, tuple):
        return tuple(part.detach() for part in state)
    return state.detach()


@torch.no_grad()
def set_forget_bias(net: nn.Module, value: float) -> None:
    """Set the bias of every forget gate of the network's nn.LSTM layers.

    Torch adds two biases: the first gets the value, the second 0.

    Taught in chapter 10. Source: Gers, Schmidhuber, Cummins 2000, Learning to forget.
    """
    for layer in net.modules():
        if isinstance(layer, nn.LSTM):
            forget = slice(layer.hidden_size, 2 * layer.hidden_size)
            for name, parameter in layer.named_parameters():
                if name.startswith("bias"):
                    parameter[forget] = value if name.startswith("bias_ih") else 0.0


@torch.no_grad()
def perplexity(net: CharModel, tokens: Tensor) -> float:
    """Return exp(mean cross-entropy) of all tokens but the first.

    The model reads the text once from its beginning, (N,) int64, with its state carried
    along. A perplexity of k is as uncertain as k equally likely tokens.

    Taught in chapter 10.
    """
    X, y = tokens[None, :-1], tokens[None, 1:]
    device = net.output.weight.device
    return math.exp(F.cross_entropy(net(X.to(device)), y.to(device)).item())


def softmax_at(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Softmax of logits / temperature over the last axis.

    Below 1 the likely tokens become likelier; 0 leaves only the likeliest, 1 the
    model's own probabilities, and far above 1 all are alike.

    Raises
    ------
    ValueError : temperature is below 0 or not a finite number.

    Taught in chapter 10.
    """
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature={temperature}: expected 0 or more")
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    # Moved first, so that the largest is 0: no temperature, however low, overflows.
    return ((logits - logits.max(-1, keepdim=True).values) / temperature).softmax(-1)


@torch.no_grad()
def generate(
    net: CharModel,
    vocab: Vocab,
    start: str,
    num_chars: int,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> str:
    """Let a model of characters go on writing.

    Parameters
    ----------
    vocab : whose numbers the model was trained on.
    start : what the model reads first, one character at least.
    num_chars : how many characters follow.
    temperature : see `softmax_at`; 0 always takes the likeliest character.
    generator : of the CPU; draws the characters. None = the global one.

    Returns
    -------
    start and what follows; the unknown token is never drawn

    Raises
    ------
    ValueError : an empty start, or a temperature below 0.

    Taught in chapter 10.
    """
    if not start:
        raise ValueError("start is empty: expected one character at least")
    device = net.output.weight.device
    X, state, text = vocab.encode(start)[None].to(device), None, start
    for _ in range(num_chars):
        logits, state = net.unroll(X, state)
        last = logits[0, :, -1].cpu()
        last[vocab.unk] = -math.inf
        drawn = softmax_at(last, temperature).multinomial(1, generator=generator)
        text += vocab.idx_to_token[drawn]
        X = drawn[None].to(device)
    return text
