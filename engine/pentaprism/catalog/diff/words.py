"""The phrases of a comparison: a rate, a rule, a way to give a size, a list. Row 3; it must not compare anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...types import Form, FormKind, Mode, Price, Rule, TierSpec

__all__ = [
    "form_words",
    "listed",
    "mode_words",
    "number",
    "percent",
    "rate_words",
    "rates_words",
    "rule_words",
    "scale_words",
    "shown",
]

_COUNTED = {
    "image": "image",
    "megapixel": "megapixel",
    "input_megapixel": "megapixel of input",
    "token": "token",
    "second": "second of computing",
}
# So many entries of a list are written out; the JSON has them all.
_MOST_LISTED = 6


def shown(value: Any) -> str:
    """A value as a reader tells it from others: text as it is, anything else as JSON, nothing as `none`.

    >>> shown("jpg"), shown(True), shown(None)
    ('jpg', 'true', 'none')
    """
    if value is None:
        return "none"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def listed(words: Iterable[str], *, most: int = _MOST_LISTED, last: str = "and") -> str:
    """A list in a sentence; of a long one the first entries and how many more there are.

    >>> listed(["a", "b", "c"]), listed("abcdefgh")
    ('a, b and c', 'a, b, c, d, e, f and 2 more')
    """
    entries = list(words)
    if len(entries) > most + 1:
        return f"{', '.join(entries[:most])} {last} {len(entries) - most} more"
    return f" {last} ".join([", ".join(entries[:-1]), entries[-1]] if len(entries) > 1 else entries)


def number(value: float) -> str:
    """A number without a fraction of zero.

    >>> number(1440.0), number(0.25)
    ('1440', '0.25')
    """
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def percent(before: Any, after: Any) -> str | None:
    """How much more or less, to a whole percent where that says it; None where there is nothing to compare with.

    >>> percent(4, 5), percent(3, 2), percent(1000, 1001), percent(0, 1)
    ('+25%', '-33%', '+0.1%', None)
    """
    if not before:
        return None
    change = float((after - before) / before) * 100
    return f"{change:+.0f}%" if abs(change) >= 1 else f"{change:+.2g}%"


def mode_words(modes: Iterable[Mode]) -> str:
    """Modes by their short names."""
    return listed(mode.short for mode in modes) or "no mode"


def rate_words(price: Price) -> str:
    """A rate as one reads it: `$0.025 per megapixel (rounded up)`."""
    unit = f"{price.of} {_COUNTED[price.per]}" if price.of else _COUNTED[price.per]
    told = f"${price.usd:f} per {f'{price.unit:,} {unit}s' if price.unit != 1 else unit}"
    terms = []
    if price.round:
        terms.append(f"rounded {price.round}{'' if price.each else ' over all pictures'}")
    if price.min is not None:
        terms.append(f"at least {price.min:f} billed")
    if price.first is not None:
        terms.append(f"for the first {price.first:f}")
    terms += [f"where {name} is {' or '.join(map(shown, values))}" for name, values in price.when.items()]
    return f"{told} ({', '.join(terms)})" if terms else told


def rates_words(prices: Iterable[Price]) -> str:
    """Several rates: of one metric side by side, since mostly one of them applies; another metric's come on top."""
    words, metric = "", None
    for price in prices:
        joint = " and " if metric == (price.per, price.of) else " plus "
        words += (joint if words else "") + rate_words(price)
        metric = (price.per, price.of)
    return words


def scale_words(tier: TierSpec) -> str:
    """A scale by the provider's label, with the unit where that is a bare number of megapixels.

    >>> scale_words(TierSpec(label="0.25", area=2**18)), scale_words(TierSpec(label="2K", area=2**22))
    ('0.25 MP', '2K')
    """
    try:
        return f"{tier.label} MP" if float(tier.label) * 2**20 == tier.area else tier.label
    except ValueError:
        return tier.label


def rule_words(rule: Rule) -> str:
    """How a parameter crosses, as a clause after "is"."""
    options = rule.options
    if rule.verb == "passthrough":
        return "passed through"
    if rule.verb == "rename":
        return f"sent as {rule.target}"
    if rule.verb == "convert":
        return f"converted ({options['convert']}) into {rule.target}"
    if rule.verb == "emulate":
        native = f", natively as {rule.target}" if rule.target else ""
        return f"emulated ({options['emulate']}){native}"
    return f"taken by a form ({options['forms']})" if rule.verb == "form" else f"unsupported: {rule.reason}"


def form_words(form: Form) -> str:
    """A way to give a size: `free pixels, sides 256 to 2048 in steps of 16`."""
    if form.kind is FormKind.AUTO:
        return f"auto ({_fields(form.set)})"
    if form.kind is FormKind.FREE:
        bounds = [f"sides {_range(form.side)}"] if form.side else []
        bounds += [f"area {_range(form.pixels)} pixels"] if form.pixels else []
        bounds += [f"shapes {_range(form.ratio)}"] if form.ratio else []
        bounds += [f"steps of {form.step}"] if form.step > 1 else []
        return f"free pixels ({', '.join(bounds)})" if bounds else "free pixels"
    shapes = len({cell.ratio_label for cell in form.cells if cell.ratio_label})
    tiers = [word for word in dict.fromkeys(scale_words(cell.tier) for cell in form.cells if cell.tier) if word]
    if form.kind is FormKind.GRID:
        return f"one of {shapes} shapes" + (f" at {listed(tiers)}" if tiers else "")
    return f"one of {len(form.cells)} sizes"


def _range(bounds: Sequence[float]) -> str:
    return f"{number(bounds[0])} to {number(bounds[1])}"


def _fields(values: Mapping[str, Any]) -> str:
    return listed(f"{path} = {shown(value)}" for path, value in values.items())
