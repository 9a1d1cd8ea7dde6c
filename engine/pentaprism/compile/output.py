"""File format, compression and delivery: natively where the provider can, otherwise by us afterwards.

Row 3. `output_format` and `output_compression` are one group: a compression is applied once, natively or by us, and
where it is by us the picture is fetched without loss first (CATALOG section 7). It must not transcode anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..types import Contract, Delivery, Outcome, Provider, Rule
from .checks import Check, build_check
from .draft import Draft

__all__ = ["OutputPlan", "Ready", "build_output"]

_LOSSY = frozenset(("jpeg", "webp", "avif"))
_LOSSLESS_FIRST = ("png", "webp", "jpeg", "avif", "gif")


class Ready(NamedTuple):
    """What is left to do with the pictures, and the format in which the provider returns them (None: unknown)."""

    delivery: Delivery
    returned: str | None


class OutputPlan(NamedTuple):
    """What one endpoint can do about formats, made ready once.

    `native` maps our formats to the provider's spelling, `field` is where it goes; `default` is what comes back
    unasked, None where unknown; `source` is the format to fetch for converting. `quality_field` takes a compression
    for the formats in `quality_formats`.
    """

    format_rule: Rule
    compression_rule: Rule
    deliver_rule: Rule
    returns: str
    field: str | None
    native: Mapping[str, str]
    default: str | None
    source: str | None
    quality_field: str | None
    quality_formats: frozenset[str]
    quality_check: Check | None

    def apply(self, draft: Draft, values: Mapping[str, Any]) -> Ready:
        """Write what is asked of formats; gives the delivery and the format the provider will return."""
        asked, compression = values.get("output_format"), values.get("output_compression")
        transparent = values.get("background") == "transparent"
        response_format = self._deliver(draft, values.get("response_format"))
        effective = asked or self.default
        if compression is not None and not self._can_compress(draft, effective, compression):
            compression = None
        natively = compression is not None and effective in self.quality_formats and self._offers(effective)
        convert = compression is not None and not natively
        if convert or (asked is not None and not self._offers(asked)):
            returned = self._fetch_and_convert(draft, values, effective, compression)
            return Ready(Delivery(effective, True, compression, response_format), returned)
        if asked is not None:
            self._ask_format(draft, asked, transparent)
        if natively and self.quality_field is not None:
            self._send_quality(draft, compression)
        return Ready(Delivery(asked, False, None, response_format), effective)

    def _offers(self, format: str | None) -> bool:
        """Whether the provider itself returns this format, asked for or by default."""
        return format is not None and (format in self.native or (not self.native and format == self.default))

    def _deliver(self, draft: Draft, asked: str | None) -> str:
        if asked is None:
            return "url"
        if asked == self.returns:
            why, outcome = f"the provider returns {'a link' if asked == 'url' else 'the bytes'}", Outcome.HONORED
        else:
            given = "a link" if self.returns == "url" else "the bytes"
            wanted = "base64" if asked == "b64_json" else "a link"
            why, outcome = f"the provider returns {given}; it is turned into {wanted} on the way back", Outcome.EMULATED
        draft.adjust("response_format", asked, {}, self.deliver_rule.behaviour, outcome, why)
        return asked

    def _can_compress(self, draft: Draft, effective: str | None, compression: int) -> bool:
        if effective in _LOSSY:
            return True
        if effective is None:
            why = "the provider does not say which format it returns by default; set output_format as well"
        else:
            why = f"{effective} has no lossy compression; ask for jpeg, webp or avif"
        rule = self.compression_rule
        draft.adjust("output_compression", compression, {}, rule.behaviour, Outcome.DROPPED, why)
        return False

    def _ask_format(self, draft: Draft, asked: str, transparent: bool) -> None:
        lost = (
            "; a jpeg has no transparency, so the background cannot have it" if transparent and asked == "jpeg" else ""
        )
        if self.field is None:
            why = f"what the provider returns anyway{lost}"
            draft.adjust("output_format", asked, {}, self.format_rule.behaviour, Outcome.HONORED, why)
            return
        wire = self.native[asked]
        draft.fields[str(self.field)] = wire
        why = "sent as it is" if wire == asked and self.field == "output_format" else f"sent as {self.field} {wire!r}"
        sent = {str(self.field): wire}
        draft.adjust("output_format", asked, sent, self.format_rule.behaviour, Outcome.HONORED, why + lost)

    def _send_quality(self, draft: Draft, compression: int | None) -> None:
        field = str(self.quality_field)
        reason = self.quality_check(compression) if self.quality_check else None
        if reason is not None:
            draft.refuse("output_compression", "out-of-range", f"output_compression {reason} here.")
            return
        draft.fields[field] = compression
        rule = self.compression_rule
        why = f"sent as {field}"
        draft.adjust("output_compression", compression, {field: compression}, rule.behaviour, Outcome.HONORED, why)

    def _fetch_and_convert(
        self, draft: Draft, values: Mapping[str, Any], to: str | None, compression: int | None
    ) -> str | None:
        """Ask for the best source format there is; everything else happens after the picture is here."""
        sent: dict[str, Any] = {}
        returned = self.default
        if self.field is not None and self.source is not None:
            sent = {self.field: self.native[self.source]}
            draft.fields.update(sent)
            returned = self.source
        fetched = f"fetched as {returned}" if returned else "fetched in the provider's default format"
        behaviour = self.format_rule.behaviour
        white = ", on white where it is transparent" if to == "jpeg" and returned != "jpeg" else ""
        if "output_format" in values:
            why = f"{fetched} and converted to {to} afterwards{white}"
            draft.adjust("output_format", values["output_format"], sent, behaviour, Outcome.EMULATED, why)
        if compression is not None:
            once = f"{fetched} and saved as {to} at quality {compression}, so that it is compressed only once"
            leaves, why = ({}, once) if "output_format" in values else (sent, once + white)
            rule = self.compression_rule
            draft.adjust("output_compression", compression, leaves, rule.behaviour, Outcome.EMULATED, why)
        return returned


def build_output(rules: Mapping[str, Rule], contract: Contract, provider: Provider) -> OutputPlan:
    """Make the output group of one endpoint ready."""
    rule, compression = rules["output_format"], rules["output_compression"]
    field, native, default = None, {}, None
    if rule.target is not None:
        field = rule.target
        schema = contract.value_at(field)
        enum = schema.get("enum")
        table = rule.options.get("native", {}).get("values") or rule.options.get("values")
        if enum is None and rule.verb in ("passthrough", "rename"):
            # The contract lists no formats, and the rule says that ours cross as they are.
            enum = _LOSSLESS_FIRST
        table = table or {name: name for name in enum or ()}
        native = {ours: theirs for ours, theirs in table.items() if enum is None or theirs in enum}
        default = next((ours for ours, theirs in native.items() if theirs == schema.get("default")), None)
    default = rule.options.get("default", default)
    source = rule.options.get("via")
    if source not in native:
        source = next((name for name in _LOSSLESS_FIRST if name in native), None)
    target = compression.target
    formats = compression.options.get("native", {}).get("formats", _LOSSY) if target else ()
    return OutputPlan(
        format_rule=rule,
        compression_rule=compression,
        deliver_rule=rules["response_format"],
        returns=provider.returns,
        field=field,
        native=native,
        default=default,
        source=source,
        quality_field=target,
        quality_formats=frozenset(formats),
        quality_check=build_check(contract.value_at(target)) if target else None,
    )
