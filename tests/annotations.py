"""Every annotation of `kontur` is checked at run time, once a call, from the first call on.

jaxtyping's import hook puts `jaxtyping.jaxtyped` before every function of a package. That compiles
two checks of each when it is imported, and in a call checks the parameters twice. What stands in
its place here compiles one check, of the functions that are called; arrays of one call share the
names of their axes, as before.
"""

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import partial, wraps
from typing import Any, Self, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, FrozenDict, beartype
from jaxtyping import AbstractArray, install_import_hook, jaxtyped

# An int is welcome where a float is annotated; `Self` is not looked at: functions are checked one
# by one and do not know their class.
CONF = BeartypeConf(is_pep484_tower=True, hint_overrides=FrozenDict({Self: object}))
check = beartype(conf=CONF)


def check_every_annotation(package: str) -> None:
    """From here on, of what is imported from the package."""
    install_import_hook(package, "tests.annotations.check")
    jaxtyping.jaxtyped = checked


def checked(definition: Any = None, *, typechecker: Any = None) -> Any:
    """A function, or the `__init__` of a dataclass, whose annotations are checked when called."""
    if definition is None:
        return partial(checked, typechecker=typechecker)
    if inspect.isclass(definition):
        init = vars(definition).get("__init__")
        if is_dataclass(definition) and not hasattr(init, "__wrapped__"):
            definition.__init__ = checked(init)
        return definition
    whole: Callable[..., Any] | None = None

    @wraps(definition)
    def function(*args: Any, **options: Any) -> Any:
        nonlocal whole
        if jaxtyping.config.jaxtyping_disable:
            return definition(*args, **options)
        if whole is None:
            whole = _checking(definition)
        return whole(*args, **options)

    return function


def _checking(function: types.FunctionType) -> Callable[..., Any]:
    """The function with its checks."""
    hints = {name: _hint(function, hint) for name, hint in function.__annotations__.items()}
    arrays = [part for hint in hints.values() for part in _parts(hint) if _is_array(part)]
    sized_by_arguments = any("{" in array.dim_str for array in arrays)
    is_run_later = inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function)
    if arrays and (sized_by_arguments or is_run_later):
        return jaxtyped(function, typechecker=check)
    twin = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    twin.__kwdefaults__, twin.__annotations__ = function.__kwdefaults__, hints
    twin.__qualname__, twin.__module__ = function.__qualname__, function.__module__
    alone = check(twin)
    if not arrays:
        return alone

    def with_axes(*args: Any, **options: Any) -> Any:
        with jaxtyped("context"):
            return alone(*args, **options)

    return with_axes


def _hint(function: types.FunctionType, hint: Any) -> Any:
    """With every name in it looked up; `Any` where one is imported for other tools alone."""

    def holder(value: hint) -> None: ...

    try:
        return get_type_hints(holder, function.__globals__, include_extras=True)["value"]
    except Exception:
        return Any


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for argument in get_args(hint):
        yield from _parts(argument)


def _is_array(hint: Any) -> bool:
    return inspect.isclass(hint) and issubclass(hint, AbstractArray)
