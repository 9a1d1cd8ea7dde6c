"""A first model file out of a contract: what its fields let one infer, each inference marked for an author to confirm.

Row 3. `inference` what an inference is and what no draft can get round · `pictures` fields that take input images, and
the modes that follow · `shapes` fields that take a size · `crossing` the other parameters · `endpoint` all of these as
an endpoint's entry · `model` the entry in a file, new or there already · `yaml_text` how it is written. What a contract
does not say (who made the model, what it costs, which size comes unasked) is asked for or said to be unknown, never
made up. Nothing here reads a file, writes one or knows the day.
"""

from __future__ import annotations

from .endpoint import EndpointDraft, draft_endpoint
from .inference import Inference, Known
from .model import add_endpoint, new_model

__all__ = ["EndpointDraft", "Inference", "Known", "add_endpoint", "draft_endpoint", "new_model"]
