"""Letting a model go on writing."""

import torch

from helpers.exercises import exercise
from helpers.models.recurrent import CharModel
from helpers.seeds import seeded


def draw(cell, vocab_size, num_start, num_tokens, temperature, seed):
    """A random case: a model that is sure of itself, a start, and what is asked for."""
    with seeded(seed):
        net = CharModel(vocab_size, 8, cell)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.mul_(5)
            net.output.bias[0] = 3.0  # the unknown token would be drawn often
        start = torch.randint(1, vocab_size, (num_start,))
    return net, start, num_tokens, temperature, seed


def written(answer, net, start, num_tokens, temperature, seed):
    """Let an answer write, with a generator of the seed."""
    generator = torch.Generator().manual_seed(seed)
    return answer(net, start, num_tokens, temperature, generator)


@exercise(
    "A sampler",
    name="write-on",
    kind="build",
    stars=3,
    cases=[
        draw("rnn", 5, 3, 12, 1.0, seed=0),
        draw("lstm", 6, 2, 16, 0.5, seed=1),
        draw("gru", 4, 5, 20, 2.0, seed=2),
    ],
    call=written,
    hint="First the network reads `start[None]`, with the state `None`. Then it reads "
    "one token after another, always the one that was just drawn. Which of the T "
    "logits belongs to the next token?",
    then="`generate` does the same and makes characters of the tokens.",
    usual="""
        / temperature => * temperature
            You multiplied by the temperature. Divide by it: a low one makes the likely
            tokens likelier.
        ` / temperature` =>
            The temperature is missing, or divides probabilities, which changes nothing:
            `multinomial` only looks at their ratios. Divide the logits by it.
        p.multinomial(1, generator=generator) => p.argmax()[None]
            The likeliest token is always taken. Draw one, by the probabilities.
        net.unroll(X, state) => net.unroll(X)
            The state is forgotten after each token: hand it on to the next `unroll`.
        logits[0, :, -1] / temperature => logits[0, :, 0] / temperature
            These are the logits after the first token of the start. The next token
            follows the last one.
        last[0] = -torch.inf => pass
            The unknown token, number 0, is drawn as well. Set its logit to -inf before
            the softmax.
        X = token[None] => pass
            The network reads the start again and again. After the start it is to read
            the token that was drawn.
        X = token[None] => X = torch.cat([X, token[None]], 1)
            With a state that is carried over, the network needs only the new token.
            Here it reads the whole text again, as if it stood there twice.
        torch.softmax(last, 0) => last
            These are logits, which can be negative. `multinomial` takes probabilities.
        torch.cat(drawn) => torch.cat([start, *drawn])
            The start is returned as well. Only the new tokens are asked for.
        range(num_tokens) => range(num_tokens - 1)
            One token is missing.
    """,
)
def write_on(net, start, num_tokens, temperature, generator):  # -> (num_tokens,) int64
    X, state, drawn = start[None], None, []
    for _ in range(num_tokens):
        logits, state = net.unroll(X, state)  # (1, V, T)
        last = logits[0, :, -1] / temperature
        last[0] = -torch.inf  # the unknown token
        p = torch.softmax(last, 0)
        token = p.multinomial(1, generator=generator)
        drawn.append(token)
        X = token[None]
    return torch.cat(drawn)
