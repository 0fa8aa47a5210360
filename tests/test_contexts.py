"""`no_grad` and its relatives: as blocks, as decorators, in generators, tasks and threads that end in any order."""

import asyncio
import contextvars
import gc
import inspect
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.contexts import DEFAULT, current_context


@pytest.fixture(autouse=True)
def nothing_stays_in_force():
    yield
    assert current_context() is DEFAULT


def records():
    """Whether what is computed here is recorded, asked of both kinds of value."""
    tensor = (mg.Tensor(1.0, requires_grad=True) * 2).requires_grad
    assert tensor == (not (mg.Scalar(1.0) * 2).is_leaf) == mg.is_grad_enabled()
    return tensor


def steps(manager, count=2):
    """A generator that is suspended inside the block."""
    with manager:
        for _ in range(count):
            yield records()


# ---- blocks -----------------------------------------------------------------------------------------------


def test_a_manager_can_be_used_again_and_inside_itself():
    off, on, box = mg.no_grad(), mg.enable_grad(), mg.scope("box")
    for _ in range(2):
        with off:
            with on, off, off:
                assert not records()
            assert not records()
            with on, box, box:
                assert records()
                assert current_context().scope == ("box", "box")
        assert records()


def test_a_block_that_fails_is_left():
    for manager in (mg.no_grad(), mg.scope("s"), mg.detect_anomaly()):
        with pytest.raises(ZeroDivisionError), manager:
            1 / 0  # noqa: B018
        assert current_context() is DEFAULT


def test_a_scope_lies_in_the_scopes_where_it_is_entered_not_where_it_is_made():
    inner = mg.scope("inner")
    with mg.scope("outer"), inner:
        assert current_context().scope == ("outer", "inner")


def test_leaving_what_was_not_entered_is_an_error_that_says_so():
    with pytest.raises(RuntimeError, match="no_grad: left without having been entered"):
        mg.no_grad().__exit__(None, None, None)


# ---- generators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_generators_leave_their_blocks_in_any_order_and_recording_is_on_again(order, shared):
    one = mg.no_grad()
    running = [steps(one if shared else mg.no_grad()) for _ in range(3)]
    assert [next(each) for each in running] == [False] * 3
    for i in order:
        assert not records()
        running[i].close()
    assert records()
    assert current_context() is DEFAULT


def test_what_one_generator_changed_ends_with_it_and_what_the_others_changed_stays():
    off, box, on = steps(mg.no_grad()), steps(mg.scope("box")), steps(mg.enable_grad())
    assert (next(off), next(box)) == (False, False)
    off.close()
    assert records()
    assert current_context().scope == ("box",)
    off = steps(mg.no_grad())
    assert (next(off), next(on)) == (False, True)
    box.close()
    assert records()
    assert current_context().scope == ()
    on.close()
    assert not records()
    off.close()
    assert records()


def test_a_generator_left_inside_a_block_ends_without_ending_the_block():
    running = steps(mg.no_grad())
    with mg.scope("block"):
        next(running)
        with mg.detect_anomaly():
            del running
            gc.collect()
            assert records()
            assert current_context().anomaly
        assert current_context().scope == ("block",)


# ---- threads and tasks --------------------------------------------------------------------------------------


def in_a_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_a_generator_closed_in_another_thread_records_again_where_it_was_entered():
    running = steps(mg.no_grad())
    next(running)
    assert not records()
    in_a_thread(running.close)
    assert records()
    with mg.scope("after"):
        assert records()


def test_a_generator_entered_in_a_copy_of_the_context_can_be_closed_here():
    running = steps(mg.no_grad())
    copied = contextvars.copy_context()
    assert copied.run(next, running) is False
    assert records()
    running.close()
    assert copied.run(records)


def test_one_manager_serves_several_threads_at_once():
    off = mg.no_grad()
    both = threading.Barrier(2, timeout=30)
    found = []

    def use():
        for _ in range(20):
            with off:
                both.wait()
                found.append(records())
                both.wait()
            both.wait()
            found.append(not records())
            both.wait()

    threads = [threading.Thread(target=use) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [False] * 80


def test_a_task_keeps_what_was_in_force_when_it_was_started():
    async def child(started, go_on):
        before = records()
        started.set()
        await go_on.wait()
        return before, records()

    async def parent():
        started, go_on = asyncio.Event(), asyncio.Event()
        with mg.no_grad():
            task = asyncio.create_task(child(started, go_on))
            await started.wait()
        mine = records()
        go_on.set()
        return mine, await task

    assert asyncio.run(parent()) == (True, (False, False))


def test_an_asynchronous_generator_that_is_dropped_half_way_leaves_recording_on():
    async def numbers():
        with mg.no_grad():
            for i in range(5):
                yield i

    async def use():
        async for i in numbers():
            if i == 1:
                break
        gc.collect()
        await asyncio.sleep(0)  # the event loop closes the generator in a task of its own
        await asyncio.sleep(0)
        running = numbers()
        await anext(running)
        await asyncio.create_task(running.aclose())
        return records()

    assert asyncio.run(use())


# ---- decorators ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decorator", [mg.no_grad, mg.no_grad()], ids=["no parentheses", "parentheses"])
def test_decorated_functions_and_methods_record_nothing(decorator):
    class Model:
        @decorator
        def method(self, x, *, twice=False):
            "Its own words."
            return self, x, twice, records()

        @decorator
        @staticmethod
        def static(x):
            return x, records()

        @classmethod
        @decorator
        def of_class(cls):
            return cls, records()

    model = Model()
    assert model.method(1, twice=True) == (model, 1, True, False)
    assert (model.static(2), Model.static(2), model.of_class()) == ((2, False), (2, False), (Model, False))
    assert (Model.method.__name__, Model.method.__doc__) == ("method", "Its own words.")
    assert list(inspect.signature(model.method).parameters) == ["x", "twice"]
    assert records()


def test_every_manager_decorates():
    @mg.no_grad
    @mg.enable_grad()
    @mg.detect_anomaly
    @mg.scope("box")
    def inside():
        return mg.is_grad_enabled(), current_context().anomaly, current_context().scope

    assert inside() == (True, True, ("box",))


def test_a_decorated_generator_records_nothing_while_it_runs_and_its_caller_does_between():
    found = []

    @mg.no_grad()
    def numbers(n):
        found.append(records())
        try:
            for i in range(n):
                sent = yield i
                found.append((sent, records()))
        except KeyError:
            found.append(records())
            yield "caught"
        finally:
            found.append(records())
        return "end"

    assert inspect.isgeneratorfunction(numbers)
    running = numbers(3)
    assert (next(running), records(), running.send("a"), records()) == (0, True, 1, True)
    assert (running.throw(KeyError()), records()) == ("caught", True)
    with pytest.raises(StopIteration, match="end"):
        next(running)
    assert found == [False, ("a", False), False, False]
    found.clear()
    running = numbers(3)
    next(running)
    running.close()
    assert found == [False, False]
    assert list(numbers(2)) == [0, 1]
    assert records()


def test_a_decorated_coroutine_records_nothing_and_those_that_run_while_it_waits_do():
    both = []

    @mg.no_grad()
    async def evaluate(x):
        both.append(records())
        await asyncio.sleep(0)
        both.append(records())
        return x

    async def train():
        both.append(records())
        await asyncio.sleep(0)
        both.append(records())

    async def together():
        return await asyncio.gather(evaluate(1), train(), evaluate(2)), records()

    assert inspect.iscoroutinefunction(evaluate)
    assert asyncio.run(together()) == ([1, None, 2], True)
    assert sorted(both) == [False] * 4 + [True] * 2
    # driven by hand, both in one context
    a, b = evaluate(1), evaluate(2)
    a.send(None), b.send(None)
    assert records()
    a.close(), b.close()
    assert records()


def test_a_decorated_asynchronous_generator_records_nothing_while_it_runs():
    found = []

    @mg.no_grad
    async def numbers():
        try:
            for i in range(3):
                found.append(records())
                await asyncio.sleep(0)
                found.append(((yield i), records()))
        except KeyError:
            yield "caught"
        finally:
            found.append(records())

    async def use():
        running = numbers()
        assert (await anext(running), records(), await running.asend("a"), records()) == (0, True, 1, True)
        assert await running.athrow(KeyError()) == "caught"
        await running.aclose()
        return [i async for i in numbers()], records()

    assert inspect.isasyncgenfunction(numbers)
    assert asyncio.run(use()) == ([0, 1, 2], True)
    assert found[:4] == [False, ("a", False), False, False]
    assert not any(each[1] if isinstance(each, tuple) else each for each in found)


@pytest.mark.parametrize("wrong", [3, "name", dict])
def test_what_cannot_be_decorated_is_told(wrong):
    with pytest.raises(TypeError, match="no_grad: decorates functions and methods, got"):
        mg.no_grad()(wrong)
    with pytest.raises(TypeError, match=r"@mg.scope\('layer1'\)"):
        mg.scope(print)


def test_a_training_step_in_a_thread_is_not_stopped_by_an_evaluation_in_another():
    w = mg.Tensor(np.ones(3), requires_grad=True)

    def gradient():
        np.sum(w * w).backward()
        return w.grad

    with mg.no_grad():
        np.testing.assert_array_equal(in_a_thread(gradient), 2 * np.ones(3))
