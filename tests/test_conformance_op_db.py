"""Values and gradients on the samples that PyTorch tests its own operations with, for every name that minigrad has.

`op_db_calls.CALLS` writes each call with minigrad's names. What differs stands in `DIFFERENCES` with its reason, and
has to differ: an entry that is no longer needed fails.
"""

import functools
import importlib.util
import warnings
from typing import NamedTuple

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.trees import leaves_of

from .op_db_calls import CALLS, NoCounterpart

for package in ("torch", "expecttest"):  # PyTorch's own tests are written with expecttest
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is in the extra 'bench'", allow_module_level=True)
pytestmark = pytest.mark.full


@functools.cache
def op_db():
    """PyTorch's operations with their samples, by name; imported late, for it takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from torch.testing._internal.common_methods_invocations import op_db
    by_name = {}
    for op in op_db:
        if torch.float64 in op.dtypes:
            by_name.setdefault(name_of(op), []).append(op)
    return by_name


def name_of(op):
    """Its name in `CALLS`: PyTorch's ``squeeze_copy`` is its ``squeeze``."""
    plain = op.name.removesuffix("_copy")
    return plain if plain in CALLS else op.name


@pytest.fixture
def one_thread():
    """PyTorch on one thread: its samples are small, and waking others takes longer than the work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Difference(NamedTuple):
    """Samples on which the two are known to differ: why, which, and what minigrad raises if it raises."""

    reason: str
    samples: object = lambda sample: True
    raises: type = AssertionError


def number(sample):
    return sample.input.ndim == 0


NO_AXIS = Difference("a number has no axis 0 in NumPy, and one in PyTorch", number, ValueError)

DIFFERENCES = {
    "mean": NO_AXIS,
    "masked.mean": NO_AXIS,
    "median": NO_AXIS,
    "quantile": NO_AXIS,
    "logsumexp": NO_AXIS,
    "norm": NO_AXIS,
    "linalg.vector_norm": NO_AXIS,
    "cat": Difference(
        "PyTorch passes over an empty vector among arrays of more axes",
        lambda sample: {x.ndim for x in sample.input} == {1, 2},
        ValueError,
    ),
    "tensordot": Difference(
        "PyTorch broadcasts axes of length 1 that are summed over",
        lambda sample: 1 in sample.input.shape,
        ValueError,
    ),
    "linalg.eig": Difference("complex eigenvalues", lambda sample: sample.input.numel(), mg.NotDifferentiableError),
    "linalg.eigvals": Difference("complex eigenvalues", lambda sample: sample.input.numel(), mg.NotDifferentiableError),
    "linalg.norm": Difference(
        "at 0 singular values are tied, and another subgradient of the largest (or smallest) is as right",
        lambda sample: not sample.input.any() and sample.args[:1] in ((2,), (-2,)),
    ),
}


def compared(op, sample):
    """Compare one sample; AssertionError where value or gradient differ."""
    import torch

    ours, theirs = [], []

    def for_torch(x):
        if not x.requires_grad:
            return x
        theirs.append(x.detach().clone().requires_grad_())
        return theirs[-1]

    def for_us(x):
        if not x.requires_grad:
            return x.detach().numpy()
        ours.append(mg.Tensor(x.detach().numpy(), requires_grad=True))
        return ours[-1]

    tree = [sample.input, list(sample.args), sample.kwargs]
    x, arguments, options = mapped(tree, for_us)
    found = CALLS[name_of(op)](x, *arguments, **options)
    x, arguments, options = mapped(tree, for_torch)
    expected = op.gradcheck_wrapper(op.op, x, *arguments, **options)
    expected, found = parts(op, expected, found)
    rng = np.random.default_rng(1)
    total, roots, cotangents = 0.0, [], []
    for y, z in zip(found, expected, strict=True):
        z = torch.as_tensor(z)
        z = z.real if z.is_complex() else z
        y, value = (y, y.data) if isinstance(y, mg.Tensor) else (None, np.asarray(y))
        agree(value, z.detach().numpy(), 1e-9, "value")
        if z.requires_grad:
            cotangent = rng.normal(size=value.shape)
            roots.append(z)
            cotangents.append(torch.tensor(cotangent))
            total = total + (0.0 if y is None else np.sum(y * cotangent))
    if not roots:
        return
    if isinstance(total, mg.Tensor) and total.requires_grad:
        total.backward()
    gradients = torch.autograd.grad(roots, theirs, cotangents, allow_unused=True)
    for t, g in zip(ours, gradients, strict=True):
        expected = np.zeros(t.shape) if g is None else g.numpy(force=True)
        agree(np.zeros(t.shape) if t.grad is None else t.grad, expected, 1e-8, "gradient")


def agree(ours, theirs, tolerance, what):
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape} for {theirs.shape}"
    if theirs.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs, err_msg=what)
        return
    scale = max(1.0, float(np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def mapped(tree, change):
    """A sample's arguments with every tensor changed."""
    import torch

    if isinstance(tree, torch.Tensor):
        return change(tree)
    if isinstance(tree, (list, tuple)):
        return (list if isinstance(tree, list) else tuple)(mapped(x, change) for x in tree)
    return {k: mapped(x, change) for k, x in tree.items()} if isinstance(tree, dict) else tree


#: What is compared of several results: of a decomposition what does not depend on its vectors' signs, which are free.
PARTS = {
    "linalg.eigh": lambda y: [y[0], abs(y[1])],
    "linalg.svd": lambda y: [abs(y[0]), y[1], abs(y[2]), y[0] @ y[2]],
    "svd": lambda y: [abs(y[0]), y[1], abs(y[2]), y[0] @ y[2]],
    "linalg.lstsq": lambda y: [y[0]],
}


def parts(op, expected, found):
    """The results of both as lists, PyTorch's without its indices where minigrad gives none."""
    import torch

    if op.name == "svd":
        expected = (*expected[:2], expected[2].mT)
    if op.name in PARTS:
        return PARTS[op.name](expected), PARTS[op.name](found)
    expected, found = (list(y) if isinstance(y, (list, tuple)) else [y] for y in (expected, found))
    if len(expected) > len(found):
        expected = [z for z in expected if torch.is_floating_point(z)]
    return expected, found


def samples_of(op):
    """PyTorch's float64 samples, with gradients where PyTorch has them."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        for sample in op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd):
            tensors = leaves_of([sample.input, list(sample.args), sample.kwargs])
            if torch.float32 not in {getattr(x, "dtype", None) for x in tensors}:
                yield sample


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of deprecated names
@pytest.mark.parametrize("name", sorted(CALLS))
@pytest.mark.usefixtures("one_thread")
def test_values_and_gradients_agree_on_pytorchs_own_samples(name):
    known = DIFFERENCES.get(name)
    compared_samples, differing = 0, 0
    for op in op_db()[name]:
        for sample in samples_of(op):
            try:
                compared(op, sample)
                compared_samples += 1
            except NoCounterpart:
                pass
            except Exception as error:
                if known is None or not known.samples(sample) or not isinstance(error, known.raises):
                    error.add_note(f"{name}: {mapped([sample.input, sample.args, sample.kwargs], describe)}")
                    raise
                differing += 1
    assert compared_samples or differing
    assert known is None or differing, f"{name}: agrees everywhere now; take it out of DIFFERENCES"


def describe(x):
    return f"{str(x.dtype).removeprefix('torch.')}{tuple(x.shape)}"


#: Names that both have for different things.
OTHER_MEANING = {
    "equal": "PyTorch's tells whether all entries are equal, NumPy's which",
    "nn.functional.normalize": "PyTorch's divides by a norm, ours is batch normalisation by given statistics",
}


def test_every_name_that_minigrad_has_is_compared():
    ours = {*mg.operations(), *dir(mg), *dir(mg.linalg), *dir(mg.nn.functional), *dir(mg.nn)}
    families = ("", "linalg", "nn.functional")
    shared = {name for name in op_db() if name.rpartition(".")[0] in families and name.rpartition(".")[2] in ours}
    assert shared - set(CALLS) == set(OTHER_MEANING)
    assert set(CALLS) <= set(op_db())
