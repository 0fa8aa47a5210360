# %% [markdown]
"""# 3. Is my gradient right?

A homework assignment: back-propagation through a network with one hidden layer, written by hand in NumPy. It runs, the
cost even goes down, and yet it has three mistakes. A wrong gradient seldom crashes a program; the network only learns
worse. `check_gradients` finds each mistake: it checks the gradient that the homework computes against how the cost
changes when an input changes a little. Run it as a script, or as a notebook: Jupytext opens it as one, and so do
editors that know `# %%`. Every statement is checked by an `assert`.
"""

# %%
import numpy as np

import minigrad as mg
import viz
from minigrad.testing import GradientError, check_gradients, numerical_gradient

# %% [markdown]
"""## The homework

m samples as rows; Z₁ = X W₁ᵀ + b₁, A₁ = tanh Z₁, z₂ = A₁ w₂ + b₂, a₂ = σ(z₂), and the logistic cost with weight decay,
J = −mean(y log a₂ + (1 − y) log(1 − a₂)) + λ/2m (‖W₁‖² + ‖w₂‖²).
"""

# %%
rng = np.random.default_rng(0)
m, decay = 20, 0.7
X = rng.normal(size=(m, 3))
y = (X[:, 0] * X[:, 1] > 0).astype(float)
parameters = [0.5 * rng.normal(size=(4, 3)), 0.5 * rng.normal(size=4), rng.normal(size=4), np.array(0.3)]
names = ["W1", "b1", "w2", "b2"]


def forward(W1, b1, w2, b2):
    Z1 = X @ W1.T + b1
    A1 = np.tanh(Z1)
    a2 = 1 / (1 + np.exp(-(A1 @ w2 + b2)))
    return Z1, A1, a2


def cost(W1, b1, w2, b2):
    _, _, a2 = forward(W1, b1, w2, b2)
    weights = np.sum(W1**2) + np.sum(w2**2)
    return -np.mean(y * np.log(a2) + (1 - y) * np.log(1 - a2)) + decay / (2 * m) * weights


def homework(W1, b1, w2, b2):
    Z1, A1, a2 = forward(W1, b1, w2, b2)
    dz2 = a2 - y
    dw2 = A1.T @ dz2 / m + decay / m * w2
    db2 = np.sum(dz2)
    dZ1 = np.outer(dz2, w2) * (1 - Z1**2)
    dW1 = dZ1.T @ X / m
    db1 = np.mean(dZ1, axis=0)
    return dW1, db1, dw2, db2


# %% [markdown]
"""The network learns all the same: a cost that goes down proves nothing."""

# %%
p = [each.copy() for each in parameters]
for _ in range(30):
    p = [each - 0.01 * step for each, step in zip(p, homework(*p), strict=True)]
print(f"cost {cost(*parameters):.4f} -> {cost(*p):.4f} with three mistakes in the gradient")
assert cost(*p) < cost(*parameters)


# %%
def check(backward):
    """The report, right or wrong."""
    try:
        return check_gradients((cost, backward), *parameters, names=names)
    except GradientError as error:
        return error.report


report = check(homework)
print(report)
assert not report.passed
report

# %% [markdown]
"""The report has a line for each input, and puts the first mistake into words: b2's gradient is 20 times what it
should be, and there are m = 20 samples. The cost is a mean, so its derivative is a mean, too. In a notebook the report
is also a table, with a heat map of the differences: the paler a cell, the more digits agree.
"""

# %%
assert "20 times what it should be" in report.diagnoses["b2"]
assert "w2" not in report.diagnoses  # its gradient is right, so dz2 is right: the next mistake is in an earlier layer
assert report.by_input["w2"] < 1e-7


def without_the_first(W1, b1, w2, b2):
    dW1, db1, dw2, db2 = homework(W1, b1, w2, b2)
    return dW1, db1, dw2, db2 / m


report = check(without_the_first)
assert report.by_input["b2"] < 1e-7

# %% [markdown]
"""## Cut the chain to find where it breaks

The gradients of W1 and b1 are both wrong, that of w2 is not. What the first two need and the third does not is dZ1. So
check dZ1 itself against the numerical derivative of the cost with respect to Z1: make the part of the network from Z1
on a function of its own.
"""


# %%
def cost_from(Z1):
    _, _, w2, b2 = parameters
    a2 = 1 / (1 + np.exp(-(np.tanh(Z1) @ w2 + b2)))
    return -np.mean(y * np.log(a2) + (1 - y) * np.log(1 - a2))


Z1, A1, a2 = forward(*parameters)
numeric, errors = numerical_gradient(cost_from, Z1, with_error=True)
claimed = np.outer(a2 - y, parameters[2]) * (1 - Z1**2) / m
right = np.outer(a2 - y, parameters[2]) * (1 - A1**2) / m
by_input, by_output = (np.abs(each - numeric[0]).max() for each in (claimed, right))
print(f"dZ1 is off by {by_input:.1e} with 1 - Z1², by {by_output:.1e} with 1 - A1²")
assert by_input > 1e-3
assert by_output < 1e-12
assert errors[0].max() < 1e-10  # the numerical derivative estimates its own error

# %% [markdown]
"""tanh′(Z) = 1 − tanh²(Z) = 1 − A²: the derivative is expressed through the *output*. Where Z is small, A is almost Z,
and the mistake is hard to see.
"""


# %%
def without_the_second(W1, b1, w2, b2):
    _, A1, a2 = forward(W1, b1, w2, b2)
    dz2 = a2 - y
    dZ1 = np.outer(dz2, w2) * (1 - A1**2)
    return dZ1.T @ X / m, np.mean(dZ1, axis=0), A1.T @ dz2 / m + decay / m * w2, np.mean(dz2)


report = check(without_the_second)
print(report)
assert report.by_input["b1"] < 1e-7
assert report.by_input["W1"] > 1e-3

# %% [markdown]
"""Only W1 is left. What does W1 have that b1 does not? Weight decay. The numerical gradient and ours differ by exactly
λ/m · W1:
"""

# %%
numeric = numerical_gradient(cost, *parameters)[0]
missing = numeric - without_the_second(*parameters)[0]
assert np.allclose(missing, decay / m * parameters[0], atol=1e-10)


def corrected(W1, b1, w2, b2):
    dW1, db1, dw2, db2 = without_the_second(W1, b1, w2, b2)
    return dW1 + decay / m * W1, db1, dw2, db2


report = check(corrected)
print(report)
assert report.passed
assert report.relative_error < 1e-9

# %% [markdown]
"""## Or let the graph do it

Write only the forward pass, on tensors: `backward` cannot forget a term. The same check confirms it, with forward mode
and second derivatives as well.
"""


# %%
def cost_in_minigrad(W1, b1, w2, b2):
    hidden = np.tanh(X @ W1.T + b1)
    weights = np.sum(W1**2) + np.sum(w2**2)
    return mg.nn.logistic(hidden @ w2 + b2, y) + decay / (2 * m) * weights


print(check_gradients(cost_in_minigrad, *parameters, names=names, mode="both", order=2))
gradients = mg.grad(cost_in_minigrad, argnums=(0, 1, 2, 3))(*parameters)
assert all(np.allclose(a, b, rtol=1e-10) for a, b in zip(gradients, corrected(*parameters), strict=True))

# %% [markdown]
"""And this is the graph that `backward` walked:"""

# %%
leaves = [mg.Tensor(each, requires_grad=True, name=name) for each, name in zip(parameters, names, strict=True)]
J = cost_in_minigrad(*leaves)
J.name = "J"
J.backward()
picture = viz.draw(J, title="The homework's cost, with its gradients", direction="TB")
picture.save("homework.svg")
picture

# %% [markdown]
"""## Try it

1. Put one mistake back and check with the fixed step `eps=1e-7`. How many digits of the difference can you trust?
2. Use ReLU in the hidden layer and set a row of W1 and its b1 to 0. What does the report say, and why is it right?
3. Transpose dW1 of a square layer. Does the cost still go down?
"""
