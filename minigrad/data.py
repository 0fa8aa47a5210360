"""Data sets for training: reading, splitting, normalising, and seeded mini-batches."""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from .core.errors import ShapeError
from .core.packages import imported

Seed = np.random.Generator | int | None


@dataclass(frozen=True)
class Normalizer:
    """x ↦ (x − μ)/σ with μ and σ from the training set, the same pair for dev and test (course, part C).

    A feature that varies by no more than its own rounding is only centred. 003 in the notes divides by σ²; that is a
    mistake.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.data import Normalizer
    >>> normalizer = Normalizer.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> normalizer(np.array([[2.0, 6.0]]))
    array([[0., 1.]])
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, *, one_deviation: bool = False) -> Normalizer:
        """The statistics of a training set (samples, features).

        With ``one_deviation`` all features share one σ: right where all have one unit, as the pixels of a
        picture have, since a pixel that is almost never lit would otherwise be blown up.

        Raises ValueError if there are no samples or one is not finite, TypeError if they are not numbers.
        """
        x = finite_array("Normalizer", "x", x)
        if not len(x):
            raise ValueError(f"Normalizer: x is {x.shape} and holds no samples to take the mean and deviation of")
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
        axis = None if one_deviation else 0
        # In float32 the sums alone would make a deviation out of a constant, so they are taken in float64 at least.
        # Even so a constant's computed σ is rounding (its mean is rounded, and more so the more samples are summed).
        # What tells a constant is its range, which is exact: numbers within a few ulps of each other have one value.
        with np.errstate(over="ignore", invalid="ignore"):
            mean = x.mean(axis=0, dtype=np.result_type(dtype, np.float64))
            deviation = np.broadcast_to(x.std(axis=axis, dtype=mean.dtype), mean.shape)
            spread = np.subtract(x.max(axis=axis), x.min(axis=axis), dtype=dtype)
        constant = spread <= _ULPS * np.finfo(dtype).eps * np.abs(x, dtype=dtype).max(axis=axis)
        if not np.all(constant | (np.isfinite(deviation) & (deviation > 0))):
            raise ValueError(
                f"Normalizer: x goes up to {np.abs(x).max():g}: its squares are no floats; rescale it first"
            )
        return cls(mean.astype(dtype), np.where(constant, 1.0, deviation).astype(dtype))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Samples (…, features) normalised.

        Raises ShapeError if their features are others than those of the training set.
        """
        x = real_array("Normalizer", "x", x)
        features = self.mean.shape
        if x.shape[max(x.ndim - len(features), 0) :] != features:
            raise ShapeError(f"Normalizer: x is {x.shape}, but the training set's features are {features}")
        return (x - self.mean) / self.deviation


#: Numbers no further apart than this many units in the last place are taken for one number.
_ULPS = 8


def real_array(what: str, name: str, data: Any) -> np.ndarray:
    """The data as an array of real numbers; a data frame whose columns have several dtypes becomes one of float64.

    Raises TypeError for anything but numbers.
    """
    if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
        raise TypeError(f"{what}: {name} has masked entries; fill them with .filled(value), or leave their samples out")
    array = np.asarray(data)
    if array.dtype.kind == "O":
        for place, each in np.ndenumerate(array):
            if not isinstance(each, (Real, np.bool_)):
                where = name + (str(list(place)) if place else "")
                raise TypeError(f"{what}: {where} is {each!r:.40}, but must be a number; encode it as one")
        array = array.astype(np.float64)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{what}: {name} holds {array.dtype}, but must hold real numbers; encode texts and categories as numbers"
        )
    return array


def finite_array(what: str, name: str, data: Any) -> np.ndarray:
    """The same of finite numbers.

    Raises ValueError that names the place of a NaN or Inf.

    >>> finite_array("fit", "x", [[1, 2], [3, 4]]).shape
    (2, 2)
    """
    array = real_array(what, name, data)
    wrong = ~np.isfinite(array)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{what}: {name}{list(place)} is {array[place]}; clean the data before training")
    return array


def split(
    x: np.ndarray, y: np.ndarray, *, fractions: tuple[float, ...] = (0.6, 0.2, 0.2), rng: Seed = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Shuffle samples and cut them into parts, such as train, dev and test: 60/20/20 by default (course, part C).

    Raises ValueError if x and y differ in length, or the fractions do not sum to 1.

    >>> import numpy as np
    >>> from minigrad.data import split
    >>> [len(part) for part, _ in split(np.zeros((10, 2)), np.zeros(10), rng=0)]
    [6, 2, 2]
    """
    x, y = _paired("split", x, y)
    if not np.isclose(sum(fractions), 1.0) or min(fractions) < 0:
        raise ValueError(f"split: the fractions {fractions} must be positive and sum to 1")
    order = np.random.default_rng(rng).permutation(len(x))
    cuts = np.round(np.cumsum(fractions)[:-1] * len(x)).astype(int)
    return [(x[part], y[part]) for part in np.split(order, cuts)]


def batches(x: np.ndarray, y: np.ndarray, size: int, *, rng: Seed = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One epoch of mini-batches in a new random order, the last, smaller one kept (course, part D).

    Raises ValueError if x and y differ in length or the size is not positive.

    >>> import numpy as np
    >>> from minigrad.data import batches
    >>> [len(part) for part, _ in batches(np.zeros((10, 2)), np.zeros(10), 4, rng=0)]
    [4, 4, 2]
    """
    x, y = _paired("batches", x, y)
    if size < 1:
        raise ValueError(f"batches: the size is {size}, but must be at least 1")
    order = np.random.default_rng(rng).permutation(len(x))
    for start in range(0, len(x), size):
        part = order[start : start + size]
        yield x[part], y[part]


def _paired(what: str, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError(f"{what}: x has {len(x)} samples, y has {len(y)}")
    return x, y


def read_csv(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """A table of numbers without a header, plain or gzipped: features, and integer labels from the last column.

    Raises ValueError that names the row and column of anything that is not a finite number, of a short
    row, or of a label that is not a whole number from 0, and the row where the file is no text or its gzip is damaged;
    OSError if the file can't be read.

    >>> import tempfile, pathlib
    >>> from minigrad.data import read_csv
    >>> file = pathlib.Path(tempfile.mkdtemp(), "points.csv")
    >>> _ = file.write_text("0.5,1.5,0\\n2.5,3.5,1\\n")
    >>> read_csv(file)
    (array([[0.5, 1.5],
           [2.5, 3.5]]), array([0, 1]))
    """
    name = os.fspath(path)
    opener: Any = gzip.open if name.endswith(".gz") else open
    rows: list[list[float]] = []
    number = 0
    with opener(name, "rt", newline="", encoding="utf-8-sig") as file:
        try:
            for number, row in enumerate(csv.reader(file), start=1):
                if not row:
                    continue
                if rows and len(row) != len(rows[0]):
                    raise ValueError(f"{name}: row {number} has {len(row)} columns, the first has {len(rows[0])}")
                rows.append([_finite(text, name, number, column) for column, text in enumerate(row, start=1)])
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"{name}: after row {number} comes what is no text of numbers ({error})") from None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{name}: the gzip file is damaged after row {number} ({error})") from None
    if not rows or len(rows[0]) < 2:
        raise ValueError(f"{name}: requires rows of at least one feature and a label, found none")
    table = np.array(rows)
    labels = table[:, -1]
    wrong = np.flatnonzero((labels != np.floor(labels)) | (labels < 0) | (labels > np.iinfo(np.int32).max))
    if wrong.size:
        raise ValueError(f"{name}: the label {labels[wrong[0]]:g} in data row {wrong[0] + 1} is not a class number")
    return table[:, :-1], labels.astype(np.int64)


def _finite(text: str, name: str, row: int, column: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(f"{name}: row {row}, column {column} holds {text!r}, which is not a finite number")
    return number


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's 1,797 handwritten digits: (1797, 64) grey levels from 0 to 16, and (1797,) labels.

    Raises ImportError naming the package to install where scikit-learn is missing.
    """
    x, y = imported("sklearn.datasets", "load_digits", "scikit-learn").load_digits(return_X_y=True)
    return x, y
