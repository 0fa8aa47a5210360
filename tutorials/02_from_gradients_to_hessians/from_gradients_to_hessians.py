# %% [markdown]
"""# 2. From gradients to Hessians

A gradient says which way is down. The second derivatives say how the slope changes along the way: they determine the
length of a step (Newton's method), and they tell a minimum from a saddle point, where the slope is 0 as well but some
directions still lead down. Run it as a script, or as a notebook: Jupytext opens it as one, and so do editors that know
`# %%`. Every number is checked by an `assert`.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad as mg

# %% [markdown]
"""## The derivative of a derivative

`mg.grad(f)` is a function like any other, so it has a gradient too. For f(x) = x⁴ the derivatives at 2 are
4x³ = 32, 12x² = 48, 24x = 48, 24 and 0.
"""

# %%
f = lambda x: x**4  # noqa: E731
derivatives = []
for _ in range(5):
    f = mg.grad(f)
    derivatives.append(float(f(2.0)))
print("derivatives of x⁴ at 2:", derivatives)
assert derivatives == [32.0, 48.0, 48.0, 24.0, 0.0]

# %% [markdown]
"""With n variables there are n² second derivatives, the Hessian H. Rosenbrock's valley,
f(x, y) = 100 (y − x²)² + (1 − x)², has its minimum 0 at (1, 1). Worked out by hand,

    H = [1200x² − 400y + 2   −400x]
        [−400x                 200]
"""


# %%
def rosenbrock(p):
    x, y = p[:-1], p[1:]
    return np.sum(100 * (y - x**2) ** 2 + (1 - x) ** 2)


start = np.array([-1.2, 1.0])
x, y = start
by_hand = np.array([[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200.0]])
H = mg.hessian(rosenbrock)(start)
print(H)
assert np.allclose(H, by_hand, rtol=1e-14)

# %% [markdown]
"""The eigenvalues of H are the curvatures along its eigenvectors. At the minimum one is 2,500 times the other: a valley
with steep sides and a flat floor. The steep sides limit the length of a gradient step, so gradient descent creeps along
the floor.
"""

# %%
curvatures = np.linalg.eigvalsh(mg.hessian(rosenbrock)(np.ones(2)))
print(f"curvatures at the minimum: {curvatures.round(3)}, condition {curvatures[1] / curvatures[0]:.0f}")
assert 2000 < curvatures[1] / curvatures[0] < 3000

p, descent = start, 0
while rosenbrock(p) > 1e-10 and descent < 100_000:
    p = p - 0.0012 * mg.grad(rosenbrock)(p)
    descent += 1
print(f"gradient descent: {descent} steps to f = {rosenbrock(p):.1e}")
assert descent > 5000

# %% [markdown]
"""## Newton's method

Near p the function is almost a parabola, f(p + d) ≈ f + gᵀd + ½ dᵀHd, and a parabola's minimum is where H d = −g.
Newton's method goes there in one step. Near the minimum each step squares the remaining distance: the number of
correct digits doubles.
"""

# %%
p, distances = start, []
gradient, hessian = mg.grad(rosenbrock), mg.hessian(rosenbrock)
while rosenbrock(p) > 1e-28:
    p = p - np.linalg.solve(hessian(p), gradient(p))
    distances.append(float(np.linalg.norm(p - 1)))
print("Newton's distances from the minimum:", " ".join(f"{d:.0e}" for d in distances))
assert len(distances) <= 7
assert distances[-1] < distances[-2] ** 2 * 1e3

# %% [markdown]
"""## Without the matrix

With a million weights H has 10¹² entries. But H v, for one vector v, is the derivative of the gradient along v, and
costs about as much as two gradients: `mg.hvp(f, x, v)`. The method of conjugate gradients solves H d = −g with such
products alone.

Here a logistic regression with 400 weights, on 300 samples, with weight decay:
"""

# %%
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 400)) * np.linspace(0.1, 2.0, 400)
labels = (X @ rng.normal(size=400) > 0).astype(float)


def cost(w):
    return mg.nn.logistic(X @ w, labels) + 0.5e-2 * np.sum(w**2)


def conjugate_gradients(product, b, tolerance):
    """The x with product(x) = b, and how many products it took."""
    x, residual = np.zeros_like(b), b.copy()
    direction, size, products = residual.copy(), residual @ residual, 0
    while np.sqrt(size) > tolerance * np.linalg.norm(b):
        along = product(direction)
        products += 1
        step = size / (direction @ along)
        x, residual = x + step * direction, residual - step * along
        size, before = residual @ residual, size
        direction = residual + size / before * direction
    return x, products


w0 = np.zeros(400)
v = rng.normal(size=400)
assert np.allclose(mg.hvp(cost, w0, v), mg.hessian(cost)(w0) @ v, rtol=1e-10)

w, total = w0, 0
for _ in range(8):
    slope, along = mg.linearize(mg.grad(cost), w)  # the gradient, and d ↦ H d without computing it again
    step, products = conjugate_gradients(along, -slope, tolerance=1e-6)
    w, total = w + step, total + products
print(f"Newton with conjugate gradients: |gradient| {np.linalg.norm(mg.grad(cost)(w)):.1e}, {total} products H v")
assert np.linalg.norm(mg.grad(cost)(w)) < 1e-9
assert total < 400  # the eight Hessians themselves would need 8 × 400 = 3,200, one for each column

# %% [markdown]
"""## A saddle point

f(x, y) = ¼(x² − 1)² + ½y² has minima at (±1, 0), and between them, at (0, 0), a saddle. Gradient descent that starts
on the ridge x = 0 converges to the saddle and stays there: the gradient is 0. The Hessian there has one negative
eigenvalue, and its eigenvector is the way out.
"""


# %%
def two_valleys(p):
    return 0.25 * (p[0] ** 2 - 1) ** 2 + 0.5 * p[1] ** 2


def descend(f, p, steps, lr=0.1):
    path = [p]
    for _ in range(steps):
        path.append(path[-1] - lr * mg.grad(f)(path[-1]))
    return np.array(path)


into = descend(two_valleys, np.array([0.0, 1.5]), 120)
stuck = into[-1]
curvatures, directions = np.linalg.eigh(mg.hessian(two_valleys)(stuck))
print(f"stuck at {stuck.round(4)}, gradient {np.linalg.norm(mg.grad(two_valleys)(stuck)):.0e}, curvatures {curvatures}")
assert np.allclose(stuck, 0, atol=1e-4)
assert np.allclose(curvatures, [-1, 1], atol=1e-8)

way_out = directions[:, 0] * np.sign(directions[0, 0])
out = descend(two_valleys, stuck + 0.1 * way_out, 120)
print(f"a small step along {way_out.round(3)} leads to {out[-1].round(4)}")
assert np.allclose(out[-1], [1, 0], atol=1e-3)

# %% [markdown]
"""Newton's method does not help: it looks for a zero of the gradient, and a saddle is one. Dividing by the *absolute
values* of the curvatures instead, H⁻¹ → |H|⁻¹, turns it away from saddles (Dauphin et al. 2014).
"""


# %%
def newton(p, saddle_free):
    for _ in range(30):
        w, V = np.linalg.eigh(mg.hessian(two_valleys)(p))
        w = np.maximum(np.abs(w), 0.1) if saddle_free else w
        p = p - V @ ((V.T @ mg.grad(two_valleys)(p)) / w)
    return p


near = np.array([0.2, 0.5])
print(f"from {near}: Newton ends at {newton(near, False).round(6)}, with |H| at {newton(near, True).round(6)}")
assert np.allclose(newton(near, False), [0, 0], atol=1e-8)
assert np.allclose(newton(near, True), [1, 0], atol=1e-8)

# %%
figure, axes = plt.subplots(figsize=(7, 5.2), layout="constrained")
grid_x, grid_y = np.meshgrid(np.linspace(-1.7, 1.7, 200), np.linspace(-1.0, 1.7, 200))
axes.contour(grid_x, grid_y, two_valleys([grid_x, grid_y]), levels=np.linspace(0.02, 1.6, 14), cmap="Greys", vmin=-1)
axes.plot(*into.T, "o-", color="#c44e52", markersize=3, label="gradient descent into the saddle")
axes.plot(*out.T, "o-", color="#4c72b0", markersize=3, label="out along the negative curvature")
axes.plot(0, 0, "x", color="black", markersize=9, label="saddle")
axes.plot([-1, 1], [0, 0], "k*", markersize=9, label="minima")
axes.set(xlabel="x", ylabel="y", title="f(x, y) = ¼(x² − 1)² + ½y²", aspect="equal")
figure.legend(loc="outside lower center", ncols=2, fontsize=9)
figure.savefig("saddle.png", dpi=150)
plt.close(figure)
figure

# %% [markdown]
"""## A saddle at a symmetric start

The task is XOR, the classic problem that no linear model can solve, for a network with four hidden units:
uᵀ tanh(W x + b) + c. Start it with all weights at 0 and nothing moves: each term is a product of a weight in u and a
hidden unit, and because at zero weights both factors vanish, so does its gradient. The Hessian does not show a way out
either: for these four points its eigenvalues are sixteen 0s and, for c, 0.25. No direction has negative curvature.
"""

# %%
inputs, targets = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]]), np.array([0.0, 1, 1, 0])
SHAPES = (4, 2), (4,), (4,), ()
SIZES = [int(np.prod(shape)) for shape in SHAPES]


def network(theta):
    parts = np.split(theta, np.cumsum(SIZES)[:-1])
    W, b, u, c = (np.reshape(part, shape) for part, shape in zip(parts, SHAPES, strict=True))
    return np.tanh(inputs @ W.T + b) @ u + c


def loss(theta):
    return mg.nn.logistic(network(theta), targets)


theta = np.zeros(sum(SIZES))
assert np.allclose(mg.grad(loss)(theta), 0)
assert np.allclose(np.linalg.eigvalsh(mg.hessian(loss)(theta)), [0] * 16 + [0.25])

# %% [markdown]
"""Now let all four units be the same, tanh(x₁ − x₂), and u still 0. The gradient is 0 again, but this is a saddle. The
Hessian of a real network is too large to write down, so look for the most negative curvature with products alone:
multiply again and again by (cI − H), with c above the largest curvature, and what is left is the eigenvector of H's
smallest eigenvalue (the power method).
"""

# %%
theta[:8] = np.tile([1.0, -1.0], 4)
theta = descend(loss, theta, 50)[-1]
print(f"cost {float(loss(theta)):.6f} (log 2 = {np.log(2):.6f}), |gradient| {np.linalg.norm(mg.grad(loss)(theta)):.0e}")
assert np.linalg.norm(mg.grad(loss)(theta)) < 1e-12

_, product = mg.linearize(mg.grad(loss), theta)
c, direction = 2.0, rng.normal(size=theta.size)
for _ in range(500):
    direction = c * direction - product(direction)
    direction /= np.linalg.norm(direction)
curvature = float(direction @ product(direction))
print(f"the most negative curvature: {curvature:.4f}")
assert curvature < -0.05
assert np.isclose(curvature, np.linalg.eigvalsh(mg.hessian(loss)(theta))[0], rtol=1e-6)

theta = descend(loss, theta + 0.1 * direction, 2000, lr=0.5)[-1]
print(f"after a small step along it and 2,000 of descent: cost {float(loss(theta)):.4f}")
assert float(loss(theta)) < 0.02
assert np.array_equal(network(theta) > 0, targets == 1)

# %% [markdown]
"""## Try it

1. Start gradient descent on `two_valleys` at (1e-6, 1.5). How long does it stay near the saddle, and why so long?
2. Replace `np.tanh` by `mg.relu` in the network. What does the Hessian at 0 tell you now, and what does it not?
3. Compare `mg.hvp` with `mg.hessian(f)(x) @ v` for 10, 100 and 1,000 variables with `timeit`.
"""
