"""What a request costs: an endpoint's dated prices applied to what is asked of it, or to what came back.

Row 2: imports only the nouns. It computes in `Decimal`, exactly and whatever the program's decimal context; it reads
no file and no clock, and knows nothing of providers. The rules are CATALOG section 3:

- Of rows with the same metric (`per` and `of`), `when` and `first`, the latest in force counts; a flat rate that a
  table replaces is ended by a row of `usd: "0"`. Rows that match the request add up.
- A field that a `when` names, and that is unset or `auto`, makes the cost an interval over the rows it may select.
  Rows of a metric that list different values of a field are a table: one of them applies, and a value that none of
  them lists has no price. A value listed alone is a surcharge: it may also not apply.
- A row with `first: k` counts the first k units, its sibling without (same metric, same `when` fields) the others.
- What no row prices is unknown. Unknown is None, never 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from typing import Any, NamedTuple, TypeAlias

from .types import MEGAPIXEL, Cost, CostComponent, Price, Size

__all__ = ["Tariff", "Usage", "cost_of", "tariff"]

# Pixels over 2**20 take 20 decimals; 60 digits leave room for any count, rate and sum of them to be exact.
_EXACT = Context(prec=60)
_ZERO = Decimal(0)
_ONE = Decimal(1)
_PER_PIXEL = _EXACT.divide(_ONE, MEGAPIXEL)
# What each metric counts: the unit in a derivation, and the name of the count where it is not known.
_METRICS = {
    "image": ("image", "the number of images"),
    "megapixel": ("MP", "the output size"),
    "input_megapixel": ("input MP", "the size of an input image"),
    "token": ("tokens", "the number of tokens"),
    "second": ("s", "the compute time"),
}
# A JSON value as (type, text): true is not 1, "1" is not 1, but 1 is 1.0.
_Typed: TypeAlias = tuple[str, str]
# A value no price row gives: what an unset field may turn out to be.
_UNLISTED: _Typed = ("", "")
# What a field holds while its value is still the provider's to choose.
_OPEN: frozenset[_Typed] = frozenset([("NoneType", "None"), ("str", "auto")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is billed: known before a request is sent, or read from what came back.

    `images` counts the pictures and `size` is theirs in pixels (None where unknown). `input_sizes` has each input
    picture once for every call it is sent in. `fields` are the values sent, with the contract's defaults for what is
    not, and `tier` for the tier's label; a missing name is unknown. `tokens` counts by kind (`text_in`, `image_in`,
    `text_out`, `image_out`), `seconds` is compute time. Raises ValueError on a negative count of images.

    >>> Usage(images=2, size=Size(1024, 768), fields={"quality": "high"}).input_sizes
    ()
    """

    images: int
    size: Size | None
    fields: Mapping[str, Any]
    input_sizes: tuple[Size | None, ...] = ()
    tokens: Mapping[str, Decimal] = field(default_factory=dict)
    seconds: Decimal | None = None

    def __post_init__(self) -> None:
        if self.images < 0:
            raise ValueError(f"{self.images} images cannot be billed; the count must be 0 or more")


def cost_of(prices: Sequence[Price], usage: Usage, on: date) -> Cost:
    """What `usage` costs in US dollars at the prices in force on a date; to price many requests, keep the `tariff`.

    Raises ValueError on a metric or a rounding that is not in the format.

    >>> row = Price(start=date(2026, 7, 28), usd=Decimal("0.025"), per="megapixel", round="up", source="fal.ai")
    >>> cost = cost_of([row], Usage(images=2, size=Size(1920, 1080), fields={}), date(2026, 8, 1))
    >>> cost.text, cost.derivation
    ('$0.10', '2 images x 2 MP x $0.025')
    """
    return tariff(prices, on).cost(usage)


def tariff(prices: Sequence[Price], on: date) -> Tariff:
    """The prices of one endpoint in force on a date, ready to be applied. Raises ValueError as `cost_of` does.

    >>> rows = [Price(start=date(2026, 1, day), usd=Decimal(day), per="image", source="x") for day in (1, 9)]
    >>> [price.usd for price in tariff(rows, date(2026, 1, 8)).prices]
    [Decimal('1')]
    """
    in_force = _in_force(prices, on)
    if not in_force:
        first = min((f"the first starts {price.start}" for price in prices), default="none is known")
        return Tariff(prices=(), metrics=(), reason=f"no price is in force on {on} ({first})")
    metrics: dict[tuple[str, str | None], list[Price]] = {}
    for price in in_force:
        metrics.setdefault((price.per, price.of), []).append(price)
    return Tariff(prices=in_force, metrics=tuple(_metric(rows) for rows in metrics.values()), reason="")


@dataclass(frozen=True, slots=True, eq=False)
class _Rate:
    """One row in force: the values its `when` lists, and its words in a component and in a derivation."""

    price: Price
    when: Mapping[str, frozenset[_Typed]]
    kind: str
    metric: str
    noun: str
    text: str
    per: str


@dataclass(frozen=True, slots=True)
class _Metric:
    """The rows of one metric in force, the values they list of each field, the fields they list alternatives of."""

    rates: tuple[_Rate, ...]
    fields: Mapping[str, frozenset[_Typed]]
    choices: frozenset[str]


class _Line(NamedTuple):
    """One row applied to the units after `start`. Unless `bounded`, `units` and the cost are only the least."""

    rate: _Rate
    start: Decimal
    quantity: Decimal
    units: Decimal
    cost: Decimal
    bounded: bool


class _Part(NamedTuple):
    """One metric applied. `low` None: it may cost nothing, `high` None: there is no bound. `lines` cost the most."""

    low: Decimal | None
    high: Decimal | None
    cheap: str
    dear: str
    lines: Sequence[_Line]
    why: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The prices of one endpoint in force on one day; `reason` says why there are none. Built by `tariff`."""

    prices: tuple[Price, ...]
    metrics: tuple[_Metric, ...] = field(repr=False)
    reason: str = ""

    def cost(self, usage: Usage) -> Cost:
        """What `usage` costs in US dollars: exact, an interval, or unknown; `derivation` says how in a sentence.

        The components are the dearest case; a metric without an upper bound has none.

        >>> row = Price(start=date(2026, 1, 1), usd=Decimal("0.04"), per="image", source="x")
        >>> tariff([row], date(2026, 2, 1)).cost(Usage(images=3, size=None, fields={})).text
        '$0.12'
        """
        if not self.metrics:
            return Cost(derivation=self.reason)
        with localcontext(_EXACT):
            parts = [part for metric in self.metrics if (part := _apply(metric, usage)) is not None]
            if not parts:
                return Cost(derivation=_unlisted(self.metrics, usage))
            lows = [part.low for part in parts if part.low is not None]
            highs = [part.high for part in parts if part.high is not None]
            high = sum(highs, _ZERO) if len(highs) == len(parts) else None
            low = sum(lows, _ZERO) if any(lows) or (lows and high is not None) else None
            return Cost(low=low, high=high, components=_components(parts), derivation=_sentence(low, high, parts))


def _in_force(prices: Sequence[Price], on: date) -> tuple[Price, ...]:
    """The rows in force, in an order that does not depend on theirs."""
    series: dict[tuple[Any, ...], list[Price]] = {}
    for price in prices:
        if price.per not in _METRICS:
            raise ValueError(f"no price can be per {price.per!r}; it is per {', '.join(_METRICS)}")
        if price.round not in (None, "up"):
            raise ValueError(f"no price can be rounded {price.round!r}; it is rounded 'up' or not at all")
        if price.start <= on:
            series.setdefault(_series(price), []).append(price)
    in_force: list[Price] = []
    for _, rows in sorted(series.items()):
        latest = max(row.start for row in rows)
        in_force += sorted((row for row in rows if row.start == latest), key=repr)
    return tuple(in_force)


def _series(price: Price) -> tuple[Any, ...]:
    """What two rows share when the later one replaces the earlier; sortable."""
    when = tuple(sorted((name, tuple(sorted(map(_typed, values)))) for name, values in price.when.items()))
    return (list(_METRICS).index(price.per), price.of or "", len(when), when, price.first or Decimal("Infinity"))


def _typed(value: Any) -> _Typed:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return ("number", str(float(value)))
    return (type(value).__name__, str(value))


def _metric(rows: Sequence[Price]) -> _Metric:
    rates = tuple(_rate(row) for row in rows)
    alternatives: dict[str, set[frozenset[_Typed]]] = {}
    for rate in rates:
        for name, values in rate.when.items():
            alternatives.setdefault(name, set()).add(values)
    fields = {name: frozenset(itertools.chain(*sets)) for name, sets in alternatives.items()}
    choices = frozenset(name for name, sets in alternatives.items() if len(sets) > 1)
    # Beside a table, a flat rate of 0 says that the flat rate before the table has ended.
    rates = tuple(rate for rate in rates if rate.when or rate.price.usd or not choices)
    return _Metric(rates, fields, choices)


def _rate(row: Price) -> _Rate:
    when = {name: frozenset(map(_typed, values)) for name, values in row.when.items()}
    of, _, direction = (row.of or "").rpartition("_")
    kind = "input" if row.per == "input_megapixel" or direction == "in" else "output"
    metric, noun = (f"token_{of}", f"{row.of} tokens") if row.per == "token" and of else (row.per, _METRICS[row.per][0])
    text = f"${row.usd:f}" if row.unit == 1 else f"${row.usd:f} per {row.unit}"
    return _Rate(row, when, kind, metric, noun, text, f"{text} per {noun}" if row.unit == 1 else f"{text} {noun}")


def _apply(metric: _Metric, usage: Usage) -> _Part | None:
    """One metric's part of the cost; None where it surely has none."""
    if not metric.fields:
        return _part([_lines(metric.rates, usage)], usage, ())
    asked = {name: _typed(usage.fields.get(name)) for name in metric.fields}
    unset = [name for name, value in asked.items() if value in _OPEN and value not in metric.fields[name]]
    selections = _selections(metric, asked, unset)
    if any(selections):
        if metric.choices.issuperset(unset):
            selections = [rates for rates in selections if rates]
        return _part([_lines(rates, usage) for rates in selections], usage, unset)
    if any(_matches(rate, asked, besides=metric.choices.union(unset)) for rate in metric.rates):
        return _Part(None, None, "", "", (), (_unlisted([metric], usage),))
    return None


def _matches(rate: _Rate, asked: Mapping[str, _Typed], *, besides: Collection[str] = ()) -> bool:
    return all(name in besides or asked[name] in values for name, values in rate.when.items())


def _selections(metric: _Metric, asked: Mapping[str, _Typed], unset: Sequence[str]) -> list[list[_Rate]]:
    """Every set of rows that may apply together, over all the values the unset fields may turn out to have."""
    candidates = [rate for rate in metric.rates if _matches(rate, asked, besides=unset)]
    if not unset:
        return [candidates]
    selections: list[list[_Rate]] = []
    for values in itertools.product(*([*sorted(metric.fields[name]), _UNLISTED] for name in unset)):
        fields = {**asked, **dict(zip(unset, values, strict=True))}
        selection = [rate for rate in candidates if _matches(rate, fields)]
        if selection not in selections:
            selections.append(selection)
    return selections


def _lines(rates: Sequence[_Rate], usage: Usage) -> list[_Line]:
    return [line for rate in rates if (line := _line(rate, _start(rate, rates), usage)) is not None]


def _start(rate: _Rate, rates: Sequence[_Rate]) -> Decimal:
    """The units before those a row counts: where the `first` of its siblings ends."""
    if len(rates) == 1:
        return _ZERO
    own = rate.price.first
    ends = (other.price.first for other in rates if other.when.keys() == rate.when.keys())
    return max((end for end in ends if end is not None and (own is None or end < own)), default=_ZERO)


def _line(rate: _Rate, start: Decimal, usage: Usage) -> _Line | None:
    """One row applied to the counts it is about; None where there is nothing to count."""
    row = rate.price
    counts = _counts(row, usage)
    if not counts:
        return None
    if not row.each:
        total = sum((amount * times for amount, _, times in counts), _ZERO)
        counts = [(total, all(known for _, known, _ in counts), 1)]
    quantity = units = _ZERO
    bounded = True
    for amount, known, times in counts:
        billed = _billed(row, amount, known)
        if row.first is not None and billed >= row.first:
            billed, known = row.first, True
        if start:
            billed = max(_ZERO, billed - start)
        units += billed * times
        quantity += amount * times
        bounded = bounded and known
    if start and bounded and not units:
        return None
    return _Line(rate, start, quantity, units, row.usd * units, bounded)


def _counts(row: Price, usage: Usage) -> list[tuple[Decimal, bool, int]]:
    """What a row counts: amounts (0 where not known), whether each is known, and how many there are of it."""
    if row.per == "image":
        return [(Decimal(usage.images), True, 1)]
    if row.per in ("megapixel", "input_megapixel"):
        sizes = [(usage.size, usage.images)] if row.per == "megapixel" else [(size, 1) for size in usage.input_sizes]
        return [(size.pixels * _PER_PIXEL if size else _ZERO, bool(size) or not times, times) for size, times in sizes]
    if row.per == "second":
        return [(usage.seconds or _ZERO, usage.seconds is not None, 1)]
    tokens = usage.tokens if row.of is None else {of: count for of, count in usage.tokens.items() if of == row.of}
    return [(sum(tokens.values(), _ZERO), bool(tokens), 1)]


def _billed(row: Price, amount: Decimal, known: bool) -> Decimal:
    """The units one amount is billed as; the least there can be where the amount is not known."""
    if known and not amount:
        return _ZERO
    units = amount if row.unit == 1 else amount / row.unit
    if row.round == "up":
        units = max(_ONE, units.to_integral_value(ROUND_CEILING))
    return units if row.min is None else max(units, row.min)


def _part(choices: Sequence[list[_Line]], usage: Usage, unset: Sequence[str]) -> _Part | None:
    """The cheapest and the dearest of the sets of lines that may apply; an empty one costs nothing."""
    billed = [lines for lines in choices if lines]
    if not billed:
        return None
    blind = [line.rate for lines in billed for line in lines if not line.bounded]
    if len(choices) == 1 and not blind:
        total, text = _total(billed[0]), _text(billed[0], usage.images)
        return _Part(total, total, text, text, billed[0], ())
    cheap, dear = min(billed, key=_total), max(billed, key=_total)
    low, high = _total(cheap) if len(billed) == len(choices) else None, _total(dear)
    open_fields = () if low == high else unset
    why = [f"{name} is {'auto' if usage.fields.get(name) == 'auto' else 'not known'}" for name in open_fields]
    text = "" if low is None else _text(cheap, usage.images)
    if not blind:
        return _Part(low, high, text, _text(dear, usage.images), dear, why)
    why += [f"{_METRICS[rate.price.per][1]} is not known ({rate.per})" for rate in blind]
    return _Part(low or None, None, text if low else "", "", (), why)


def _total(lines: Sequence[_Line]) -> Decimal:
    return lines[0].cost if len(lines) == 1 else sum((line.cost for line in lines), _ZERO)


def _components(parts: Sequence[_Part]) -> tuple[CostComponent, ...]:
    """The lines of the dearest case, whose lows add up to the cheapest."""
    components = []
    for part in parts:
        rest = part.low or _ZERO
        for line in part.lines:
            low = min(rest, line.cost)
            rest -= low
            component = CostComponent(
                type=line.rate.kind,
                metric=line.rate.metric,
                quantity=line.quantity,
                billable=line.units,
                unit_price=line.rate.price.usd,
                total=line.cost,
                low=low,
            )
            components.append(component)
    return tuple(components)


def _sentence(low: Decimal | None, high: Decimal | None, parts: Sequence[_Part]) -> str:
    dear = " + ".join(part.dear for part in parts)
    if low is not None and low == high:
        return dear
    cheap = " + ".join(part.cheap for part in parts if part.cheap)
    why = " and ".join(dict.fromkeys(reason for part in parts for reason in part.why))
    if high is None:
        return f"at least {cheap}; {why}" if low is not None else why
    return f"{cheap} to {dear}, as {why}" if low is not None else f"up to {dear}, as {why}"


def _text(lines: Sequence[_Line], images: int) -> str:
    """What the lines multiply, as in `2 images x 2 MP x $0.025`."""
    terms = []
    for line in lines:
        row, count, lead = line.rate.price, line.units, ""
        if not count and len(lines) > 1:
            continue
        if row.per == "megapixel" and row.each and images:
            count, lead = count / images, f"{images} image{'s' if images > 1 else ''} x "
        if row.unit != 1:
            count *= row.unit
        number = f"{count:.0f}" if count == count.to_integral_value() else f"{count:.3f}".rstrip("0")
        noun = f"{line.rate.noun}s" if row.per == "image" and count != 1 else line.rate.noun
        terms.append(f"{lead}{number} {'further ' if line.start else ''}{noun} x {line.rate.text}")
    return " + ".join(terms)


def _unlisted(metrics: Iterable[_Metric], usage: Usage) -> str:
    names = {name: usage.fields[name] for metric in metrics for name in metric.fields if name in usage.fields}
    asked = " and ".join(f"{name} = {value}" for name, value in names.items())
    return f"no price is listed for {asked}" if asked else "no price in force applies to this request"
