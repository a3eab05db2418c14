"""Bands: what a trained result is held to."""

from collections.abc import Mapping


def check_band(
    value: float, bands: Mapping[str, tuple[float, float]], dataset: str
) -> None:
    """Fail unless a trained result lies in the band measured for its data set.

    Parameters
    ----------
    value : the result, for example a validation accuracy in 0..1.
    bands : for every data set's name the lowest and highest accepted value. A band
        is mean +- max(4 standard deviations, 0.01) over at least 5 seeds.
    dataset : name of the data set that the result was trained on.

    Raises
    ------
    KeyError : no band was measured for this data set.
    AssertionError : the value is outside the band, or not a number.
    """
    if dataset not in bands:
        raise KeyError(
            f"no band was measured for the data set {dataset!r}; known: {sorted(bands)}"
        )
    low, high = bands[dataset]
    # written so that NaN, for which every comparison is false, fails too
    if not low <= value <= high:
        raise AssertionError(
            f"the result {value:.4f} is outside the band {low} to {high} that was "
            f"measured on {dataset}: something in the model, the data or the training "
            "has changed"
        )
