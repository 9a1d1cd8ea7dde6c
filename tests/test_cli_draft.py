"""`pentaprism catalog new`, as it is typed: what it writes, what it asks, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contract_cases import CATALOG, FILES
from pentaprism import Catalog
from pentaprism.cli.app import run
from pentaprism.types import Mode

Capture = pytest.CaptureFixture[str]
PRISM = ["catalog", "new", "--provider", "fal", "--endpoint", "studio/prism/edit"]
RAW = [*PRISM, "--contract", str(FILES / "fal.json"), "--date", "2026-07-28", "--source", "a made-up document"]
PLAIN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {"prompt": {"type": "string"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog of one's own."""
    return Path(shutil.copytree(CATALOG, tmp_path / "catalog"))


def written(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def schema(tmp_path: Path, **more: Any) -> str:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({**PLAIN, **more}), encoding="utf-8")
    return str(file)


def test_a_model_out_of_what_a_provider_publishes(folder: Path, capsys: Capture) -> None:
    before = written(folder)
    assert run([*RAW, "--catalog", str(folder)]) == 0
    told = capsys.readouterr()
    model, contract = "models/prism-edit/prism-edit.yaml", "contracts/fal/studio/prism/edit.json"
    assert told.out.splitlines()[:3] == [
        f"wrote {folder / contract}",
        f"wrote {folder / model}",
        "field           becomes       because",
    ]
    assert "image_urls      image         a rule of fal writes image there" in told.out
    assert "loras           native        no parameter is known by this name" in told.out
    assert "note: #/components/schemas/PrismEditInput/properties/extra: left open" in told.err
    assert "who made it (`creator`)? Now it says 'unknown'" in told.err
    assert told.err.splitlines()[-4:] == [
        "next:",
        f"  pentaprism validate {folder}",
        f"  pentaprism catalog show fal/prism-edit --catalog {folder}",
        f"  pentaprism prove --endpoint fal/prism-edit --write --catalog {folder}",
    ]
    after = written(folder)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {model, contract}
    provenance = {"source": "a made-up document", "date": "2026-07-28", "method": "schema-imported"}
    assert json.loads(after[contract])["x-provenance"] == provenance
    for command in (["validate", str(folder)], ["catalog", "show", "fal/prism-edit", "--catalog", str(folder)]):
        assert run(command) == 0
    assert run(["prove", "--endpoint", "fal/prism-edit", "--cases", "400", "--catalog", str(folder)]) == 0


def test_a_contract_that_was_imported_needs_no_second_name(folder: Path, capsys: Capture) -> None:
    start = ["--provider", "fal", "--endpoint", "studio/prism/edit", "--catalog", str(folder)]
    assert run(["contracts", "import", str(FILES / "fal.json"), "--date", "2026-07-28", *start]) == 0
    contract = folder / "contracts" / "fal" / "studio" / "prism" / "edit.json"
    stored = contract.read_bytes()
    capsys.readouterr()
    assert run(["catalog", "new", *start, "--contract", str(contract), "--model", "prism"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"wrote {folder / 'models/prism/prism.yaml'}"
    assert contract.read_bytes() == stored
    # Without --contract the same one is used; the name of the model is the only thing that is new.
    (folder / "models" / "prism" / "prism.yaml").unlink()
    assert run(["catalog", "new", *start, "--model", "prism"]) == 0
    assert Catalog.load(folder).endpoint("fal/prism").checked.date == "2026-07-28"


def test_what_is_told_beforehand_is_not_asked(folder: Path, capsys: Capture) -> None:
    told = ["--name", "Prism", "--family", "optics", "--creator", "studio", "--summary", "It bends pictures."]
    price = ["--usd-per-image", "0.04", "--price-source", "studio's page", "--price-date", "2026-11-01"]
    assert run([*RAW, "--model", "prism", *told, *price, "--catalog", str(folder)]) == 0
    asked = capsys.readouterr().err
    assert "what does it cost" not in asked
    assert "(`creator`)" not in asked
    model = Catalog.load(folder).models["prism"]
    assert (model.name, model.family, model.creator, model.summary) == (
        "Prism",
        "optics",
        "studio",
        "It bends pictures.",
    )
    [price_row] = model.endpoints[0].prices
    assert (str(price_row.usd), price_row.per, price_row.start.isoformat()) == ("0.04", "image", "2026-11-01")
    assert (folder / "models" / "optics" / "prism.yaml").is_file()


def test_an_endpoint_more_keeps_every_word_of_the_file(folder: Path, tmp_path: Path) -> None:
    file = folder / "models" / "flux.1" / "flux.1-dev.yaml"
    before = file.read_text(encoding="utf-8")
    raw = schema(tmp_path, properties={**PLAIN["properties"], "steps": {"type": "integer"}})
    command = [
        "catalog",
        "new",
        "--provider",
        "bfl",
        "--endpoint",
        "flux-dev",
        "--model",
        "flux.1-dev",
        "--contract",
        raw,
    ]
    # What the file says already may be said again.
    assert run([*command, "--family", "flux.1", "--catalog", str(folder)]) == 0
    after = file.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert after.removeprefix(before).startswith("  - provider: bfl\n    id: flux-dev\n    # a draft: ")
    assert Catalog.load(folder).endpoint("bfl/flux.1-dev").status == "unverified"
    assert run(["validate", str(folder)]) == 0


def test_an_endpoint_that_edits_is_called_so_where_the_key_is_taken(folder: Path, capsys: Capture) -> None:
    command = [*RAW, "--catalog", str(folder), "--model", "flux.2-flex"]
    assert run(command) == 2
    taken = "The key fal/flux.2-flex is taken, by the model 'flux.2-flex'; choose another with --key-name."
    assert taken in capsys.readouterr().err
    assert run([*command, "--key-name", "flux.2-flex-prism"]) == 0
    capsys.readouterr()
    other = ["catalog", "new", "--provider", "fal", "--endpoint", "studio/prism", "--model", "flux.1-schnell"]
    fields = {"prompt": {"type": "string"}, "image_url": {"type": "string"}}
    raw = schema(folder.parent, properties=fields, required=["prompt", "image_url"])
    assert run([*other, "--contract", raw, "--catalog", str(folder)]) == 0
    told = capsys.readouterr().err
    assert "fal/flux.1-schnell is taken, so this endpoint is called fal/flux.1-schnell-edit" in told
    assert list(Catalog.load(folder).endpoint("fal/flux.1-schnell-edit").modes) == [Mode.IMAGE_EDIT]


def test_a_layer_gets_a_file_of_its_own(tmp_path: Path) -> None:
    layer = tmp_path / "mine"
    layer.mkdir()
    (layer / "catalog.yaml").write_text("extends: builtin\n", encoding="utf-8")
    command = ["catalog", "new", "--provider", "bfl", "--endpoint", "flux-dev", "--contract", schema(tmp_path)]
    assert run([*command, "--model", "flux.1-dev", "--catalog", str(layer)]) == 0
    text = (layer / "models" / "flux.1" / "flux.1-dev.yaml").read_text(encoding="utf-8")
    assert text.startswith("endpoints:\n  - provider: bfl\n")
    loaded = Catalog.load(layer)
    assert [one.provider for one in loaded.models["flux.1-dev"].endpoints] == ["fal", "fal", "replicate", "bfl"]
    assert run(["validate", str(layer)]) == 0
    # A contract that stands in the catalog below is not repeated; only its model file went.
    assert run([*RAW, "--catalog", str(layer)]) == 0


def test_constants_for_what_no_parameter_means(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    fields = {"prompt": {"type": "string"}, "voice": {"type": "string"}, "level": {"type": "integer"}}
    raw = schema(tmp_path, properties=fields, required=["prompt", "voice", "level"])
    command = ["catalog", "new", "--provider", "fal", "--endpoint", "studio/speech", "--contract", raw]
    command += ["--catalog", str(folder)]
    before = written(folder)
    assert run(command) == 1
    told = capsys.readouterr().err
    assert "say what to send with every request, --constant voice=VALUE" in told
    assert "say what to send with every request, --constant level=VALUE" in told
    assert written(folder) == before
    assert run([*command, "--constant", "voice=calm", "--constant", "level=3"]) == 0
    spec = Catalog.load(folder).endpoint("fal/speech").modes[Mode.TEXT_TO_IMAGE]
    assert spec.constants == {"voice": "calm", "level": 3}


def test_a_draft_that_would_not_be_valid_is_not_written(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    before = written(folder)
    command = ["catalog", "new", "--provider", "fal", "--endpoint", "studio/one", "--contract", schema(tmp_path)]
    assert run([*command, "--constant", "speed=3", "--catalog", str(folder)]) == 1
    told = capsys.readouterr().err
    assert "nothing was written, since the draft would not be valid" in told
    assert "unknown-target: the contract of studio/one has no field 'speed'" in told
    assert written(folder) == before


REFUSED: dict[str, tuple[list[str], str]] = {
    "unknown provider": (["--provider", "fall"], "No file in providers/ is named 'fall'. Did you mean 'fal'?"),
    "unlike any provider": (["--provider", "zzz"], "There are bfl, fal, replicate."),
    "a path for a provider": (["--provider", "../fal"], "--provider '../fal' cannot be the name of a file"),
    "endpoint there": (
        ["--endpoint", "fal-ai/flux/dev/image-to-image"],
        "fal-ai/flux/dev/image-to-image is in the catalog as fal/flux.1-dev-edit already; edit ",
    ),
    "no contract": (["--contract", "no-such.json"], "no-such.json cannot be read: No such file or directory."),
    "an alias": (["--model", "flux-dev"], "'flux-dev' is an alias of 'flux.1-dev'; --model flux.1-dev adds"),
    "another family": (
        ["--model", "flux.1-dev", "--family", "flux.2"],
        "The model 'flux.1-dev' is there, and its family is 'flux.1'; edit ",
    ),
    "no id": (["--model", "Flux"], "--model 'Flux' must be in lower case letters"),
    "no name of a key": (["--key-name", "a b"], "--key-name 'a b' must be in lower case letters"),
    "a price without a source": (["--usd-per-image", "1"], "no price without its source"),
    "no price": (
        ["--usd-per-image", "1e-3", "--price-source", "x y z"],
        "a number of dollars such as 0.003, not '1e-3'",
    ),
    "no day": (["--date", "soon"], "--date must be a day such as 2026-07-28, not 'soon'."),
    "no day of a price": (["--price-date", "soon"], "--price-date must be a day such as 2026-07-28, not 'soon'."),
    "no constant": (["--constant", "voice"], "--constant needs FIELD=VALUE, such as model=v2, not 'voice'."),
    "no folder": (["--catalog", "no-such-folder"], "no-such-folder is not a catalog folder to write into"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, folder: Path, capsys: Capture) -> None:
    options, message = REFUSED[name]
    before = written(folder)
    assert run([*RAW, "--catalog", str(folder), *options]) == 2
    assert message in " ".join(capsys.readouterr().err.split("\n"))
    assert written(folder) == before


def test_every_fault_is_told_at_once(folder: Path, capsys: Capture) -> None:
    assert run([*RAW, "--catalog", str(folder), "--provider", "fall", "--model", "flux-dev", "--family", "A"]) == 2
    told = capsys.readouterr().err
    assert [word in told for word in ("'fall'", "'flux-dev' is an alias", "--family 'A'")] == [True] * 3


def test_a_contract_is_taken_for_what_it_says(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    """Of another endpoint, with another source, another than the one that is there, or none at all."""
    stored = str(CATALOG / "contracts" / "fal" / "fal-ai" / "flux" / "dev.json")
    other = ["catalog", "new", "--provider", "fal", "--endpoint", "studio/one", "--catalog", str(folder)]
    before = written(folder)
    assert run([*other, "--contract", stored]) == 2
    assert "dev.json is the contract of 'fal-ai/flux/dev', not of 'studio/one'." in capsys.readouterr().err
    assert run([*other, "--contract", stored, "--source", "me"]) == 2
    assert "says in x-provenance where it is from; edit it there" in capsys.readouterr().err
    assert run(other) == 2
    assert "There is no contracts/fal/studio/one.json; name the provider's schema" in capsys.readouterr().err
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    assert run([*other, "--contract", str(tmp_path / "broken.json")]) == 1
    assert "broken.json:1:2: json-syntax" in capsys.readouterr().err
    assert written(folder) == before
    (folder / "contracts" / "fal" / "studio").mkdir()
    text = Path(stored).read_text(encoding="utf-8").replace('"maximum": 20', '"maximum": 30')
    (folder / "contracts" / "fal" / "studio" / "one.json").write_text(text, encoding="utf-8")
    assert run([*other, "--contract", schema(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "one.json says otherwise than" in told
    assert "without --contract the one in the catalog is used" in told


def test_a_catalog_without_providers_says_what_it_lacks(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "catalog.yaml").write_text("name: Mine\n", encoding="utf-8")
    shutil.copy(CATALOG / "parameters.yaml", tmp_path)
    assert run([*RAW, "--catalog", str(tmp_path)]) == 2
    assert "A catalog of your own says `extends: builtin` in its catalog.yaml." in capsys.readouterr().err


def test_a_catalog_with_faults_is_mended_first(folder: Path, capsys: Capture) -> None:
    file = folder / "models" / "flux.1" / "flux.1-dev.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("provider: fal", "provider: fall"), encoding="utf-8")
    assert run([*RAW, "--catalog", str(folder)]) == 1
    assert "unknown-provider: no file in providers/ is named 'fall'" in capsys.readouterr().err


def test_a_folder_that_takes_no_file(folder: Path, capsys: Capture) -> None:
    (folder / "models" / "prism-edit").write_text("a file where a folder should be", encoding="utf-8")
    assert run([*RAW, "--catalog", str(folder)]) == 2
    assert "cannot be written" in capsys.readouterr().err
