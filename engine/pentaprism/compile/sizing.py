"""What became of size, aspect_ratio and resolution: the adjustments and losses of a form's choice.

Row 3. `forms` chooses; this module tells the caller. What was not asked never counts as a loss (CATALOG section 6).
It must not choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..sizes import aspect_error, pixels_error
from ..types import AspectRatio, Behaviour, Expected, ModeSpec, Outcome, Size, SizeWish, Tier, Tolerance
from .draft import Draft
from .forms import Choice

__all__ = ["SIZE_NAMES", "expected_of", "tell_size"]

SIZE_NAMES = ("size", "aspect_ratio", "resolution")
# Below these a picture is what was asked: whole pixels cannot hold every shape, and a tier is a label, not an area.
_SAME_SHAPE = 0.005
_SAME_SCALE = 0.02


def tell_size(
    draft: Draft,
    spec: ModeSpec,
    values: Mapping[str, Any],
    wish: SizeWish,
    choice: Choice | None,
    default: Size | None,
    tolerance: Tolerance,
) -> None:
    """Record an adjustment for each size parameter that was set, and what is lost beyond tolerance."""
    size = choice.size if choice else default
    for name in SIZE_NAMES:
        if name not in values:
            continue
        asked = values[name]
        if name in wish.by:
            fixed = "shape and scale" if wish.size else "the shape"
            why = f"overruled by {wish.by[name]}, which fixes {fixed}"
            draft.adjust(name, str(asked), {}, Behaviour.CONVERTED, Outcome.SUPERSEDED, why)
        elif asked == "auto":
            _tell_auto(draft, name, wish, choice, default)
        elif choice is None and not _met(asked, size):
            reason = spec.rules[name].reason or "the provider takes no scale without a shape; set aspect_ratio as well"
            draft.adjust(name, str(asked), {}, Behaviour.UNSUPPORTED, Outcome.DROPPED, reason + _follows(spec, size))
        elif choice is None:
            why = f"nothing needs sending: {size} comes back anyway"
            draft.adjust(name, str(asked), {}, Behaviour.UNSUPPORTED, Outcome.HONORED, why)
        else:
            _tell(draft, name, asked, choice, tolerance)


def _met(asked: Any, size: Size | None) -> bool:
    return size is not None and isinstance(asked, Size) and size == asked


def _follows(spec: ModeSpec, size: Size | None) -> str:
    if spec.default_size != "input":
        return f"; {size} comes back" if size else ""
    return f"; the picture follows the input image{f' ({size})' if size else ''}"


def _tell_auto(draft: Draft, name: str, wish: SizeWish, choice: Choice | None, default: Size | None) -> None:
    sent: Mapping[str, Any] = {}
    if wish:
        why = "auto leaves it to the other size parameters"
    elif choice is not None:
        sent, why = choice.sends, "the provider chooses the size"
    else:
        why = f"nothing is sent; the provider's default{f' ({default})' if default else ''} comes back"
    draft.adjust(name, "auto", sent, Behaviour.CONVERTED, Outcome.HONORED, why)


def _tell(draft: Draft, name: str, asked: Any, choice: Choice, tolerance: Tolerance) -> None:
    sent = choice.sends
    got = choice.size
    if got is None:
        # Where the provider chooses the shape, a scale is all that was asked and all that is sent.
        _tell_scale(draft, name, asked, choice, tolerance)
        return
    shape_off = pixels_off = 0.0
    if isinstance(asked, (Size, AspectRatio)):
        shape_off = aspect_error(asked.shape, got.shape)
    if isinstance(asked, Size):
        pixels_off = pixels_error(asked.pixels, got.pixels)
    elif isinstance(asked, Tier):
        pixels_off = pixels_error(asked.area, got.pixels)
    if shape_off > tolerance.aspect:
        draft.aspect_loss = max(draft.aspect_loss, shape_off)
    if pixels_off > tolerance.pixels:
        draft.pixels_loss = max(draft.pixels_loss, pixels_off)
    exact = got == asked if isinstance(asked, Size) else shape_off <= _SAME_SHAPE and pixels_off <= _SAME_SCALE
    outcome = Outcome.HONORED if exact else Outcome.APPROXIMATED
    about = "about " if choice.inferred else ""
    why = f"{about}{got} comes back"
    if not exact:
        why += f", the nearest this provider makes: {_differences(asked, got, shape_off, pixels_off)}"
    if choice.note:
        why += f"; {choice.note}"
    draft.adjust(name, str(asked), sent, Behaviour.CONVERTED, outcome, why)


def _tell_scale(draft: Draft, name: str, asked: Tier, choice: Choice, tolerance: Tolerance) -> None:
    """A scale was sent and the provider chooses the shape, so that nobody knows the pixels yet."""
    why, outcome = "sent; the provider chooses the shape at that scale", Outcome.HONORED
    scale = choice.tier or asked
    off = pixels_error(asked.area, scale.area)
    if off > tolerance.pixels:
        draft.pixels_loss = max(draft.pixels_loss, off)
    if off > _SAME_SCALE:
        outcome = Outcome.APPROXIMATED
        why = f"{scale.label} is the nearest scale it offers; the provider chooses the shape"
    draft.adjust(name, str(asked), choice.sends, Behaviour.CONVERTED, outcome, why)


def _differences(asked: Any, got: Size, shape_off: float, pixels_off: float) -> str:
    words = []
    if not isinstance(asked, Tier) and shape_off > 0.0005:
        side = "wider" if got.shape > asked.shape else "narrower"
        words.append(f"{shape_off:.1%} {side} in shape" if shape_off < 1 else f"{1 + shape_off:.1f} times {side}")
    if not isinstance(asked, AspectRatio) and pixels_off > 0.0005:
        factor = got.pixels / (asked.pixels if isinstance(asked, Size) else asked.area)
        if factor >= 2:
            words.append(f"{factor:,.0f} times the pixels" if factor >= 10 else f"{factor:.1f} times the pixels")
        else:
            amount = f"{abs(factor - 1):.0%}" if abs(factor - 1) >= 0.005 else "a few"
            words.append(f"{amount} {'more' if factor > 1 else 'fewer'} pixels")
    return " and ".join(words) or "a few pixels off"


def expected_of(
    spec: ModeSpec, n: int, choice: Choice | None, default: Size | None, returned_format: str | None
) -> Expected:
    """What should come back from the provider, before anything we do to it."""
    if choice is not None and choice.size is not None:
        return Expected(count=n, size=choice.size, basis="asked", format=returned_format, inferred=choice.inferred)
    if spec.default_size == "input":
        return Expected(count=n, size=default, basis="input", format=returned_format, inferred=True)
    basis = "default" if default is not None and choice is None else "unknown"
    return Expected(count=n, size=None if basis == "unknown" else default, basis=basis, format=returned_format)
