"""A function with one term of a sum, or one factor of a product, left out: rules broken as people break them."""

from __future__ import annotations

import ast
import copy
import linecache
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from ...core.rebinding import rebound

Function = Callable[..., Any]

#: Calls whose arguments are shapes and axes, not numbers of a derivative.
_STRUCTURE = {"len", "range", "reshape", "moveaxis", "transpose", "expand_dims", "swapaxes", "tuple", "slice", "arange"}


def without_terms(function: Any, depth: int = 2) -> Iterator[tuple[str, Function]]:
    """The function with one term left out, for every term in it and in the functions of its file that it calls.

    Gives ``(what was done, function)``; sums and differences lose one side, products and quotients their second factor.
    A function whose source can't be found gives nothing.

    >>> def rule(g, y, x):
    ...     return g * (1 - y * y)
    >>> [(text, broken(1.0, 3.0, 0.0)) for text, broken in without_terms(rule)]
    [('g * (1 - y * y) as g', 1.0), ('1 - y * y as 1', 1.0), ('1 - y * y as -(y * y)', -9.0), ('y * y as y', -2.0)]
    """
    node = _node_of(function)
    if node is None:
        return
    for target in _terms(node):
        for side in ("left", "right") if isinstance(target.op, (ast.Add, ast.Sub)) else ("left",):
            changed = copy.deepcopy(node)
            where = next(
                each for each in ast.walk(changed) if isinstance(each, ast.BinOp) and _place(each) == _place(target)
            )
            kept: ast.expr = where.left if side == "left" else where.right
            if side == "right" and isinstance(target.op, ast.Sub):
                kept = ast.UnaryOp(ast.USub(), kept)
            text = f"{ast.unparse(target)} as {ast.unparse(kept)}"
            yield text, _compiled(function, _replaced(changed, where, kept))
    if depth:
        for helper in _helpers(function):
            if helper is not function:
                for text, broken in without_terms(helper, depth - 1):
                    yield f"in {helper.__name__}: {text}", rebound(function, {helper: broken})


def _place(node: ast.expr) -> tuple[Any, ...]:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _terms(node: ast.AST) -> list[ast.BinOp]:
    """The sums, differences, products and quotients that a derivative is made of; not those of shapes and indices."""
    found: list[ast.BinOp] = []

    def visit(each: ast.AST) -> None:
        if isinstance(each, ast.Subscript):
            visit(each.value)
            return
        if isinstance(each, ast.Call):
            name = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            visit(each.func)
            for argument in each.args[: 1 if name in _STRUCTURE - {"len", "range", "tuple"} else None]:
                if name not in ("len", "range", "slice", "arange"):
                    visit(argument)
            return
        if isinstance(each, ast.BinOp) and isinstance(each.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            found.append(each)
        if isinstance(each, (ast.Compare, ast.Tuple)) and not _numeric(each):
            return
        for child in ast.iter_child_nodes(each):
            visit(child)

    body = node.body if isinstance(node, ast.Lambda) else node
    for part in [body] if isinstance(body, ast.expr) else list(ast.iter_child_nodes(node)):
        if not isinstance(part, ast.arguments):
            visit(part)
    return found


def _numeric(node: ast.AST) -> bool:
    return isinstance(node, ast.Tuple) and not any(isinstance(x, (ast.Constant, ast.Starred)) for x in node.elts)


def _replaced(root: Any, old: ast.AST, new: ast.expr) -> Any:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return new if node is old else self.generic_visit(node)

    return ast.fix_missing_locations(Swap().visit(root))


@lru_cache(maxsize=64)
def _functions_in(source: str) -> list[Any]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [each for each in ast.walk(tree) if isinstance(each, (ast.Lambda, ast.FunctionDef))]


def _node_of(function: Function) -> Any:
    """The source of a function, of a file, a notebook's cell or a doctest, as a tree; None where there is none."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    candidates = _functions_in("".join(linecache.getlines(code.co_filename)))
    fitting = [node for node in candidates if _holds(node, code)]
    return min(fitting, key=lambda node: (node.end_lineno - node.lineno, node.end_col_offset), default=None)


def _holds(node: Any, code: types.CodeType) -> bool:
    """Whether all instructions of a code lie within a function's source, and it starts where the code says."""
    lines = {node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))}
    body = node.body if isinstance(node, ast.Lambda) else node
    first, last = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    within = [
        first <= (line, column) and (end_line, end_column) <= last
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, end_line, column, end_column) and (line, column) != (end_line, end_column)
    ]
    return code.co_firstlineno in lines and all(within)


def _code(node: Any, free: tuple[str, ...], filename: str) -> types.CodeType | None:
    """The code of a function whose free variables are those of a function around it."""
    inner = copy.deepcopy(node)
    body: list[ast.stmt]
    if isinstance(inner, ast.FunctionDef):
        inner.decorator_list, name, body = [], inner.name, [inner]
    else:
        name, body = "<lambda>", [ast.Return(inner)]
    around = ast.FunctionDef(
        name="around",
        args=ast.arguments(
            posonlyargs=[], args=[ast.arg(each) for each in free], kwonlyargs=[], kw_defaults=[], defaults=[]
        ),
        body=body,
        decorator_list=[],
    )
    module = ast.fix_missing_locations(ast.Module(body=[around], type_ignores=[]))
    outer = next(x for x in compile(module, filename, "exec").co_consts if isinstance(x, types.CodeType))
    return next((x for x in outer.co_consts if isinstance(x, types.CodeType) and x.co_name == name), None)


def _compiled(function: Any, node: Any) -> Function:
    """A function like another with a changed body."""
    code = function.__code__
    made = _code(node, code.co_freevars, code.co_filename)
    assert made is not None
    cells = dict(zip(code.co_freevars, function.__closure__ or ()))
    closure = tuple(cells[name] for name in made.co_freevars)
    new = types.FunctionType(made, function.__globals__, function.__name__, function.__defaults__, closure)
    new.__kwdefaults__ = function.__kwdefaults__
    return new


def _helpers(function: Any) -> list[Any]:
    """The functions of its own file that a function calls."""
    around = [cell.cell_contents for cell in function.__closure__ or ()]
    read = [function.__globals__.get(name) for name in function.__code__.co_names] + around
    return [x for x in read if isinstance(x, types.FunctionType) and x.__module__ == function.__module__]
