"""Every annotation of `kontur` is checked while testing; the root's `conftest.py` switches it on.

jaxtyping's own decorator checks the parameters of each call twice and binds them to their names,
whatever they are, which is a third of the time of all tests. Here a function is wrapped by what its
annotations need: by beartype alone, or, where they tell the shapes of arrays, by beartype within a
memory of the names of dimensions. What is checked is the same.
"""

import dataclasses
import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any, Self, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, FrozenDict, beartype

# An int is welcome where a float is annotated; `Self` is not looked at: methods are checked one by
# one and do not know their class. A TypeError is what Python itself would raise, as jaxtyping does.
check = beartype(
    conf=BeartypeConf(
        is_pep484_tower=True,
        hint_overrides=FrozenDict({Self: object}),
        violation_type=TypeError,
    )
)
in_full = jaxtyping.jaxtyped


def check_all_of(package: str) -> None:
    """Check the annotations of all modules of the package that are imported from now on."""
    jaxtyping.jaxtyped = checked  # by which the hook decorates every function and class
    jaxtyping.install_import_hook(package, "beartype.beartype")


def checked(*, typechecker: Any) -> Callable[[Any], Any]:
    """What decorates a function or class, in place of jaxtyping's decorator."""
    return _decorate


def _decorate(value: Any) -> Any:
    if inspect.isclass(value):
        if dataclasses.is_dataclass(value) and not hasattr(value.__init__, "__wrapped__"):
            value.__init__ = _decorate(value.__init__)
        return value
    if not value.__annotations__:
        return value
    if inspect.isgeneratorfunction(value) or inspect.iscoroutinefunction(value):
        return in_full(value, typechecker=check)
    hints = _hints(value)
    told = [array for hint in hints.values() for array in _arrays(hint)]
    inner = check(_with_hints(value, hints))
    if any("{" in array.dim_str for array in told):  # a size by the name of a parameter
        inner = in_full(inner, typechecker=None)
    return functools.update_wrapper(_remembering(value, inner) if told else inner, value)


def _remembering(value: Callable[..., Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    """One name of a dimension is one size, among all arrays of a call."""

    def outer(*args: Any, **kwargs: Any) -> Any:
        if jaxtyping.config.jaxtyping_disable:
            return value(*args, **kwargs)
        with in_full("context"):
            return inner(*args, **kwargs)

    return outer


def _hints(value: Callable[..., Any]) -> dict[str, Any]:
    """What its annotations mean; anything where a name is known to mypy only."""
    try:
        return get_type_hints(value, include_extras=True)
    except NameError:
        return {name: _meaning(value, hint) for name, hint in value.__annotations__.items()}


def _meaning(value: Callable[..., Any], hint: Any) -> Any:
    alone = types.SimpleNamespace(__annotations__={"it": hint})
    try:
        return get_type_hints(alone, value.__globals__, include_extras=True)["it"]
    except NameError:
        return Any


def _arrays(hint: Any) -> Iterator[Any]:
    """The arrays with a shape within an annotation."""
    if inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray):
        yield hint
    for part in hint if isinstance(hint, list) else get_args(hint):
        yield from _arrays(part)


def _with_hints(value: Any, hints: dict[str, Any]) -> Callable[..., Any]:
    """The same function; only its annotations are others."""
    same = types.FunctionType(
        value.__code__, value.__globals__, value.__name__, value.__defaults__, value.__closure__
    )
    functools.update_wrapper(same, value)
    del same.__wrapped__
    same.__kwdefaults__, same.__annotations__ = value.__kwdefaults__, hints
    return same
