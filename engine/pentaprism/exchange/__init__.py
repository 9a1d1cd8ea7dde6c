"""Providers' protocols without any I/O: generators that say what to send and are told what came back. Row 4.

An exchange turns one compiled call into pictures. It yields `HttpCall` (make it, send the `HttpReply`, or throw a
`TransportError` in), `Wait` (let that time pass) and `Event` (note it), and returns an `ExchangeResult`. It raises
`ProviderError`, whose `failure` says what the provider may have done. It must not hold credentials, open connections
or read clocks; who drives it decides which hosts get a key, and for how long a slow job is worth following. `advance`
and `encode` are what a driver of one's own is made of.

An accepted job is announced once, by `Event("accepted", request_id, detail)`. Whoever stores those two and the call's
URL can `resume` the job after a crash, or `cancel` it. A protocol whose reply to the submission is the pictures has no
job to announce.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..types import Exchange, HttpCall, Provider
from . import bfl, fal, openai, replicate
from .driving import Answer, advance, encode

__all__ = ["PROTOCOLS", "Answer", "Protocol", "advance", "cancel", "encode", "exchange", "resume"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is known about one provider's way of working.

    `resume` is None where a submission is answered with the pictures, `cancel` where no way to is documented.
    `preview` turns a submission of one picture into one that is answered with unfinished pictures first, and `stream`
    reads such a reply as it comes; None where the provider has none.
    """

    run: Callable[[HttpCall, Provider], Exchange]
    resume: Callable[[str, str, Provider, str | None], Exchange] | None
    cancel: Callable[[str, str, Provider, str | None], HttpCall] | None
    preview: Callable[[HttpCall, int], HttpCall] | None = None
    stream: Callable[[Provider], openai.ImageStream] | None = None


PROTOCOLS = {
    "bfl": Protocol(bfl.run, bfl.resume, None),
    "fal": Protocol(fal.run, fal.resume, fal.cancel),
    "openai": Protocol(openai.run, None, None, openai.preview, openai.ImageStream),
    "replicate": Protocol(replicate.run, replicate.resume, replicate.cancel),
}


def exchange(call: HttpCall, provider: Provider) -> Exchange:
    """The exchange that submits this call and collects its pictures.

    Raises ValueError where the provider's `protocol` is none of `PROTOCOLS`; the generator raises ProviderError.

    >>> from pentaprism.types import Provider
    >>> fal = Provider(id="fal", name="fal", protocol="fal", homepage="", auth_header="Authorization",
    ...                auth_scheme="Key", env="FAL_KEY", method="POST", submit_url="", hosts=("queue.fal.run",))
    >>> steps = exchange(HttpCall(method="POST", url="https://queue.fal.run/fal-ai/flux/dev", json={}), fal)
    >>> next(steps).headers
    {'x-fal-no-retry': '1'}
    """
    return _protocol(provider).run(call, provider)


def resume(call_url: str, request_id: str, provider: Provider, *, detail: str | None = None) -> Exchange:
    """The exchange that collects a job accepted earlier; it never submits anything.

    `call_url` is the submitted call's, `request_id` and `detail` those of the `accepted` event. Without `detail` the
    URLs the provider documents are used. Raises ValueError as `exchange` does, and where the protocol has no jobs.
    """
    protocol = _protocol(provider)
    if protocol.resume is None:
        raise ValueError(f"{provider.name} has no jobs to resume: it answers a submission with the pictures, once")
    return protocol.resume(call_url, request_id, provider, detail)


def cancel(call_url: str, request_id: str, provider: Provider, *, detail: str | None = None) -> HttpCall | None:
    """The call that cancels an accepted job, or None where the provider documents none; arguments as for `resume`.

    Whether a canceled job is billed stands in `Provider.bills`.
    """
    protocol = _protocol(provider)
    return protocol.cancel(call_url, request_id, provider, detail) if protocol.cancel else None


def _protocol(provider: Provider) -> Protocol:
    try:
        return PROTOCOLS[provider.protocol]
    except KeyError:
        known = ", ".join(sorted(PROTOCOLS))
        raise ValueError(
            f"providers/{provider.id}.yaml: there is no protocol {provider.protocol!r}; write one of: {known}"
        ) from None
