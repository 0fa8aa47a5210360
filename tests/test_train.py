"""The fit loop and the data it takes: seeded, complete histories, and refusals that name the place."""

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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,0\n3,nan,1\n", "row 2, column 2 holds 'nan'"),
        ("1,2,0\n3,,1\n", "row 2, column 2 holds ''"),
        ("1,2,0\n3,1\n", "row 2 has 2 columns, the first has 3"),
        ("1,2,0.5\n", "label 0.5 in data row 1"),
        ("", "found none"),
    ],
)
def test_a_table_with_a_hole_is_refused_by_row_and_column(tmp_path, text, message):
    file = tmp_path / "digits.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        mg.data.read_csv(file)
