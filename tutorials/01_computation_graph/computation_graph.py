# %% [markdown]
"""# 1. The computation graph

From a graph of two multiplications and one addition to a logistic regression, trained twice: with
derivatives worked out by hand, and with `backward`. Run it as a script, or as a notebook: Jupytext opens it as
one, and so do editors that know `# %%`. Every number is checked by an `assert`: if it runs to the end, its claims
hold.

The notes that these tutorials follow are of Andrew Ng's course *Improving Deep Neural Networks* (Coursera).
"""

# %%
import numpy as np

import minigrad as mg
import viz

# %% [markdown]
"""## Forward

The notes' example is J = 3(a + bc), computed in three steps: u = bc, v = a + u, J = 3v.
"""

# %%
a, b, c = mg.Scalar(5.0, name="a"), mg.Scalar(3.0, name="b"), mg.Scalar(2.0, name="c")
u = b * c
v = a + u
J = 3 * v
print(f"u = {u.data}, v = {v.data}, J = {J.data}")
assert (u.data, v.data, J.data) == (6.0, 11.0, 33.0)

# %% [markdown]
"""## Backward

How much does J change if a changes a little? J = 3v, so dJ/dv = 3; v = a + u, so dv/da = 1, and by the
chain rule dJ/da = dJ/dv · dv/da = 3. In the same way dJ/du = 3, and then dJ/db = dJ/du · c = 6 and
dJ/dc = dJ/du · b = 9. `backward` walks the graph from J back to its inputs and does just that.
"""

# %%
J.backward()
print(f"dJ/dv = {v.grad}, dJ/du = {u.grad}, dJ/da = {a.grad}, dJ/db = {b.grad}, dJ/dc = {c.grad}")
assert (v.grad, u.grad, a.grad, b.grad, c.grad) == (3.0, 3.0, 3.0, 6.0, 9.0)

# %% [markdown]
"""Draw it: every node with its value and, below it, the derivative of J with respect to it. A notebook shows the
picture that a cell ends with; `save` writes it to a file.
"""

# %%
u.name, v.name, J.name = "u", "v", "J"
picture = viz.draw(J, title="J = 3(a + bc)")
picture.save("computation_graph.svg")
assert "dJ/dc = 9" in picture.source
picture

# %% [markdown]
"""Don't take it on trust: move each input a little in both directions and see how J changes. The report's relative
error is ‖numeric − analytic‖ / (‖numeric‖ + ‖analytic‖), as in the notes; up to 1e-7 counts as correct.
"""

# %%
report = mg.testing.check_gradients(lambda a, b, c: 3 * (a + b * c), 5.0, 3.0, 2.0)
print(report)
assert report.verdict == "right"

# %% [markdown]
"""## Logistic regression, one sample

z = wᵀx + b, a = σ(z), L = −(y log a + (1 − y) log(1 − a)). Worked out by hand, the long chain collapses to
dL/dz = a − y, and so dL/dw = x (a − y) and dL/db = a − y. `backward` finds the same.
"""

# %%
x, y = np.array([0.5, -1.2]), 1.0
w = mg.Tensor([0.3, 0.8], requires_grad=True, name="w")
bias = mg.Tensor(0.1, requires_grad=True, name="b")
activation = mg.sigmoid(x @ w + bias)
loss = -(y * np.log(activation) + (1 - y) * np.log(1 - activation))
loss.backward()
dz = activation.data - y
assert np.allclose(w.grad, x * dz)
assert np.allclose(bias.grad, dz)
print(f"dz = {dz:.4f}, dw = {w.grad.round(4)}, db = {bias.grad:.4f}")

# %% [markdown]
"""## Logistic regression, m samples, trained by hand

The notes put samples in columns, X: (n, m), and write dw = X dZᵀ / m. Here samples are rows, X: (m, n), as in
scikit-learn and PyTorch, and the same line reads dw = Xᵀ dz / m.

Two clouds of points, 200 in all:
"""

# %%
rng = np.random.default_rng(0)
labels = np.repeat([0.0, 1.0], 100)
X = rng.normal(size=(200, 2)) + np.where(labels[:, None] == 1, [1.5, 1.5], [-1.5, -1.0])

weights, shift, costs_by_hand = np.zeros(2), 0.0, []
for _ in range(200):
    z = X @ weights + shift
    predicted = 1 / (1 + np.exp(-z))
    costs_by_hand.append(-np.mean(labels * np.log(predicted) + (1 - labels) * np.log(1 - predicted)))
    dz = predicted - labels
    weights -= 0.5 * X.T @ dz / 200
    shift -= 0.5 * dz.mean()

# %% [markdown]
"""The loop in the notes, one sample after the other, gives the same gradient; it is only slower."""

# %%
dw = np.zeros(2)
for row, label in zip(X, labels, strict=True):
    dw += row * (1 / (1 + np.exp(-(row @ weights + shift))) - label)
vectorised = X.T @ (1 / (1 + np.exp(-(X @ weights + shift))) - labels)
assert np.allclose(dw, vectorised)

# %% [markdown]
"""## The same, by backward

Only the forward pass is written; `backward` finds the gradients and the optimizer takes the step.
`mg.nn.logistic` is σ and the cost in one operation that cannot overflow for any z.
"""

# %%
w = mg.Tensor(np.zeros(2), requires_grad=True, name="w")
bias = mg.Tensor(0.0, requires_grad=True, name="b")
optimizer = mg.optim.GradientDescent([w, bias], lr=0.5)
costs_by_backward = []
for _ in range(200):
    optimizer.zero_grad()
    cost = mg.nn.logistic(X @ w + bias, labels)
    cost.backward()
    optimizer.step()
    costs_by_backward.append(cost.item())

assert np.allclose(costs_by_hand, costs_by_backward, rtol=1e-10)
assert np.allclose(w.data, weights)
assert np.allclose(bias.data, shift)
accuracy = np.mean((X @ w.data + bias.data > 0) == labels)
print(f"cost {costs_by_backward[0]:.4f} -> {costs_by_backward[-1]:.4f}, accuracy {accuracy:.3f}")
assert accuracy > 0.95

# %% [markdown]
"""And the graph of that cost, with scopes as boxes:"""

# %%
with mg.scope("linear part"):
    logits = mg.Tensor(X, name="X") @ w + bias
J = mg.nn.logistic(logits, labels)
J.name = "J"
J.backward(retain_grads=True)
picture = viz.draw(J, title="Logistic regression", direction="TB")
picture.save("logistic_regression.svg")
picture

# %% [markdown]
"""## Try it

1. Break the gradient by hand (leave out the /200) and let `check_gradients((f, df), …)` find it.
2. Give both clouds the same centre. What are the accuracy and the cost then, and why?
3. Replace σ by tanh and the labels by ±1. Which cost fits?
"""
