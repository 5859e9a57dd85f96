"""Values of ours → models of the API's description, exactly as ``web.exact`` writes them.

FastAPI describes pydantic models alone, and what use cases return are msgspec structs: each becomes
a model with the same fields, so that the description cannot fall behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from functools import cache
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model

from engine.accounting import Projection, columns_of
from web.exact import is_nanos

Nanos = Annotated[
    str, Field(pattern=r"^-?\d+$", description="UTC nanoseconds.", examples=["1789738200000000000"])
]
Amount = Annotated[
    str,
    Field(
        pattern=r"^-?\d+(\.\d+)?([Ee][+-]?\d+)?$",
        description="An exact decimal.",
        examples=["128.40"],
    ),
]

_CONFIG = ConfigDict(extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True)


@cache
def shape(struct: type[msgspec.Struct]) -> type[BaseModel]:
    """Return the model of a struct; one that refers to itself is not provided for."""
    fields: dict[str, Any] = {}
    config = struct.__struct_config__
    if config.tag_field is not None:
        fields[config.tag_field] = (Literal[config.tag], ...)
    for field in msgspec.structs.fields(struct):
        annotation = field.type
        kinds = get_args(annotation) if _is_union(annotation) else (annotation,)
        is_required = msgspec.UnsetType not in kinds
        kinds = tuple(kind for kind in kinds if kind is not msgspec.UnsetType)
        described = Union[tuple(described_as(kind, field.name) for kind in kinds)]  # noqa: UP007
        fields[field.name] = described if is_required else (described, None)
        if is_required:
            fields[field.name] = (described, ...)
    return _model(struct.__name__, struct.__module__, fields, struct.__doc__)


def row_shape(table: Projection) -> type[BaseModel]:
    """Return the model of a row of accounting, from its columns."""
    fields: dict[str, Any] = {}
    for column in columns_of(table.row):
        kind = described_as(column.type, column.name)
        fields[column.name] = (kind | None if column.nullable else kind, ...)
    name = "".join(part.capitalize() for part in table.name.split("_")) + "Row"
    return _model(name, table.row.__module__, fields, table.row.__doc__)


def page_shape(item: Any, **more: Any) -> type[BaseModel]:
    """Return the model of a page of items, with more beside them."""
    return extended(f"{item.__name__}Page", items=list[item], next=str | None, **more)


def extended(title: str, base: type[BaseModel] | None = None, /, **fields: Any) -> type[BaseModel]:
    """Return a model with more fields, all of them required."""
    own = {key: (kind, ...) for key, kind in fields.items()}
    if base is not None:
        taken = {key: (each.annotation, each) for key, each in base.model_fields.items()}
        return _model(title, __name__, taken | own, base.__doc__)
    return _model(title, __name__, own, None)


def described_as(annotation: Any, name: str = "") -> Any:  # noqa: C901, PLR0911, PLR0912
    """Return the annotation that describes how a value is written in JSON.

    Parameters
    ----------
    name : str
        Of its field: it says which integers count nanoseconds.
    """
    if isinstance(annotation, TypeAliasType):
        return described_as(annotation.__value__, name)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return described_as(args[0], name)
    if _is_union(annotation):
        return Union[tuple(described_as(each, name) for each in args)]  # noqa: UP007
    if origin is Literal or annotation in (Any, NoneType, None, bool, str, bytes):
        return annotation
    if origin is tuple and args and args[-1] is not Ellipsis:
        return tuple[tuple(described_as(each, name) for each in args)]
    if origin in (list, tuple, set, frozenset, Sequence):
        return list[described_as(args[0], name)] if args else list[Any]
    if origin in (dict, Mapping):
        return dict[str, described_as(args[1], "")]
    if not isinstance(annotation, type):
        return Any
    if issubclass(annotation, msgspec.Struct):
        return shape(annotation)
    if issubclass(annotation, BaseModel | Enum):
        return annotation
    if issubclass(annotation, Decimal):
        return Amount
    if issubclass(annotation, int):
        return Nanos if is_nanos(name) else int
    if issubclass(annotation, float):
        return float | None
    return {list: list[Any], tuple: list[Any], dict: dict[str, Any]}.get(annotation, str)


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _model(name: str, module: str, fields: dict[str, Any], doc: str | None) -> type[BaseModel]:
    sentence = cleandoc(doc or "").split("\n\n")[0].replace("\n", " ")
    return create_model(name, __config__=_CONFIG, __module__=module, __doc__=sentence, **fields)
