"""The fit loop and the data it takes: seeded, complete histories, and refusals that name the place."""

import copy
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg


def problem(seed=0, samples=120):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 4))
    return x, (x[:, 0] + x[:, 1] > 0).astype(int)


def fitted(seed=0, **options):
    x, y = problem()
    model = mg.nn.MLP([4, 6, 2], batch_norm=True, rng=seed)
    optimizer = mg.optim.Adam(model.parameters(), lr=0.02)
    history = mg.train.fit(
        model, mg.nn.softmax_cross_entropy, optimizer, x, y, rng=seed, progress=False, batch_size=32, **options
    )
    return model, history


def test_the_history_is_complete_and_the_network_learns():
    x, y = problem(1)
    model, history = fitted(epochs=15, dev=(x, y))
    assert len(history.cost) == 15 * 4 == 15 * history.batches_per_epoch
    assert len(history.dev_accuracy) == len(history.train_cost) == 15
    assert set(history.gradients) == {name for name, _ in model.named_parameters()}
    assert all(each.norm >= each.maximum >= each.mean > 0 for each in history.gradients["layers.0.weight"])
    assert history.dev_accuracy[-1] > 0.9
    assert (mg.train.predict(model, x) == y).mean() == history.dev_accuracy[-1]


# ---- scores ---------------------------------------------------------------------------------------------------


def trained(cost, x, y, outputs, **options):
    model = mg.nn.MLP([x.shape[1], 8, outputs], rng=0)
    optimizer = mg.optim.Adam(model.parameters(), lr=0.05)
    history = mg.train.fit(model, cost, optimizer, x, y, **{"epochs": 15, "rng": 0, "progress": False} | options)
    return model, history


@pytest.mark.parametrize("cost", [mg.nn.logistic, mg.nn.sigmoid_cross_entropy, mg.sigmoid_cross_entropy, mg.nn.hinge])
def test_one_column_of_logits_is_scored_by_its_sign(cost):
    x, y = problem()
    targets = (2.0 * y - 1 if cost is mg.nn.hinge else y * 1.0)[:, None]
    model, history = trained(cost, x, targets, 1, dev=(x[:50], targets[:50]))
    right = (model(x).data[:, 0] > 0) == (y == 1)
    assert history.score == "accuracy"
    assert history.train_accuracy[-1] == right.mean() > 0.95
    assert history.dev_accuracy[-1] == right[:50].mean()
    assert mg.train.evaluate(model, cost, x, targets) == (history.train_cost[-1], right.mean())


def test_a_regression_is_scored_by_r_squared_and_has_no_accuracy():
    x, _ = problem()
    y = (x @ [1.0, 2.0, -1.0, 0.5])[:, None] + 3.0
    model, history = trained(mg.nn.quadratic, x, y, 1, dev=(x, y), epochs=40)
    expected = 1 - ((y - model(x).data) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert history.score == "R²"
    assert history.train_score[-1] == history.dev_score[-1] == pytest.approx(expected)
    assert expected > 0.9
    assert history.train_accuracy == history.dev_accuracy == []
    assert -0.01 < mg.nn.scores.r_squared(np.full_like(y, y.mean()), y) < 0.01


def test_one_hot_rows_are_scored_by_the_largest_column_whatever_the_cost():
    x, y = problem()
    for cost in (mg.nn.softmax_cross_entropy, mg.nn.logistic, mg.nn.quadratic):
        model, history = trained(cost, x, np.eye(2)[y], 2)
        assert history.train_accuracy[-1] == (np.argmax(model(x).data, axis=1) == y).mean() > 0.85


def test_several_labels_a_sample_are_scored_one_by_one():
    x, y = problem()
    targets = np.stack([y, x[:, 0] > 0, x[:, 1] > 0], axis=1) * 1.0
    model, history = trained(mg.nn.logistic, x, targets, 3)
    assert history.train_accuracy[-1] == ((model(x).data > 0) == (targets == 1)).mean() > 0.9


def test_a_cost_of_ones_own_is_scored_where_the_targets_tell_how_and_by_a_given_function_else():
    x, y = problem()

    def cost(outputs, targets):
        return np.mean(np.square(outputs - targets))

    assert trained(cost, x, x[:, :1], 1, epochs=1)[1].score == "R²"
    model, history = trained(lambda outputs, targets: cost(outputs[:, 0], targets), x, x[:, 0], 1)
    assert history.train_score[-1] == 1 - np.sum((x[:, 0] - model(x).data[:, 0]) ** 2) / (120 * x[:, 0].var()) > 0.9
    history = trained(cost, x, y[:, None], 1, epochs=1)[1]
    assert (history.score, history.train_score) == (None, [])
    assert len(history.train_cost) == 1

    def nearest(outputs, targets):
        return np.mean((outputs > 0.5) == targets)

    model, history = trained(cost, x, y[:, None], 1, score=nearest, dev=(x, y[:, None]))
    assert history.score == "nearest"
    assert history.train_score[-1] == history.dev_score[-1] == nearest(model(x).data, y[:, None]) > 0.9


def test_predicting_a_class_from_one_column_is_refused():
    x, _ = problem()
    model = mg.nn.MLP([4, 1], rng=0)
    with pytest.raises(ValueError, match=r"predict: the model gives \(120, 1\).*compare logits with 0"):
        mg.train.predict(model, x)
    np.testing.assert_array_equal(mg.train.outputs_of(model, x), model(x).data)
    classifier = mg.nn.MLP([4, 3], rng=0)
    assert mg.train.predict(classifier, x[0]) == mg.train.predict(classifier, x)[0]  # one sample without its axis


# ---- what is trained ------------------------------------------------------------------------------------------


def test_the_gradient_statistics_are_the_mean_over_the_batches_that_were_trained_on():
    x, y = problem(samples=65)  # two batches of 32, and one sample left out
    model = mg.nn.MLP([4, 6, 2], batch_norm=True, rng=0)
    norms = []

    class Watched(mg.optim.GradientDescent):
        def step(self):
            norms.append(np.linalg.norm(model[0].weight.grad))
            super().step()

    optimizer = Watched(model.parameters(), lr=0.1)
    history = mg.train.fit(
        model, mg.nn.softmax_cross_entropy, optimizer, x, y, epochs=3, batch_size=32, rng=0, progress=False
    )
    assert history.batches_per_epoch == 2
    assert len(history.cost) == len(norms) == 6
    found = [each.norm for each in history.gradients["layers.0.weight"]]
    np.testing.assert_allclose(found, np.reshape(norms, (3, 2)).mean(axis=1))


def test_batches_of_one_train_a_network_without_batch_norm_and_every_sample_counts():
    x, y = problem(samples=33)
    for size, steps in ((1, 33), (32, 2), (33, 1), (100, 1)):
        model = mg.nn.MLP([4, 6, 2], rng=0)
        before = model[0].weight.data.copy()
        optimizer = mg.optim.GradientDescent(model.parameters(), lr=0.05)
        history = mg.train.fit(
            model, mg.nn.softmax_cross_entropy, optimizer, x, y, epochs=4, batch_size=size, rng=0, progress=False
        )
        assert history.batches_per_epoch == steps
        assert len(history.cost) == 4 * steps
        assert np.abs(model[0].weight.data - before).max() > 1e-3


def test_batches_of_one_and_batch_norm_are_refused_before_anything_is_trained():
    x, y = problem(samples=9)
    model = mg.nn.MLP([4, 6, 2], batch_norm=True, rng=0)
    before = model[0].weight.data.copy()
    optimizer = mg.optim.GradientDescent(model.parameters(), lr=0.05)
    for options, data in ({"batch_size": 1}, (x, y)), ({}, (x[:1], y[:1])):
        with pytest.raises(ValueError, match="BatchNorm: a batch of 1 has no variance"):
            mg.train.fit(model, mg.nn.softmax_cross_entropy, optimizer, *data, progress=False, **options)
    np.testing.assert_array_equal(model[0].weight.data, before)


def test_an_optimizer_of_another_model_is_refused_and_named():
    x, y = problem()
    model, other = (mg.nn.MLP([4, 6, 2], rng=seed) for seed in (0, 1))
    message = r"fit: the optimizer holds 0.weight \(6, 4\).*lacks its 'layers.0.weight'.*Adam\(model.parameters\(\)"
    for stranger in (other, copy.deepcopy(model)):
        with pytest.raises(ValueError, match=message):
            mg.train.fit(model, mg.nn.softmax_cross_entropy, mg.optim.Adam(stranger.parameters()), x, y, progress=False)
    optimizer = mg.optim.Adam(model.parameters())
    model.layers[2] = mg.nn.Linear(6, 2, rng=5)  # a new head, which the optimizer has never seen
    with pytest.raises(ValueError, match=r"holds 2.weight \(2, 6\).*lacks its 'layers.2.weight'"):
        mg.train.fit(model, mg.nn.softmax_cross_entropy, optimizer, x, y, progress=False)


def test_an_optimizer_of_a_part_of_the_model_trains_that_part():
    x, y = problem()
    model = mg.nn.MLP([4, 6, 2], rng=0)
    before = [p.data.copy() for p in model.parameters()]
    mg.train.fit(
        model, mg.nn.softmax_cross_entropy, mg.optim.Adam(model[2].parameters()), x, y, epochs=1, progress=False
    )
    moved = [(p.data != old).any() for p, old in zip(model.parameters(), before, strict=True)]
    assert moved == [False, False, True, True]


def test_data_frames_lists_and_series_are_taken_as_arrays_and_texts_refused():
    pandas = pytest.importorskip("pandas")
    x, y = problem()
    frame = pandas.DataFrame(x, columns=list("abcd"), index=np.arange(len(x))[::-1])
    (train, labels), _ = mg.data.split(frame, pandas.Series(y), fractions=(0.5, 0.5), rng=0)
    (x_train, y_train), _ = mg.data.split(x, y, fractions=(0.5, 0.5), rng=0)
    np.testing.assert_array_equal(train, x_train)
    np.testing.assert_array_equal(labels, y_train)
    normalizer = mg.data.Normalizer.of(frame)
    np.testing.assert_allclose(normalizer.deviation, x.std(axis=0), rtol=1e-14)
    assert type(normalizer(frame)) is np.ndarray
    expected = trained(mg.nn.softmax_cross_entropy, x, y, 2, epochs=2)[1]
    assert trained(mg.nn.softmax_cross_entropy, frame, pandas.Series(y), 2, epochs=2)[1] == expected
    frame["a"] = frame["a"] > 0  # NumPy makes objects of columns of several dtypes
    mixed = np.column_stack([x[:, 0] > 0, x[:, 1:]])
    np.testing.assert_allclose(mg.data.Normalizer.of(frame)(frame), mg.data.Normalizer.of(mixed)(mixed))
    model = mg.nn.MLP([4, 2], rng=0)
    np.testing.assert_array_equal(mg.train.predict(model, frame), mg.train.predict(model, mixed))
    assert mg.train.evaluate(model, mg.nn.softmax_cross_entropy, frame, pandas.Series(y)) == mg.train.evaluate(
        model, mg.nn.softmax_cross_entropy, mixed, y
    )
    frame["b"] = "red"
    with pytest.raises(TypeError, match=r"fit: x\[0, 1\] is 'red', but must be a number"):
        trained(mg.nn.softmax_cross_entropy, frame, y, 2)
    with pytest.raises(TypeError, match=r"fit: x has dtype <U3, but must hold real numbers"):
        trained(mg.nn.softmax_cross_entropy, np.full((120, 4), "red"), y, 2)


def test_bad_arguments_are_refused_before_anything_is_trained():
    x, y = problem()
    for options, message in (
        ({"batch_size": 0}, "batch_size 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"dev": (x, y[:5])}, "dev x has 120 samples, dev y has 5"),
        ({"dev": (x[:0], y[:0])}, "at least one sample"),
    ):
        with pytest.raises(ValueError, match=message):
            trained(mg.nn.softmax_cross_entropy, x, y, 2, **options)
    with pytest.raises(ValueError, match="x has 120 samples, y has 7"):
        trained(mg.nn.softmax_cross_entropy, x, y[:7], 2)
    with pytest.raises(ValueError, match=r"y\[3\] is nan"):
        trained(mg.nn.softmax_cross_entropy, x, np.where(np.arange(120) == 3, np.nan, y), 2)
    with pytest.raises(TypeError, match="x has masked entries"):
        trained(mg.nn.softmax_cross_entropy, np.ma.masked_greater(x, 1), y, 2)
    with pytest.raises(TypeError, match=r"dev is ndarray, but must be a pair \(x, y\)"):
        trained(mg.nn.softmax_cross_entropy, x, y, 2, dev=x)
    model = mg.nn.MLP([4, 2], rng=0)
    with pytest.raises(TypeError, match="a Module, a cost function and an optimizer, in this order, got MLP, Adam, Op"):
        mg.train.fit(model, mg.optim.Adam(model.parameters()), mg.nn.softmax_cross_entropy, x, y)
    with pytest.raises(TypeError, match="the cost gave float64, but must give a Tensor"):
        trained(lambda outputs, targets: np.mean(outputs.data), x, y, 2)


def test_the_same_seed_gives_the_same_history():
    assert fitted(3, epochs=2)[1] == fitted(3, epochs=2)[1]
    assert fitted(3, epochs=2)[1].cost != fitted(4, epochs=2)[1].cost


def test_evaluating_leaves_the_model_in_the_mode_it_was_in():
    x, y = problem()
    model, _ = fitted(epochs=1)
    for mode in (True, False):
        model.train(mode)
        statistics = model[1].running_mean.copy()
        mg.train.evaluate(model, mg.nn.softmax_cross_entropy, x, y)
        assert all(each.training is mode for each in model.modules())
        np.testing.assert_array_equal(model[1].running_mean, statistics)


def test_data_that_are_not_finite_are_refused_by_place_before_anything_is_trained():
    x, y = problem()
    x[7, 2] = np.nan
    model = mg.nn.MLP([4, 2], rng=0)
    before = model[0].weight.data.copy()
    with pytest.raises(ValueError, match=r"x\[7, 2\] is nan"):
        mg.train.fit(model, mg.nn.softmax_cross_entropy, mg.optim.Adam(model.parameters()), x, y, progress=False)
    np.testing.assert_array_equal(model[0].weight.data, before)


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 5))
def test_an_epoch_of_batches_holds_every_sample_once(samples, size, seed):
    x = np.arange(samples)
    parts = list(mg.data.batches(x[:, None], x, size, rng=seed))
    assert sorted(np.concatenate([y for _, y in parts])) == list(range(samples))
    assert all(len(y) == size for _, y in parts[:-1])
    assert all((rows[:, 0] == y).all() for rows, y in parts)


def test_five_million_samples_in_batches_of_a_thousand_are_five_thousand_steps():
    x = np.zeros(5_000_000, dtype=np.int8)
    assert sum(1 for _ in mg.data.batches(x, x, 1000, rng=0)) == 5000


def test_a_split_is_a_partition_and_is_seeded():
    x = np.arange(1000)
    parts = mg.data.split(x, x, rng=1)
    assert [len(y) for _, y in parts] == [600, 200, 200]
    assert sorted(np.concatenate([y for _, y in parts])) == list(range(1000))
    np.testing.assert_array_equal(parts[0][1], mg.data.split(x, x, rng=1)[0][1])
    with pytest.raises(ValueError, match="sum to 1"):
        mg.data.split(x, x, fractions=(0.5, 0.4))
    with pytest.raises(ValueError, match="1000 samples, y has 3"):
        mg.data.split(x, x[:3])


def test_normalising_uses_the_training_sets_statistics_and_divides_by_the_deviation():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, size=(200, 4)), rng.normal(5, 3, size=(50, 4))
    train[:, 3] = test[:, 3] = 7.0
    normalizer = mg.data.Normalizer.of(train)
    np.testing.assert_allclose(normalizer(train)[:, :3].std(axis=0), 1)
    np.testing.assert_allclose(normalizer(train)[:, 3], 0)
    np.testing.assert_allclose(normalizer(test)[:, 0], (test[:, 0] - train[:, 0].mean()) / train[:, 0].std())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("samples", [3, 1000, 200_000])
def test_a_feature_that_varies_by_its_rounding_is_only_centred(samples, dtype):
    rng = np.random.default_rng(0)
    x = np.empty((samples, 5), dtype=dtype)
    x[:, 0] = 0.1
    x[:, 1] = dtype(0.1) * dtype(3) + rng.integers(0, 2, samples) * np.finfo(dtype).eps / 4
    x[:, 2] = 1013.25
    x[:, 3] = 1013.25 + 0.02 * np.linspace(-1, 1, samples)  # this one varies, if little
    x[:, 4] = rng.normal(size=samples)
    normalizer = mg.data.Normalizer.of(x)
    assert normalizer(x).dtype == dtype
    np.testing.assert_array_equal(normalizer.deviation[:3], 1)
    np.testing.assert_allclose(normalizer.deviation[3:], x[:, 3:].astype(np.float64).std(axis=0), rtol=1e-3)
    assert np.abs(normalizer(x + dtype(1e-3))[:, :3]).max() < 2e-3
    shared = mg.data.Normalizer.of(x[:, :1], one_deviation=True)
    np.testing.assert_array_equal(shared.deviation, 1)


def test_a_normalizer_refuses_holes_nothing_and_other_features():
    with pytest.raises(ValueError, match=r"Normalizer: x\[1, 0\] is inf"):
        mg.data.Normalizer.of([[1.0, 2.0], [np.inf, 3.0]])
    with pytest.raises(ValueError, match=r"x is \(0, 2\) and holds no samples"):
        mg.data.Normalizer.of(np.zeros((0, 2)))
    for size in (1e300, 1e-300):
        with pytest.raises(ValueError, match=r"x goes up to .*; rescale it first"):
            mg.data.Normalizer.of(np.arange(6.0).reshape(3, 2) * size)
    normalizer = mg.data.Normalizer.of(np.arange(6.0).reshape(3, 2))
    with pytest.raises(mg.ShapeError, match=r"x is \(3, 1\).*features are \(2,\)"):
        normalizer(np.zeros((3, 1)))
    assert normalizer([1.0, 2.0]).shape == (2,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,0\n3,nan,1\n", "row 2, column 2 holds 'nan'"),
        ("1,2,0\n3,,1\n", "row 2, column 2 holds ''"),
        ("1,2,0\n3,1\n", "row 2 has 2 columns, the first has 3"),
        ("1,2,0.5\n", "label 0.5 in data row 1"),
        ("1,2,0\n1,2,1e300\n", r"label 1e\+300 in data row 2"),
        ("x,y,label\n1,2,0\n", "row 1, column 1 holds 'x'"),
        ("1,2,0\n1," + "9" * 200_000 + ",0\n", "after row 1 comes .*field larger"),
        ("", "found none"),
    ],
)
def test_a_table_with_a_hole_is_refused_by_row_and_column(tmp_path, text, message):
    file = tmp_path / "digits.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        mg.data.read_csv(file)


def test_a_damaged_table_is_refused_by_file_and_row(tmp_path):
    rng = np.random.default_rng(0)
    rows = "".join(f"{a},{b},{i % 2}\n" for i, (a, b) in enumerate(rng.normal(size=(3000, 2))))
    whole = gzip.compress(rows.encode(), mtime=0)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for name, content, message in (
        ("cut.csv.gz", whole[: len(whole) // 2], r"cut\.csv\.gz: the gzip file is damaged after row [1-9]\d{2,3} "),
        ("bits.csv.gz", bytes(damaged), r"bits\.csv\.gz: (the gzip file is damaged|row \d+)"),
        ("plain.csv.gz", rows.encode(), r"plain\.csv\.gz: the gzip file is damaged after row 0"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00", r"picture\.csv: after row 0 comes what is no text"),
        ("latin.csv", b"1,2,0\n" * 5000 + b"\xe9,2,0\n", r"latin\.csv: after row \d+ comes what is no text"),
        ("zeros.csv", b"1,2,0\n\0\0\0\n", r"zeros\.csv: (row 2|after row 1)"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=message):
            mg.data.read_csv(tmp_path / name)
    (tmp_path / "whole.csv.gz").write_bytes(whole)
    assert mg.data.read_csv(tmp_path / "whole.csv.gz")[0].shape == (3000, 2)
    (tmp_path / "excel.csv").write_bytes(b"\xef\xbb\xbf1,2,0\r\n3,4,1\r\n")
    np.testing.assert_array_equal(mg.data.read_csv(tmp_path / "excel.csv")[0], [[1, 2], [3, 4]])
