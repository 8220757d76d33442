"""Models: a config.json as Hugging Face has it, read into a card of ``models``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from workbook.declare.yaml import text_of
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, as_typed
from workbook.importers.card import Card, Value, key_of, name_of
from workbook.importers.families import FAMILIES, FLAGS, KEYS
from workbook.importers.likely import other_command
from workbook.importers.shapes import BYTES, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workbook.importers.families import Family

INDEX = "model.safetensors.index.json"
LARGEST = 1_000_000_000
MOST_LAYERS = 1000
GIGA = 1e9
FAR = 0.02  # from the bytes of the weights
_KINDS = {
    "sliding_attention": "window",
    "full_attention": "full",
    "linear_attention": "linear",
    "chunked_attention": "full",
    "deepseek_sparse_attention": "full",
    "attention": "full",
    "mamba": "recurrent",
    "moe": "experts",
    "mlp": "dense",
}
_WINDOWED = {"0": "full", "1": "window"}
_DIGITS = 10  # of a number in a list
_UNCOUNTED = {
    "num_kv_shared_layers": "layers share the caches of others, which a card does not count",
    "hidden_size_per_layer_input": "every layer has an embedding of its own, which a card does not count",
}
_SIGNS = {"M": "recurrent", "*": "full", "-": "dense", "E": "experts"}
_FLOAT = r'(?=.*"type": "float").*"num_bits": '
_PRECISIONS = {  # by what a quantisation says of weights; the first that fits counts
    "mxfp4": r'mxfp4|(?=.*"fp4").*e8m0',
    "nvfp4": rf"nvfp4|{_FLOAT}4\b",
    "fp8": rf"fp8|float8|{_FLOAT}8\b",
    "int4": r'"(num_bits|bits|w_bit)": 4\b|"u?int4"|w4a',
}
_UNCONVERTED = ("modules_to_not_convert", "ignore", "ignored_layers", "exclude_modules")
_ATTENTION, _PICTURES, _LAYER = re.compile("attn|attention"), re.compile("vis|vit|image|audio"), re.compile(r"layers\\?\.(\d{1,4})\b")
_TEXT_PARTS = ("text_config", "llm_config", "language_config")


class _Config:
    """A config.json, and the mistakes found in it."""

    def __init__(self, file: Path) -> None:
        if file.is_dir():
            raise WorkbookError([Diagnostic(Place(str(file)), "is a folder", f"give the model's config.json: {file / 'config.json'}")])
        self.file, self.text, self.problems = file, text_of(file, str(file)), Problems()
        try:
            whole = json.loads(self.text)
        except json.JSONDecodeError as error:
            place = Place(
                str(file), error.lineno, error.colno, (self.text.splitlines() or [""])[min(error.lineno, self.text.count("\n") + 1) - 1]
            )
            raise WorkbookError([Diagnostic(place, f"is not JSON: {error.msg}", "give the model's config.json")]) from None
        except (ValueError, RecursionError):
            raise WorkbookError([Diagnostic(Place(str(file)), "is not JSON", "give the model's config.json")]) from None
        if not isinstance(whole, dict):
            raise WorkbookError([Diagnostic(Place(str(file)), "is not a JSON object", "give the model's config.json")])
        if likely := other_command(whole, "model"):
            raise WorkbookError([Diagnostic(Place(str(file)), "is no config.json of a model", likely)])
        part = next((name for name in _TEXT_PARTS if isinstance(whole.get(name), dict)), "")
        self.start = max(0, self.text.find(f'"{part}"')) if part else 0
        self.values: dict[str, Any] = {**whole, **whole.get(part, {})}
        parts = {part: given for part, given in self.values.items() if isinstance(given, dict)}
        self.values |= {f"{part}.{key}": value for part, given in parts.items() for key, value in given.items()}

    def place(self, key: str) -> Place:
        """Return the place of a key."""
        quoted = f'"{key.rpartition(".")[2]}"'
        at = next((found for start in (self.start, 0) if (found := self.text.find(quoted, start)) >= 0), -1)
        before = self.text[: max(at, 0)].split("\n")
        return (
            Place(str(self.file), len(before), len(before[-1]) + 1, self.text.splitlines()[len(before) - 1])
            if at >= 0
            else Place(str(self.file))
        )

    def whole(self, keys: tuple[str, ...]) -> int | None:
        """Return the number under the first of some keys that is there; None where none is, or where it is no whole number."""
        key = next((key for key in keys if self.values.get(key) is not None), None)
        value = self.values.get(key) if key else None
        if key is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST):
            return value
        self.problems.add(self.place(key), f"'{key}' must be a whole number up to {LARGEST:,}, not {as_typed(value)}")
        return None

    def family(self) -> Family:
        """Return the family of the model; raises WorkbookError for one that is unknown, or that no card can hold."""
        kind = str(self.values.get("model_type") or "")
        family = FAMILIES.get(kind)
        if family is None:
            known = ", ".join(sorted(name for name, item in FAMILIES.items() if not item.refused))
            message = f"the architecture {as_typed(kind)} (model_type) is not known" if kind else "the key 'model_type' is missing"
            fix = f"copy the card of templates/models that is most like it, and state its counts; known are {known}"
            raise WorkbookError([Diagnostic(self.place("model_type"), message, fix if kind else "give the model's config.json")])
        if family.refused:
            message = f"no card can hold a model of type '{kind}': {family.refused}"
            raise WorkbookError([Diagnostic(self.place("model_type"), message, "copy the card that is most like it, and grade it low")])
        return family


def import_model(file: Path) -> Card:
    """Read a config.json of Hugging Face into a card of ``models``.

    Counts follow from the shapes. An index of safetensors beside the file is compared with them.

    Raises:
        WorkbookError: for an architecture that is not known or that no card can hold, and with every key that is missing or wrong.

    """
    config = _Config(file)
    family = config.family()
    shape = _shape(config, family)
    precision = _precision(config)
    config.problems.raise_if_any()
    assert shape is not None  # noqa: S101 a problem otherwise
    name = file.resolve().parent.name if file.stem == "config" else file.stem
    warnings = _bytes(file, shape, precision) + _unused_window(config, shape)
    total, active = shape.total / GIGA, shape.active / GIGA
    cached = round(shape.cached)
    about = f"Model of type {config.values['model_type']}, read from its configuration; counts follow from the shapes."
    verdict = f"{total:,.2f} billion parameters, {active:,.2f} active, {cached:,} bytes of cache a token (16 bit), published in {precision}"
    return Card(
        *("models", key_of(name), name_of(name), about, file, _fields(shape, precision) | _kept(config, shape)),
        confidence="high",
        evidence="published",
        basis="corrected",
        warnings=warnings,
        verdict=verdict,
    )


def _shape(config: _Config, family: Family) -> Shape | None:
    """Return the shape of a model; None, and what is missing, where it cannot be read."""
    parts: dict[str, int] = dict(family.constants)
    for name, usual in KEYS.items():
        keys = family.keys.get(name, usual)
        value = config.whole(keys)
        if value is not None:
            parts[name] = value
        elif name in family.needs and not any(config.values.get(key) is not None for key in keys) and name not in parts:
            config.problems.add(Place(str(config.file)), f"the key '{keys[0]}' is missing", "give the whole config.json")
    flags = {part: config.values.get(key) for part, key in FLAGS.items()}
    parts |= {part: int(flag) for part, flag in flags.items() if isinstance(flag, bool)}
    for name in ("layers", "attention_heads", "kv_heads", "hidden", "vocabulary", "head_dim"):
        if parts.get(name) == 0:
            config.problems.add(config.place(KEYS[name][0]), f"'{KEYS[name][0]}' must be above 0")
    if parts.get("layers", 0) > MOST_LAYERS:
        config.problems.add(config.place(KEYS["layers"][0]), f"has {parts['layers']:,} layers; at most {MOST_LAYERS:,} are read")
    for key, message in _UNCOUNTED.items():
        if config.values.get(key):
            config.problems.add(config.place(key), message, "copy the card that is most like it, and grade it low")
    if config.problems.found:
        return None
    _complete(parts, family)
    kinds = _kinds(config, parts)
    layers = _expert_layers(config, parts, kinds, family)
    if kinds.count("window") and not parts.get("window"):
        config.problems.add(Place(str(config.file)), "the key 'sliding_window' is missing", "layers with a window have its length there")
    return Shape(family, parts, kinds, layers, _ratios(config, parts, family))


def _complete(parts: dict[str, int], family: Family) -> None:
    """Add the parts of a shape that follow from others."""
    parts.setdefault("kv_heads", parts["attention_heads"])
    parts.setdefault("head_dim", parts["hidden"] // parts["attention_heads"])
    if family.attention == "MLA":
        parts |= {"head_dim": parts["nope"] + parts["rope"], "kv_heads": parts["attention_heads"]}
    parts.setdefault("value_dim", parts["head_dim"])
    for name, same in (("window_heads", "attention_heads"), ("window_kv_heads", "kv_heads"), ("window_head_dim", "head_dim")):
        parts.setdefault(name, parts[same])
    if family.beside and parts.get("experts"):
        parts |= {"shared_width": parts["intermediate"], "intermediate": 0}


def _listed(config: _Config, parts: Mapping[str, int]) -> tuple[str, list[str]]:
    """Return the key that has a kind for every layer, and the kinds, '' for one that is unknown; none where no key has them."""
    layers, more = parts["layers"], parts.get("further_layers", 0)
    pattern = config.values.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        return "hybrid_override_pattern", [_SIGNS.get(sign, "") for sign in pattern]
    for key, names in (("layer_types", _KINDS), ("hybrid_layer_pattern", _WINDOWED), ("hybrid_override_pattern", _KINDS)):
        given = config.values.get(key)
        if given is not None:
            found = [names.get(str(item), "") for item in given] if isinstance(given, list) else []
            return key, found[:layers] if len(found) <= layers + more else found
    rest = config.values.get("linear_attn_config.full_attn_layers")
    if isinstance(rest, list):
        return "full_attn_layers", ["full" if layer in rest else "linear" for layer in range(1, layers + 1)]
    return "", []


def _kinds(config: _Config, parts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the kind of every layer, from a list or a pattern, or all alike."""
    layers = parts["layers"]
    key, found = _listed(config, parts)
    if not key and config.values.get("compress_ratios") is None:
        every, other = parts.get("full_interval", 0), "linear"
        if not every and parts.get("window"):
            every, other = parts.get("window_pattern", 0), "window"
        return tuple("full" if not every or (layer + 1) % every == 0 else other for layer in range(layers))
    if not key:
        return tuple("full" if ratio else "window" for ratio in _whole_numbers(config.values.get("compress_ratios"))[:layers])
    if len(found) != layers or "" in found:
        known = ", ".join(_SIGNS if key.startswith("hybrid_override") else _KINDS)
        config.problems.add(config.place(key), f"'{key}' must have a kind for each of {layers} layers: {known}")
    if "experts" in found and "moe_intermediate" not in parts:
        config.problems.add(Place(str(config.file)), "the key 'moe_intermediate_size' is missing", "give the whole config.json")
    if any(kind in found and needed not in parts for kind, needed in (("linear", "linear_values"), ("recurrent", "recurrent_heads"))):
        config.problems.add(config.place(key), "names layers whose shapes the architecture does not have")
    return tuple(found)


def _whole_numbers(given: object) -> list[int]:
    """Return whole numbers from 0 on in a list, or in a text with commas; none where something else is among them."""
    items = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    texts = [str(item).strip() for item in items]
    return [int(text) for text in texts] if all(text.isdecimal() and len(text) < _DIGITS for text in texts) else []


def _ratios(config: _Config, parts: Mapping[str, int], family: Family) -> tuple[int, ...]:
    """Return how many tokens a cached row of every layer stands for, 0 for a window alone; none where nothing is compressed."""
    if family.attention != "CSA":
        return ()
    layers, found = parts["layers"], _whole_numbers(config.values.get("compress_ratios"))
    if len(found) < layers:
        config.problems.add(config.place("compress_ratios"), f"'compress_ratios' must have a whole number for each of {layers} layers")
    return tuple(found[:layers])


def _expert_layers(config: _Config, parts: Mapping[str, int], kinds: tuple[str, ...], family: Family) -> int:
    """Return how many layers have experts."""
    listed, named = config.values.get("moe_layer_freq"), config.values.get("moe_layers_enum")
    if not parts.get("experts"):
        return 0
    if family.beside:
        return len(kinds)
    if "experts" in kinds:
        return kinds.count("experts")
    if named:
        return sum(layer < len(kinds) for layer in set(_whole_numbers(named)))
    if isinstance(listed, list):
        return sum(item == 1 for item in listed[: len(kinds)])
    alone = config.values.get("mlp_only_layers")
    step = max(1, parts.get("expert_step", 1))
    return max(0, len(kinds) // step - parts.get("first_dense", 0) - (len(alone) if isinstance(alone, list) else 0))


def _precision(config: _Config) -> str:
    """Return the precision of the published weights, by its name on cards."""
    given = config.values.get("quantization_config")
    if config.values.get("expert_dtype") == "fp4":
        return "mxfp4"
    if not isinstance(given, dict):
        return "bf16"
    method = f"{given.get('quant_method', '')} {given.get('quant_algo', '')}".lower()
    of_all = {key: item for key, item in given.items() if not key.startswith("kv_cache")}
    text = json.dumps([list(_of_weights(given)) or of_all, method, given.get("format")]).lower()
    found = next((name for name, sign in _PRECISIONS.items() if re.search(sign, text)), "")
    if found == "fp8" and (given.get("weight_block_size") or '"strategy": "block"' in text):
        return "fp8_block"
    if not found:
        message = f"weights quantised as {as_typed(method.strip())} have no precision on cards"
        config.problems.add(config.place("quantization_config"), message, "give the config.json of the weights before they were quantised")
    return found


def _of_weights(node: object) -> Iterator[object]:
    """Yield what a quantisation says of weights, and not of activations or caches, at any depth."""
    for key, item in node.items() if isinstance(node, dict) else ():
        if key in {"weight", "weights"}:
            yield item
        else:
            yield from _of_weights(item)


def _derived(value: float, note: str, confidence: str = "") -> Value:
    return Value(value, note, confidence, "derived")


def _fields(shape: Shape, precision: str) -> dict[str, Value]:
    """Return the figures of the card."""
    names = ("layers", "attention_heads", "kv_heads", "head_dim", "hidden", "intermediate", "vocabulary")
    fields = {name: Value(shape[name]) for name in names}
    if shape.family.matrices == 2:  # noqa: PLR2004 up and down
        fields["feed_forward"] = Value("plain")
    if not shape.dense_layers:
        fields["intermediate"] = _derived(0, "no layer is dense")
    if shape["experts"]:
        fields |= {name: Value(shape[name]) for name in ("experts", "experts_per_token")}
        fields |= {"shared_experts": Value(shape.shared_experts), "moe_intermediate": Value(shape["moe_intermediate"])}
        fields["moe_layers"] = Value(shape.expert_layers)
    if shape["expert_width"]:
        fields["expert_width"] = Value(shape["expert_width"])
        fields["shared_experts"] = _derived(shape.shared_experts, "in the size of a routed expert")
    fields |= _attention_fields(shape)
    fields["total_parameters"] = _derived(round(shape.total / GIGA, 4), "from the shapes")
    fields["active_parameters"] = _derived(round(shape.active / GIGA, 4), "from the shapes, with one embedding")
    fields["kv_bytes_per_token"] = _derived(round(shape.cached), f"16 bit, {shape.count('full')} layers")
    if shape.window_cached:
        fields |= {"window_layers": Value(shape.count("window")), "attention_window": Value(shape["window"])}
        fields["window_bytes_per_token"] = _derived(shape.window_cached, "16 bit")
    if shape.states:
        kernels = 4.5 if shape.count("linear") else 2
        fields["state_bytes"] = _derived(shape.states * BYTES, "16 bit", confidence="medium")
        fields["layer_kernels"] = _derived(kernels, "most layers are linear or recurrent", confidence="low")
        fields["attention_layers"] = Value(shape.count("full"))
    return fields | {"precision": Value(precision), "tied": Value(shape["tied"])}


def _kept(config: _Config, shape: Shape) -> dict[str, Value]:
    """Return the share of parameters outside experts that a quantised checkpoint keeps in 16 bit, where attention is among them."""
    given = config.values.get("quantization_config")
    lists = [given.get(key) for key in _UNCONVERTED] if isinstance(given, dict) else []
    names = [str(item) for listed in lists if isinstance(listed, list) for item in listed]
    of_text = [name for name in names if _ATTENTION.search(name) and not _PICTURES.search(name)]
    numbers = [_LAYER.search(name) for name in of_text]
    layers = {int(found[1]) for found in numbers if found} & set(range(len(shape.kinds)))
    share = 1.0 if None in numbers else len(layers) / len(shape.kinds)
    if not share:
        return {}
    embedding = shape["vocabulary"] * shape["hidden"]
    outside = shape.total - shape.expert_layers * shape["experts"] * shape.expert - embedding
    kept = min(1.0, (share * shape.mixing + embedding) / max(1, outside))
    return {"kept_8": _derived(round(kept, 4), "attention and the output layer, which quantization_config leaves out")}


def _attention_fields(shape: Shape) -> dict[str, Value]:
    """Return the figures of attention that differ from those of grouped queries in layers that are all alike."""
    fields: dict[str, Value] = {}
    if shape.latent:
        rank, rope = (shape["kv_rank"], shape["rope"]) if not shape.ratios else (shape.row, 0)
        fields |= {"attention": Value(shape.family.attention), "latent_rank": Value(rank), "latent_rotary": Value(rope)}
    if shape["value_dim"] != shape["head_dim"] or shape.latent:
        fields["value_dim"] = Value(shape["value_dim"])
    if shape.count("window") and shape.window_row != shape.row:
        fields["window_row"] = _derived(shape.window_row, "layers with a window have heads of their own")
    return fields


def _unused_window(config: _Config, shape: Shape) -> list[str]:
    """Return a warning where layers see a part of a sequence only, and no key says which."""
    named = next((key for key in ("sliding_window", "attention_chunk_size") if config.values.get(key)), "")
    if not named or config.values.get("use_sliding_window") is False or shape.count("window"):
        return []
    return [
        f"{named} {as_typed(config.values[named])} is not used: layers are counted as if they kept every token, which is on the safe side"
    ]


def _bytes(file: Path, shape: Shape, precision: str) -> list[str]:
    """Return a warning where the bytes of the weights, in 16 bit, are far from those of the shapes."""
    index = file.with_name(INDEX)
    if not index.is_file() or precision != "bf16":
        return []
    try:
        size = json.loads(text_of(index, str(index)))["metadata"]["total_size"]
    except (ValueError, KeyError, TypeError, RecursionError, WorkbookError):
        return [f"{index}: has no metadata.total_size that can be read; not compared"]
    if isinstance(size, int) and abs(size / (shape.total * BYTES) - 1) > FAR:
        return [f"{index}: {size / BYTES / GIGA:,.2f} billion parameters of 16 bit, the shapes give {shape.total / GIGA:,.2f}"]
    return []
