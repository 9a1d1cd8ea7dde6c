"""Examples of the choice of a size, and of its words, that small changes do not survive (`make mutation`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pentaprism.compile.draft import Draft
from pentaprism.compile.forms import Choice, choose, constants_beside, default_size, read_wish, returned_size
from pentaprism.compile.sizing import SIZE_NAMES, expected_of, tell_size
from pentaprism.sizes import nominal
from pentaprism.types import (
    AspectRatio,
    Behaviour,
    Contract,
    Expected,
    Form,
    FormKind,
    GridCell,
    Mode,
    ModeSpec,
    Outcome,
    Provenance,
    Rule,
    Size,
    SizeWish,
    Tier,
    TierSpec,
    Tolerance,
)


def form_contract(**fields: Any) -> Contract:
    return Contract({"properties": fields}, Provenance("a test", "2026-11-21", "page"))


# -- the choice of a size -----------------------------------------------------------------------------------------

TIERS = {label: TierSpec(label, area) for label, area in (("1K", 1024**2), ("2K", 2048**2), ("4K", 4096**2))}
AUTOS = [
    Form(FormKind.AUTO, set={"scale": "2K"}, default_tier=TIERS["2K"]),
    Form(FormKind.AUTO, set={"scale": "1K"}, default_tier=TIERS["1K"]),
    Form(FormKind.AUTO, set={"size": "auto"}),
]


def cell(ratio: str, tier: str, *, inferred: bool = False) -> GridCell:
    shape = AspectRatio.parse(ratio)
    pixels = nominal(shape.value, TIERS[tier].area)
    return GridCell({"ratio": ratio, "tier": tier}, pixels, pixels, inferred, shape, ratio, TIERS[tier])


def grid(*labels: tuple[str, str], default: str = "1K", **constants: Any) -> Form:
    cells = tuple(cell(*label) for label in labels)
    to = {"ratio": "ratio", "tier": "tier"}
    return Form(FormKind.GRID, to=to, set=constants, cells=cells, default_tier=TIERS[default])


def chosen(forms: Sequence[Form], default: Size | None = None, *, whole: bool = False, **wish: Any) -> Choice | None:
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, tuple(forms), default)
    return choose(spec, SizeWish(**wish), default, whole_megapixels=whole)


def test_auto_is_the_form_that_leaves_everything_to_the_provider() -> None:
    assert chosen(AUTOS, auto=True) == Choice(FormKind.AUTO, {"size": "auto"}, None)
    assert chosen(AUTOS[:2], auto=True) is None


def test_a_scale_alone_is_the_nearest_the_provider_has() -> None:
    assert chosen(AUTOS, tier=Tier.parse("4K")) == Choice(FormKind.AUTO, {"scale": "2K"}, None, tier=TIERS["2K"])
    assert chosen(AUTOS, tier=Tier.parse("1K")) == Choice(FormKind.AUTO, {"scale": "1K"}, None, tier=TIERS["1K"])
    assert chosen(AUTOS, tier=Tier.parse("1K"), ratio=AspectRatio.parse("1:1")) is None
    assert chosen(AUTOS[2:], tier=Tier.parse("1K")) is None


def test_a_form_that_cannot_express_a_wish_does_not_stop_the_others() -> None:
    free = Form(FormKind.FREE, to={"string": "size"}, side=(64, 4096))
    made = chosen([AUTOS[2], free], ratio=AspectRatio.parse("1:1"))
    assert made == Choice(FormKind.FREE, {"size": "1024x1024"}, Size(1024, 1024))
    # Without a default, a scale has no shape that a free form could take.
    made = chosen([free, grid(("1:1", "1K"), ("1:1", "2K"))], tier=Tier.parse("2K"))
    assert made == Choice(FormKind.GRID, {"tier": "2K"}, None, tier=TIERS["2K"])


def test_among_grids_without_a_shape_to_keep_the_nearest_scale_wins() -> None:
    small, large = grid(("1:1", "1K"), kind="small"), grid(("1:1", "4K"), default="4K", kind="large")
    for forms in ([small, large], [large, small]):
        for asked, kind in (("1K", "small"), ("4K", "large")):
            made = chosen(forms, tier=Tier.parse(asked))
            assert made is not None
            assert (made.sends["kind"], made.tier) == (kind, TIERS[asked])
    twins = [grid(("1:1", "1K"), kind="b"), grid(("1:1", "1K"), kind="a")]
    made = chosen(twins, tier=Tier.parse("1K"))
    assert made is not None
    assert made.sends["kind"] == "a"


def test_a_grid_keeps_what_is_not_asked() -> None:
    form = grid(("1:1", "1K"), ("16:9", "1K"), ("1:1", "2K"), ("16:9", "2K"), quality="hd")
    ratio, tier = AspectRatio.parse("16:9"), Tier.parse("2K")
    made = chosen([form], ratio=ratio)
    assert made == Choice(FormKind.GRID, {"ratio": "16:9", "quality": "hd"}, Size(1365, 768))
    made = chosen([form], ratio=ratio, tier=tier)
    assert made == Choice(FormKind.GRID, {"ratio": "16:9", "tier": "2K", "quality": "hd"}, Size(2731, 1536))
    made = chosen([form], Size(1365, 768), tier=tier)
    assert made == Choice(FormKind.GRID, {"tier": "2K", "quality": "hd"}, Size(2731, 1536))
    made = chosen([form], size=Size(2048, 2048))
    assert made == Choice(FormKind.GRID, {"ratio": "1:1", "tier": "2K", "quality": "hd"}, Size(2048, 2048))


def test_a_list_takes_a_shape_a_scale_or_pixels() -> None:
    cells = [GridCell({"value": text}, Size.parse(text), Size.parse(text), True) for text in ("512x512", "1024x768")]
    form = Form(FormKind.LIST, to={"value": "value"}, cells=tuple(cells))
    for wish in ({"size": Size(1000, 700)}, {"ratio": AspectRatio.parse("4:3")}):
        assert chosen([form], **wish) == Choice(FormKind.LIST, {"value": "1024x768"}, Size(1024, 768), inferred=True)
    made = chosen([form], ratio=AspectRatio.parse("1:1"), tier=Tier.parse("4K"))
    assert made == Choice(FormKind.LIST, {"value": "512x512"}, Size(512, 512), inferred=True)
    assert chosen([form], tier=Tier.parse("1K")) is None


def test_pixels_are_cut_where_they_would_bill_another_megapixel() -> None:
    free = Form(FormKind.FREE, to={"object": "size"}, side=(64, 4096))
    ratio = AspectRatio.parse("4:3")
    assert chosen([free], ratio=ratio) == Choice(
        FormKind.FREE, {"size": {"width": 1183, "height": 887}}, Size(1183, 887)
    )
    made = chosen([free], ratio=ratio, whole=True)
    assert made == Choice(
        FormKind.FREE,
        {"size": {"width": 1182, "height": 887}},
        Size(1182, 887),
        note="1183x887 would be 745 pixels over 1K and bill another megapixel",
    )
    made = chosen([free], ratio=ratio, whole=True, tier=Tier.parse("4MP"))
    assert made is not None
    assert (made.size, made.note) == (
        Size(2364, 1774),
        "2365x1774 would be 1206 pixels over 4MP and bill another megapixel",
    )


def test_where_no_size_is_asked_the_default_or_the_picture_decides() -> None:
    spec = ModeSpec(Mode.IMAGE_EDIT, form_contract(), {}, (), "input", 1440)
    assert default_size(spec, [Size(2880, 1440), Size(1, 1)]) == Size(1440, 720)
    assert default_size(spec, []) is default_size(spec, [None]) is None
    assert default_size(spec._replace(default_size=Size(8, 9)), [Size(1, 1)]) == Size(8, 9)
    assert default_size(spec._replace(default_size=None), [Size(1, 1)]) is None


@pytest.mark.parametrize(
    ("to", "fields", "wish"),
    [
        ({"string": "s"}, {"s": "640x480"}, SizeWish(Size(640, 480))),
        ({"string": "s"}, {"s": "wide"}, None),
        ({"string": "s"}, {"s": 640}, None),
        ({"object": "s"}, {"s": {"width": 640, "height": 480}}, SizeWish(Size(640, 480))),
        ({"object": "s"}, {"s": "640x480"}, None),
        ({"object": "s"}, {"s": {}}, None),
        ({"width": "w", "height": "h"}, {"w": 1, "h": 1}, SizeWish(Size(1, 1))),
        ({"width": "w", "height": "h"}, {}, None),
    ],
)
def test_a_free_form_is_read_back(to: dict[str, str], fields: dict[str, Any], wish: SizeWish | None) -> None:
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, (Form(FormKind.FREE, to=to),))
    assert read_wish(spec, fields) == wish


@pytest.mark.parametrize(
    ("to", "fields", "names"),
    [
        ({"object": "s"}, {"s": {"width": 640}}, "width and height"),
        ({"object": "s"}, {"s": {"height": 640}}, "width and height"),
        ({"width": "w", "height": "h"}, {"w": 1, "h": 0}, "w and h"),
        ({"width": "w", "height": "h"}, {"w": 0, "h": 1}, "w and h"),
        ({"width": "w", "height": "h"}, {"w": 1.5, "h": 1}, "w and h"),
        ({"width": "w", "height": "h"}, {"w": 1, "h": "1"}, "w and h"),
    ],
)
def test_half_a_size_is_an_error(to: dict[str, str], fields: dict[str, Any], names: str) -> None:
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, (Form(FormKind.FREE, to=to),))
    with pytest.raises(ValueError, match=f"^give both {names}, in pixels$"):
        read_wish(spec, fields)


def test_a_table_is_read_back_by_its_labels() -> None:
    form = grid(("1:1", "1K"), ("16:9", "2K"))
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, (form, *AUTOS))
    wide, large = AspectRatio.parse("16:9"), Tier("2K", 2048**2)
    assert read_wish(spec, {"ratio": "16:9", "tier": "2K"}) == SizeWish(ratio=wide, tier=large)
    assert read_wish(spec, {"ratio": "16:9"}) == SizeWish(ratio=wide)
    assert read_wish(spec, {"tier": "2K"}) == SizeWish(tier=large)
    assert read_wish(spec, {"scale": "2K"}) == SizeWish(tier=large)
    assert read_wish(spec, {"size": "auto"}) == SizeWish(auto=True)
    assert read_wish(spec, {"ratio": "7:1", "size": "large"}) is None


def test_constants_stand_beside_the_fields_of_their_own_form() -> None:
    forms = (grid(("1:1", "1K"), quality="hd", mode="x"), Form(FormKind.FREE, to={"string": "s"}, set={"custom": True}))
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, forms)
    assert constants_beside(spec, {"ratio": "1:1"}) == {"quality": "hd", "mode": "x"}
    assert constants_beside(spec, {"ratio": "1:1", "mode": "y"}) == {"quality": "hd"}
    assert constants_beside(spec, {"s": "1x1"}) == {"custom": True}
    assert constants_beside(spec, {"ratio": "1:1", "s": "1x1"}) == {}


def test_the_pixels_of_a_body_are_told_whoever_compiled_it() -> None:
    forms = (grid(("1:1", "1K"), ("16:9", "2K")), Form(FormKind.FREE, to={"string": "s"}), AUTOS[2])
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, forms, Size(800, 600))
    assert returned_size(spec, {}, []) == Size(800, 600)
    assert returned_size(spec, {"size": "auto"}, []) == Size(800, 600)
    assert returned_size(spec, {"s": "640x480"}, []) == Size(640, 480)
    assert returned_size(spec, {"ratio": "16:9", "tier": "2K"}, []) == Size(2731, 1536)
    assert returned_size(spec._replace(forms=AUTOS), {"scale": "2K"}, []) is None
    follows = spec._replace(default_size="input", max_side=100)
    assert returned_size(follows, {}, [Size(200, 100)]) == Size(100, 50)


# -- what became of a size, in words ------------------------------------------------------------------------------


def told(asked: Any, choice: Choice | None, **more: Any) -> Draft:
    """What is told of one size parameter, of the name that its type has."""
    name = {AspectRatio: "aspect_ratio", Tier: "resolution"}.get(type(asked), "size")
    wish = {"size": {"size": asked}, "aspect_ratio": {"ratio": asked}, "resolution": {"tier": asked}}[name]
    wish = {} if asked == "auto" else wish
    draft = Draft("fal/x", {})
    rules = {one: Rule(one, Behaviour.CONVERTED, "form", reason=more.get("reason")) for one in SIZE_NAMES}
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), rules, (), more.get("default_size"))
    overruled = more.get("by", {})
    tell_size(
        draft,
        spec,
        {name: asked, **dict.fromkeys(overruled, "4:3")},
        SizeWish(**wish, by=overruled),
        choice,
        more.get("default"),
        more.get("tolerance", Tolerance()),
    )
    return draft


def came(size: str, **more: Any) -> Choice:
    return Choice(FormKind.FREE, {"s": size}, Size.parse(size), **more)


NEAREST = "the nearest this provider makes"


@pytest.mark.parametrize(
    ("asked", "choice", "outcome", "why"),
    [
        (Size(640, 480), came("640x480"), Outcome.HONORED, "640x480 comes back"),
        (
            Size(640, 480),
            came("640x481"),
            Outcome.APPROXIMATED,
            f"640x481 comes back, {NEAREST}: 0.2% narrower in shape and a few more pixels",
        ),
        (
            Size(1000, 1000),
            came("1100x1000"),
            Outcome.APPROXIMATED,
            f"1100x1000 comes back, {NEAREST}: 10.0% wider in shape and 10% more pixels",
        ),
        (
            Size(1000, 1000),
            came("400x1000"),
            Outcome.APPROXIMATED,
            f"400x1000 comes back, {NEAREST}: 2.5 times narrower and 60% fewer pixels",
        ),
        (
            Size(100, 100),
            came("150x150"),
            Outcome.APPROXIMATED,
            f"150x150 comes back, {NEAREST}: 2.2 times the pixels",
        ),
        (
            Size(100, 100),
            came("1000x1000"),
            Outcome.APPROXIMATED,
            f"1000x1000 comes back, {NEAREST}: 100 times the pixels",
        ),
        (
            Size(100, 100),
            came("320x320"),
            Outcome.APPROXIMATED,
            f"320x320 comes back, {NEAREST}: 10 times the pixels",
        ),
        (
            Size(10000, 10000),
            came("10001x10001"),
            Outcome.APPROXIMATED,
            f"10001x10001 comes back, {NEAREST}: a few pixels off",
        ),
        (AspectRatio.parse("4:3"), came("1183x887"), Outcome.HONORED, "1183x887 comes back"),
        (
            AspectRatio.parse("4:3"),
            came("1024x1024", inferred=True, note="so it is"),
            Outcome.APPROXIMATED,
            f"about 1024x1024 comes back, {NEAREST}: 33.3% narrower in shape; so it is",
        ),
        (Tier.parse("1K"), came("1030x1030"), Outcome.HONORED, "1030x1030 comes back"),
        (
            Tier.parse("1K"),
            came("2048x2048"),
            Outcome.APPROXIMATED,
            f"2048x2048 comes back, {NEAREST}: 4.0 times the pixels",
        ),
        (
            Tier.parse("2K"),
            Choice(FormKind.AUTO, {"scale": "2K"}, None, tier=TIERS["2K"]),
            Outcome.HONORED,
            "sent; the provider chooses the shape at that scale",
        ),
        (
            Tier.parse("4K"),
            Choice(FormKind.AUTO, {"scale": "2K"}, None, tier=TIERS["2K"]),
            Outcome.APPROXIMATED,
            "2K is the nearest scale it offers; the provider chooses the shape",
        ),
        ("auto", Choice(FormKind.AUTO, {"size": "auto"}, None), Outcome.HONORED, "the provider chooses the size"),
        ("auto", None, Outcome.HONORED, "nothing is sent; the provider's default comes back"),
    ],
)
def test_what_comes_of_a_size_is_told_word_for_word(
    asked: Any, choice: Choice | None, outcome: Outcome, why: str
) -> None:
    draft = told(asked, choice)
    (entry,) = draft.adjustments.values()
    assert (entry.outcome, entry.why) == (outcome, why)
    assert (entry.asked, entry.behaviour) == (str(asked), Behaviour.CONVERTED)
    assert dict(entry.sent) == ({} if choice is None else choice.sends)
    assert draft.dropped == 0


def test_a_size_that_nothing_is_sent_for_is_told_with_what_comes_back() -> None:
    square = Size(8, 8)
    (entry,) = told(square, None, default=square).adjustments.values()
    assert (entry.outcome, entry.why) == (Outcome.HONORED, "nothing needs sending: 8x8 comes back anyway")
    reason = "the provider takes no scale without a shape; set aspect_ratio as well"
    for given, why in (
        ({}, reason),
        ({"default": square}, f"{reason}; 8x8 comes back"),
        ({"default_size": "input"}, f"{reason}; the picture follows the input image"),
        ({"default_size": "input", "default": square}, f"{reason}; the picture follows the input image (8x8)"),
        ({"reason": "no"}, "no"),
    ):
        draft = told(Tier.parse("2K"), None, **given)
        (entry,) = draft.adjustments.values()
        assert (entry.outcome, entry.behaviour, entry.why) == (Outcome.DROPPED, Behaviour.UNSUPPORTED, why)
        assert (entry.asked, draft.dropped) == ("2K", 1)
    (entry,) = told("auto", None, default=square).adjustments.values()
    assert entry.why == "nothing is sent; the provider's default (8x8) comes back"


def test_a_size_overrules_the_others_and_a_shape_the_shape() -> None:
    draft = told(Size(8, 8), came("8x8"), by={"aspect_ratio": "size", "resolution": "size"})
    for name in ("aspect_ratio", "resolution"):
        entry = draft.adjustments[name]
        assert (entry.outcome, entry.why) == (Outcome.SUPERSEDED, "overruled by size, which fixes shape and scale")
        assert (entry.asked, dict(entry.sent), entry.behaviour) == ("4:3", {}, Behaviour.CONVERTED)
    draft = told(Tier.parse("1K"), came("1024x1024"), by={"aspect_ratio": "size"})
    assert draft.adjustments["aspect_ratio"].why == "overruled by size, which fixes the shape"


def test_a_loss_is_what_lies_beyond_tolerance() -> None:
    draft = told(Size(1000, 1000), came("1100x1000"), tolerance=Tolerance(aspect=0.05, pixels=0.05))
    assert (round(draft.aspect_loss, 9), round(draft.pixels_loss, 9)) == (0.1, 0.1)
    draft = told(Size(1000, 1000), came("1250x1000"), tolerance=Tolerance(aspect=0.25, pixels=0.25))
    assert (draft.aspect_loss, draft.pixels_loss) == (0, 0)
    scale = Choice(FormKind.AUTO, {}, None, tier=TIERS["2K"])
    assert told(Tier.parse("4K"), scale).pixels_loss == 3
    assert told(Tier.parse("4K"), scale, tolerance=Tolerance(aspect=0, pixels=3)).pixels_loss == 0


@pytest.mark.parametrize(
    ("default_size", "choice", "default", "expected"),
    [
        (None, came("8x9", inferred=True), None, Expected(2, Size(8, 9), "asked", "png", True)),
        (None, came("8x9"), Size(1, 1), Expected(2, Size(8, 9), "asked", "png", False)),
        ("input", None, Size(1, 1), Expected(2, Size(1, 1), "input", "png", True)),
        (Size(1, 1), None, Size(1, 1), Expected(2, Size(1, 1), "default", "png", False)),
        (Size(1, 1), Choice(FormKind.AUTO, {}, None), Size(1, 1), Expected(2, None, "unknown", "png", False)),
        (None, None, None, Expected(2, None, "unknown", "png", False)),
    ],
)
def test_what_should_come_back_says_why(
    default_size: Any, choice: Choice | None, default: Size | None, expected: Expected
) -> None:
    spec = ModeSpec(Mode.TEXT_TO_IMAGE, form_contract(), {}, (), default_size)
    assert expected_of(spec, 2, choice, default, "png") == expected
