"""An epoch of the real Fashion-MNIST, against the same networks trained by d2l."""

import contextlib
import gzip
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import torch

import helpers
from helpers import MLP, Examples, LeNet, fit, load_images
from helpers.data.real import data_folders
from tools.bench_rows import by_turns, ratio_row, threads


def d2l_rows():
    """Yield a row for LeNet and MLP-256, or nothing without the real data."""
    data = real_images()
    if data is None:
        return
    everything = Examples(
        torch.cat([data.train.X, data.val.X]), torch.cat([data.train.y, data.val.y])
    )
    with tempfile.TemporaryDirectory() as folder, d2l_data(folder) as d2l:
        device = torch.device("cpu")

        def ours(build):
            begin = time.perf_counter()
            for _ in fit(build(), everything, data.test, num_epochs=1, lr=0.1):
                pass
            return len(everything) / (time.perf_counter() - begin)

        def theirs_lenet():
            net = LeNet()
            begin = time.perf_counter()
            batches = d2l.load_data_fashion_mnist(256)
            d2l.train_ch6(net, *batches, 1, 0.1, device)
            return len(everything) / (time.perf_counter() - begin)

        def theirs_mlp():
            net = MLP()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            loss = torch.nn.CrossEntropyLoss()
            begin = time.perf_counter()
            train, test = d2l.load_data_fashion_mnist(256)
            d2l.train_epoch_ch3(net, train, loss, optimizer)
            d2l.evaluate_accuracy(net, test)
            return len(everything) / (time.perf_counter() - begin)

        for build, theirs, target in (
            (LeNet, theirs_lenet, 2.5),
            (MLP, theirs_mlp, 8.0),
        ):
            with threads(2), contextlib.redirect_stdout(io.StringIO()):
                new, base = by_turns(lambda b=build: ours(b), theirs)
            what = f"an epoch of Fashion-MNIST with evaluation, {build.__name__}"
            yield ratio_row(
                f"{what}, against d2l 0.17.0", 2, new, base, "examples/s", target
            )


def real_images():
    """The whole Fashion-MNIST, or None where it is not."""
    try:
        return load_images("fashion_mnist", n_train=None, n_test=None)
    except RuntimeError as error:
        print(f"left out: {error}", file=sys.stderr)
        return None


@contextlib.contextmanager
def d2l_data(folder: str):
    """d2l, in a working directory whose ../data holds its unpacked files."""
    packed = next(
        folder / "FashionMNIST/raw"
        for folder in data_folders()
        if (folder / "FashionMNIST/raw").is_dir()
    )
    raw = Path(folder) / "data/FashionMNIST/raw"
    raw.mkdir(parents=True)
    for file in packed.glob("*.gz"):
        (raw / file.name).write_bytes(file.read_bytes())
        (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    (Path(folder) / "work").mkdir()
    here = os.getcwd()
    os.chdir(Path(folder) / "work")
    try:
        yield helpers.d2l
    finally:
        os.chdir(here)
