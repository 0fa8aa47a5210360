"""The command line: ``minigrad demo`` draws, verifies and trains; ``minigrad check`` verifies a function in a file."""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg

from ..core.errors import UserError
from .check import run_check


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 for a wrong gradient, 2 with one line on standard error for a
    mistake that the user can correct, or 130 where the user interrupted it.
    """
    parser = argparse.ArgumentParser(prog="minigrad", description="An autodiff engine to learn from and go on using.")
    parser.add_argument("--version", action="version", version=f"minigrad {mg.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="draw and verify a graph, train on handwritten digits, write a page")
    demo.add_argument("--out", default="out", metavar="DIR", help="the folder to write (default: out)")
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="the seed of everything random (default: 0)")
    demo.add_argument(
        "--digits",
        metavar="FILE",
        help="a CSV file, 64 grey levels and a label in each row (default: scikit-learn's digits)",
    )
    check = commands.add_parser("check", help="check the gradient of a function in a file by numerical derivatives")
    check.add_argument(
        "target", metavar="FILE.py:FUNCTION", help="a function that returns a cost, such as homework.py:cost"
    )
    check.add_argument(
        "--input", action="append", default=[], metavar="VALUE",
        help="a number, a list of numbers, or a .npy file, for each argument in order (default: the function's own "
        "defaults, or numbers by its annotations)",
    )  # fmt: skip
    check.add_argument(
        "--derivative", metavar="NAME", help="the function in the file that returns a hand-written gradient"
    )
    check.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: the second derivatives too")
    check.add_argument("--mode", choices=("reverse", "forward", "both"), default="reverse")
    check.add_argument("--framework", help="what the function is written in (default: minigrad)")
    check.add_argument("--html", metavar="FILE", help="write the report as a page, too")
    options = parser.parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
    try:
        if options.command == "check":
            return run_check(
                options.target, options.input, derivative=options.derivative, order=options.order, mode=options.mode,
                framework=options.framework, html=options.html,
            )  # fmt: skip
        return 0 if run_demo(options.out, options.seed, options.digits) else 1
    except (UserError, OSError, ImportError, ValueError, FloatingPointError) as error:
        print(f"minigrad {options.command}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"minigrad {options.command}: interrupted", file=sys.stderr)
        return 130


def _joined(arguments: Sequence[str]) -> list[str]:
    """``--input -1e-3`` as ``--input=-1e-3``: argparse takes a negative number with an exponent for an option."""
    joined: list[str] = []
    for each in arguments:
        if joined and joined[-1] == "--input" and each.startswith("-") and _is_number(each):
            joined[-1] += f"={each}"
        else:
            joined.append(each)
    return joined


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def run_demo(out: str, seed: int, digits: str | None) -> bool:
    """Everything ``minigrad demo`` does; gives whether the gradients were right."""
    import viz  # here, and here only: the core never draws

    if seed < 0:
        raise UserError(f"--seed {seed}: must be 0 or larger")
    try:
        return _demo(viz, out, seed, digits)
    except viz.LayoutError as error:
        raise UserError(str(error)) from None


def _demo(viz: Any, out: str, seed: int, digits: str | None) -> bool:
    x, y = _read_digits(digits)
    folder = _folder(out)
    written: list[Path] = []

    def save(picture: Any, name: str, formats: Sequence[str] = ("svg", "png")) -> Any:
        written.extend(picture.save(folder / f"{name}.{each}") for each in formats)
        return picture

    print("J = 3(a + bc) at a = 5, b = 3, c = 2")
    scalar_graph, scalar_report = _scalar_graph(viz)
    save(scalar_graph, "scalar_graph")

    trained = _train(x, y, seed)
    print(f"dev accuracy: {trained.history.dev_accuracy[-1]:.4f}")

    step_graph, step_report = _training_step(viz, trained)
    save(step_graph, "training_step")
    flow = save(viz.gradient_flow(trained.history, title="Gradient flow while training"), "gradient_flow")
    curves = save(viz.training_curves(trained.history, title="Digits, 64-32-10 with batch norm"), "training_curves")
    predicted = mg.train.predict(trained.model, trained.dev[0])
    confusion = save(viz.confusion_matrix(trained.dev[1], predicted, range(10), title="Dev set"), "confusion")
    report = f"J = 3(a + bc)\n{scalar_report}\n\nsoftmax cost of the digits network, 16 samples\n{step_report}\n"
    written.append(viz.files.write_whole(folder / "gradient_check.txt", report.encode()))
    written.append(
        viz.page(
            folder / "index.html",
            "minigrad demo",
            [
                viz.Section(
                    "A computation graph",
                    "Every node shows its value and, below it, the derivative of J with respect to it: "
                    "J = 33, and 3, 6 and 9.",
                    scalar_graph,
                ),
                viz.Section(
                    "One training step",
                    "The network that reads the digits: 64 pixels, batch norm, ReLU, ten classes, softmax cost. "
                    "Ranges are smallest to largest entry.",
                    step_graph,
                ),
                viz.Section(
                    "Are the gradients right?",
                    "All parameters as one vector, against two-sided differences; up to 1e-7 counts as right.",
                    report=report,
                ),
                viz.Section("Training", "Cost and accuracy by epoch.", curves),
                viz.Section("Gradient flow", "How large each parameter's gradient is, epoch by epoch.", flow),
                viz.Section("Which digit is mistaken for which", "On the dev set, after training.", confusion),
            ],
            lead=f"Accuracy on digits the network has not seen: {trained.history.dev_accuracy[-1]:.1%}. Seed {seed}.",
        )
    )
    print(f"wrote {folder}{'/' if not str(folder).endswith('/') else ''}: {', '.join(path.name for path in written)}")
    print(f"open {folder / 'index.html'}")
    return bool(scalar_report.passed and step_report.passed)


def _read_digits(path: str | None) -> tuple[np.ndarray, np.ndarray]:
    if path is None:
        return mg.data.load_digits()
    x, y = mg.data.read_csv(path)
    if x.shape[1] != 64 or y.max() > 9:
        raise UserError(
            f"{path}: requires 64 grey levels and a label from 0 to 9 in each row, found {x.shape[1]} numbers and "
            f"labels up to {y.max()}"
        )
    if len(x) < 100:
        raise UserError(f"{path}: {len(x)} samples are too few to train on; 100 at least")
    return x, y


def _folder(out: str) -> Path:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".minigrad-can-write"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"--out {out}: the folder can't be made or written ({error.strerror})") from None
    return folder


def _scalar_graph(viz: Any) -> tuple[Any, Any]:
    """The worked example of the course notes, drawn and verified."""

    def cost(a: Any, b: Any, c: Any) -> Any:
        u = b * c
        v = a + u
        J = 3 * v
        u.name, v.name, J.name = "u", "v", "J"
        return J

    a, b, c = mg.Scalar(5.0, name="a"), mg.Scalar(3.0, name="b"), mg.Scalar(2.0, name="c")
    J = cost(a, b, c)
    J.backward()
    print(f"  J = {J.data:g}, dJ/da = {a.grad:g}, dJ/db = {b.grad:g}, dJ/dc = {c.grad:g}")
    picture = viz.draw(J, title="J = 3(a + bc)")  # the check moves a, b and c: older graphs are stale then
    return picture, _checked(cost, a, b, c)


class _Trained:
    """The trained network and what it was trained and measured on."""

    def __init__(self, model: mg.nn.Module, history: mg.train.History, train: Any, dev: Any) -> None:
        self.model, self.history, self.train, self.dev = model, history, train, dev


def _train(x: np.ndarray, y: np.ndarray, seed: int) -> _Trained:
    """64-32-10 with batch norm, softmax and Adam on 80 % of the digits; the rest is the dev set."""
    rng = np.random.default_rng(seed)
    (x_train, y_train), (x_dev, y_dev) = mg.data.split(x, y, fractions=(0.8, 0.2), rng=rng)
    normalize = mg.data.Normalizer.of(x_train, one_deviation=True)
    train, dev = (normalize(x_train), y_train), (normalize(x_dev), y_dev)
    print(f"training 64-32-10 with batch norm, softmax and Adam on {len(x_train)} digits, {len(x_dev)} held out")
    model = mg.nn.MLP([64, 32, 10], batch_norm=True, rng=rng)
    optimizer = mg.optim.Adam(model.parameters(), lr=5e-3)
    history = mg.train.fit(
        model, mg.nn.softmax_cross_entropy, optimizer, *train, epochs=30, batch_size=16, dev=dev, rng=rng
    )
    return _Trained(model, history, train, dev)


def _training_step(viz: Any, trained: _Trained) -> tuple[Any, Any]:
    """One step of the trained network on a few samples, drawn with all gradients, and verified."""
    x, y = trained.train[0][:16], trained.train[1][:16]
    model = copy.deepcopy(trained.model)  # batch norm's running statistics move with every forward pass
    model.train()
    model.name = "MLP 64-32-10"
    J = mg.nn.softmax_cross_entropy(model(mg.Tensor(x, name="x")), mg.Tensor(y, name="labels"))
    J.name = "J"
    picture = viz.draw(J, title="One training step")
    return picture, _checked(lambda *_: mg.nn.softmax_cross_entropy(model(x), y), *model.parameters(), eps=1e-5)


def _checked(cost: Any, *inputs: Any, **options: Any) -> Any:
    """The report of a check, printed and given whether it passed or not."""
    try:
        report = mg.testing.check_gradients(cost, *inputs, **options)
    except mg.testing.GradientError as error:
        report = error.report
    print(f"  {str(report).splitlines()[0]}")
    return report
