"""The types of names in expressions, and the CEL environments that check against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as declared
from functools import lru_cache
from typing import Any, NamedTuple

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, struct_pb2, timestamp_pb2

from compiler.cel.functions import CEL_EXTENSIONS, typecheck_functions
from compiler.cel.let_name import for_parser
from compiler.language.attributes import Attribute, AttributeType


@dataclass(frozen=True, slots=True)
class Type:
    """`kind` is int, double, string, bool, timestamp, duration, dyn, list, map or object."""

    kind: str
    items: Type | None = None
    """The type of a list's items; None: any type."""
    fields: tuple[Field, ...] = ()
    """The fields of an object."""
    hashed: int = declared(default=0, init=False, repr=False, compare=False)
    """The hash, computed once: types are often used as keys of caches."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash((self.kind, self.items, self.fields)))

    def __hash__(self) -> int:
        return self.hashed

    def field(self, name: str) -> Field | None:
        for one in self.fields:
            if one.name == name:
                return one
        return None


class Field(NamedTuple):
    name: str
    type: Type
    optional: bool = False
    """Whether it may be missing: using it needs a `has` test."""


INT, DOUBLE, STRING, BOOL = Type("int"), Type("double"), Type("string"), Type("bool")
TIMESTAMP, DURATION, DYN, LIST, MAP = Type("timestamp"), Type("duration"), Type("dyn"), Type("list"), Type("map")
EMPTY_OBJECT = Type("object")

_SCALAR_TYPES = {
    AttributeType.STRING: STRING,
    AttributeType.INTEGER: INT,
    AttributeType.NUMBER: DOUBLE,
    AttributeType.BOOLEAN: BOOL,
    AttributeType.DATE: TIMESTAMP,
    AttributeType.DATETIME: TIMESTAMP,
}


def attribute_type(attribute: Attribute) -> Type:
    """The type of an attribute in expressions, where dates and date-times are timestamps."""
    simple = _SCALAR_TYPES.get(attribute.type)
    if simple is not None:
        return simple
    if attribute.type is AttributeType.LIST:
        return Type("list", attribute_type(attribute.items)) if attribute.items else LIST
    return object_type(attribute.properties) if attribute.properties is not None else MAP


def object_type(attributes: Mapping[str, Attribute]) -> Type:
    """The attributes as one object type. An attribute is optional if it is not required and has no default.

    Equal types are the same object, which caches that have types in their keys compare fastest.
    """
    fields = [
        Field(name, attribute_type(attribute), not attribute.required and attribute.default is None)
        for name, attribute in sorted(attributes.items())
    ]
    return _shared(Type("object", None, tuple(fields)))


@lru_cache(maxsize=100_000)
def _shared(one: Type) -> Type:
    """The first of all types that are equal to this one."""
    return one


def merged_object_type(objects: Iterable[Type]) -> Type:
    """All fields of the objects. If they disagree on a field's type, it is DYN; if not all have it, it is optional."""
    objects = list(objects)
    names = sorted({field.name for one in objects for field in one.fields})
    fields = []
    for name in names:
        found = [field for one in objects if (field := one.field(name)) is not None]
        agreed = found[0].type if all(field.type == found[0].type for field in found) else DYN
        optional = len(found) < len(objects) or any(field.optional for field in found)
        fields.append(Field(name, agreed, optional))
    return Type("object", None, tuple(fields))


@lru_cache(maxsize=100_000)
def keep_fields(whole: Type, names: frozenset[str]) -> Type:
    """The object type with these fields only, so that objects that do not differ in the fields used are equal."""
    return replace(whole, fields=tuple(one for one in whole.fields if one.name in names))


Signature = tuple[tuple[str, Type], ...]
"""The names that an expression uses, with their types, sorted by name."""


@lru_cache(maxsize=10_000)
def typed_environment(signature: Signature) -> cel.Env:
    """A CEL environment in which these names have these types."""
    messages = _ProtoTypes()
    variables = {for_parser(name): messages.cel_type(kind) for name, kind in signature}
    pool = messages.pool() if messages.file.message_type else None
    return cel.NewEnv(pool, variables=variables, extensions=CEL_EXTENSIONS, functions=typecheck_functions())


_PROTO = descriptor_pb2.FieldDescriptorProto
_PROTO_SCALARS = {
    "int": _PROTO.TYPE_INT64,
    "double": _PROTO.TYPE_DOUBLE,
    "string": _PROTO.TYPE_STRING,
    "bool": _PROTO.TYPE_BOOL,
}
_PROTO_WELL_KNOWN = {
    "timestamp": ".google.protobuf.Timestamp",
    "duration": ".google.protobuf.Duration",
    "dyn": ".google.protobuf.Value",
    "map": ".google.protobuf.Struct",
    "list": ".google.protobuf.ListValue",
}
_CEL_TYPES = {
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "bool": cel.Type.BOOL,
    "timestamp": cel.Type.TIMESTAMP,
    "duration": cel.Type.DURATION,
    "dyn": cel.Type.DYN,
    "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}


class _ProtoTypes:
    """Converts object types to protobuf messages, so that CEL checks fields and `has`."""

    def __init__(self) -> None:
        self.file = descriptor_pb2.FileDescriptorProto(name="ordo.proto", package="ordo", syntax="proto2")
        for known in (timestamp_pb2, struct_pb2, duration_pb2):
            self.file.dependency.append(known.DESCRIPTOR.name)

    def pool(self) -> descriptor_pool.DescriptorPool:
        pool = descriptor_pool.DescriptorPool()
        for known in (timestamp_pb2, struct_pb2, duration_pb2):
            pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
        pool.Add(self.file)
        return pool

    def cel_type(self, kind: Type) -> Any:
        if kind.kind == "object":
            return cel.Type(self._add_message(kind))
        if kind.kind == "list":
            return cel.Type.List(self.cel_type(kind.items) if kind.items else cel.Type.DYN)
        return _CEL_TYPES[kind.kind]

    def _add_message(self, kind: Type) -> str:
        message = descriptor_pb2.DescriptorProto(name=f"Object{len(self.file.message_type)}")
        self.file.message_type.append(message)
        position = len(self.file.message_type) - 1
        for number, field in enumerate(kind.fields, 1):
            self._add_field(message, number, field)
        self.file.message_type[position].CopyFrom(message)
        return f"ordo.{message.name}"

    def _add_field(self, message: descriptor_pb2.DescriptorProto, number: int, field: Field) -> None:
        kind, label = field.type, _PROTO.LABEL_OPTIONAL
        if kind.kind == "list" and kind.items is not None:
            kind, label = kind.items, _PROTO.LABEL_REPEATED
        proto_field = message.field.add(name=field.name, number=number, label=label)
        if kind.kind in _PROTO_SCALARS:
            proto_field.type = _PROTO_SCALARS[kind.kind]
            return
        proto_field.type = _PROTO.TYPE_MESSAGE
        proto_field.type_name = f".{self._add_message(kind)}" if kind.kind == "object" else _PROTO_WELL_KNOWN[kind.kind]
