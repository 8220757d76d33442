"""The keywords of templates: mappings that pydantic checks, each keyword with its type, its default and what it means.

A class of ``Keywords`` is one kind of mapping: a block, a column, a card. Its fields check templates, make the JSON Schemas in
``schema/`` and the text that ``workbook language`` prints. Fields take nodes of YAML as they are, so that what is read, and
what is wrong, keeps its place; the module ``mistakes`` has the words.

Only functions that read templates import this module: pydantic takes as long to load as a small template takes to build.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    InstanceOf,
    PrivateAttr,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from workbook.declare.catalogues import Formula
from workbook.declare.names import is_name
from workbook.declare.yaml import Mapping, Scalar, Sequence
from workbook.errors import Place, Problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbook.declare.yaml import Node

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
ITSELF = "\uffff"  # in a message: what is read, by the name that only the mapping around it knows; no template holds this character
AT_KEY = Place(ITSELF)  # the place of the key that it stands at, which only the mapping around it knows, too


def mistake(kind: str, **more: object) -> PydanticCustomError:
    """Return the error of a value that is no ``kind``; the module ``mistakes`` has the words for each kind."""
    return PydanticCustomError("mistake", "{kind}", {"kind": kind, **more})


class Keywords(BaseModel):
    """A mapping of a template. Its keywords are the fields of the class.

    ``called`` is what messages call it: ``{key}`` is the key that it stands at, ``{kind}`` and ``{name}`` are its first keyword
    and that one's text, ``{owner}`` is the name of the mapping around it, and ``{outer}`` what messages call that one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)
    called: ClassVar[str] = "{outer}"
    _node: Mapping = PrivateAttr()

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, given: Any, build: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Self:
        read: Self
        if isinstance(given, dict):
            read = build(given)  # pydantic comes here twice for a class that has itself among its keywords
            return read
        if info.context is not None:
            info.context[id(given)] = cls  # for messages: what stands at this node
        node = cls.in_full(given)
        if not isinstance(node, Mapping):
            raise mistake("mapping of keys")
        read = build(node.items)
        read._node = node  # noqa: SLF001 its own
        problems = Problems()
        read.check(problems)
        if problems.found:
            raise mistake("right together", found=problems.found)
        return read

    @classmethod
    def in_full(cls, node: Node) -> Node:
        """Return the mapping that a shorter way to write it stands for."""
        return node

    def check(self, problems: Problems) -> None:
        """Record what is wrong though each keyword alone is right, with ``ITSELF`` for what messages call this mapping."""

    @property
    def place(self) -> Place:
        """Where the mapping starts."""
        return self._node.place

    def has(self, word: str) -> bool:
        """Tell whether a keyword is written."""
        return word in self.model_fields_set

    def place_of(self, word: str) -> Place:
        """Return the place of a keyword's value, or of the mapping where it is not written."""
        node = self._node.items.get(word)
        return node.place if node else self.place

    def node_of(self, word: str) -> Node | None:
        """Return what is written at a keyword, or None."""
        return self._node.items.get(word)

    def key_place(self, word: str) -> Place:
        """Return the place of a keyword, or of the mapping where it is not written."""
        return self._node.keys.get(word, self.place)

    def key_places(self, word: str) -> dict[str, Place]:
        """Return the places of the keys of a keyword's entries."""
        within = self._node.items.get(word)
        return within.keys if isinstance(within, Mapping) else {}

    def placed(self, word: str) -> tuple[tuple[str, Place], ...]:
        """Return the texts of a list, each with its place."""
        node = self._node.items.get(word)
        parts = node.items if isinstance(node, Sequence) else (node,)
        return tuple((part.text, part.place) for part in parts if isinstance(part, Scalar))

    def into(self, kind: type[T], /, **others: Any) -> T:
        """Return a declaration made of the keywords of the same names, the place, and ``others``."""
        shared = _shared(type(self), kind)  # type: ignore[arg-type] # mypy takes a type[T] for unhashable
        return kind(**{name: getattr(self, name) for name in shared - others.keys()}, **others)


@cache
def _shared(keywords: type[Keywords], declaration: type) -> frozenset[str]:
    """Return the names that keywords and a declaration, which is a dataclass, have in common."""
    return frozenset({*keywords.model_fields, "place"} & {field.name for field in fields(declaration)})


def _text(node: Any) -> str:
    if isinstance(node, Scalar) and node.value is not None:
        return node.text
    raise mistake("text")


def _number(node: Any) -> float:
    if isinstance(node, Scalar) and isinstance(node.value, float) and node.value - node.value == 0.0:
        return node.value
    raise mistake("number")


def _flag(node: Any) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise mistake("flag")


def _texts(node: Any) -> tuple[str, ...]:
    parts = node.items if isinstance(node, Sequence) else (node,)
    texts = tuple(part.text for part in parts if isinstance(part, Scalar))
    if len(texts) == len(parts):
        return texts
    raise mistake("list of texts")


def _formula(node: Any) -> Formula:
    if isinstance(node, Scalar) and node.value is not None:
        return Formula(node.text, node.place)
    raise mistake("expression")


def _formula_or_blank(node: Any) -> Formula | None:
    return None if isinstance(node, Scalar) and node.value is None else _formula(node)


def _member(node: Any) -> str | float:
    if isinstance(node, Scalar) and isinstance(node.value, str | float):
        return node.value
    raise mistake("member")


def _entries(node: Any) -> dict[str, Node]:
    if isinstance(node, Mapping):
        return node.items
    raise mistake("mapping")


def _parts(node: Any) -> tuple[Node, ...]:
    if isinstance(node, Sequence):
        return node.items
    raise mistake("list")


@dataclass(frozen=True, slots=True)
class Written:
    """How a value is written, in words; part of the annotation of a keyword."""

    words: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Takes one of some words, or none; with ``at_key`` a message stands at the keyword."""

    words: tuple[str, ...]
    at_key: bool = False

    def __call__(self, node: Any) -> str:
        """Return the word; raises the error of one that is none of them."""
        text = _text(node)
        if text not in ("", *self.words):
            raise mistake("choice", words=self.words, at_key=self.at_key)
        return text


@dataclass(frozen=True, slots=True)
class Name:
    """Takes a name that can stand in an expression; ``what`` messages call it."""

    what: str

    def __call__(self, given: Any) -> str:
        """Return the name; raises the error of one that is not usable."""
        name = given if isinstance(given, str) else _text(given)
        if not is_name(name):
            raise mistake("name", what=self.what, name=name)
        return name


def _not_here(_: Any) -> Any:
    raise mistake("here")


def words(choices: Iterable[str]) -> WithJsonSchema:
    """Return the JSON Schema of one of some words."""
    return WithJsonSchema({"enum": [{"true": True}.get(word, word) for word in choices]})


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean"]}), Written("text")]
Number = Annotated[float | None, BeforeValidator(_number), WithJsonSchema({"type": "number"}), Written("number")]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"}), Written("true or false")]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_texts),
    WithJsonSchema({"type": ["array", "string", "number", "boolean"], "items": {"type": ["string", "number", "boolean"]}}),
    Written("list of texts, or one text"),
]
_EXPRESSION = {"type": ["string", "number", "boolean"]}
Expression = Annotated[InstanceOf[Formula] | None, BeforeValidator(_formula), WithJsonSchema(_EXPRESSION), Written("expression")]
FirstExpression = Annotated[
    InstanceOf[Formula] | None,
    BeforeValidator(_formula_or_blank),
    WithJsonSchema({"type": [*_EXPRESSION["type"], "null"]}),
    Written("expression, or null"),
]
Member = Annotated[str | float, BeforeValidator(_member), WithJsonSchema({"type": ["string", "number"]}), Written("text or number")]
Anything = Annotated[Any, WithJsonSchema({}), Written("as its unit demands")]
WrittenOut = Annotated[Any, BeforeValidator(_not_here), WithJsonSchema({})]
"""What stands in templates but is written out as other keywords before a mapping is read, where it may stand."""
Entries = Annotated[dict[K, V], BeforeValidator(_entries), Written("mapping")]
Parts = Annotated[tuple[V, ...], BeforeValidator(_parts), Written("list")]
