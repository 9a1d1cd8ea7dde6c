"""The GitHub action and the pre-commit hooks, run as their files say, as a stranger's repository would use them.

The repository is that of the guide `validate-in-ci.md`: files, workflow, hooks and outputs are read from the page.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from action_runner import Action, Run, evaluated
from pentaprism.cli.app import run as main
from test_docs import DOCS, alike, blocks, follows

ROOT = Path(__file__).resolve().parent.parent
PAGE = "validate-in-ci.md"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
TAG = "v0.1.0"
# Other actions and hooks that may be used: from whom, and by what their release is pinned.
PINNED = re.compile(r"actions/(checkout|setup-python)@[0-9a-f]{40}")
MODEL = "catalog/models/flux.1/flux.1-dev.yaml"
REQUESTS = "requests.jsonl"
WHO = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")

Job = Callable[..., Run]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def shown(language: str) -> list[str]:
    """The page's blocks of a language that have no title: what a reader is shown as output."""
    return [text for name, title, text in blocks(PAGE) if name == language and not title]


def file(title: str, number: int = 0) -> str:
    """The text the page gives a file, the first time or a later one."""
    return [text for _, name, text in blocks(PAGE) if name == title][number]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def varying(text: str) -> list[str]:
    """Lines but for what differs from run to run: the day, the commit, what is counted, and what `alike` knows."""
    text = re.sub(r"prices of \d{4}-\d\d-\d\d", "prices of #", text)
    text = re.sub(r"\b[0-9a-f]{7,}:catalog", "#:catalog", text)
    # Rows of the proof: how many bodies were compiled is the prover's affair.
    return [re.sub(r"[\d,]+ +", "# ", line) if line.startswith("    ") else line for line in alike(text)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a repository of its own, tagged, with what is not committed yet."""
    folder = tmp_path_factory.mktemp("action") / "pentaprism"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    git(folder, "tag", TAG)
    return folder


@pytest.fixture(autouse=True)
def _outside_of_any_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other lock, no git that runs the tests from a hook, and this Python first."""
    for name in ("PENTAPRISM_LOCK", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The reader's repository: the catalog of the page, committed, and a commit with the dearer price."""
    folder = tmp_path / "repository"
    for name in ("catalog/catalog.yaml", MODEL, REQUESTS, ".github/workflows/catalog.yml"):
        write(folder, name, file(name))
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "our catalog")
    write(folder, MODEL, file(MODEL, 1))
    git(folder, "commit", "-qam", "a new price")
    return folder


@pytest.fixture(scope="module")
def installed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The action run once in an empty folder: it installs itself, finds no catalog, and says so."""
    folder = tmp_path_factory.mktemp("empty")
    return Action(checkout, tmp_path_factory.mktemp("runner")).run(folder, {})


@pytest.fixture
def job(checkout: Path, installed: Run, tmp_path: Path) -> Job:
    """Runs the action with inputs in a repository, on the environment that `installed` made."""
    temporary = tmp_path / "runner"
    temporary.mkdir()
    done = {"install": installed.steps["install"]}

    def run(folder: Path, **inputs: Any) -> Run:
        return Action(checkout, temporary).run(folder, inputs, done=done)

    return run


def with_of(workflow: str, base: str) -> dict[str, str]:
    """What the page's workflow gives the action as inputs, for a pull request."""
    (steps,) = (one["steps"] for one in yaml.safe_load(workflow)["jobs"].values())
    (step,) = (step for step in steps if step["uses"].startswith("OWNER/pentaprism@"))
    assert step["uses"] == f"OWNER/pentaprism@{TAG}"
    contexts = {"github": {"event": {"pull_request": {"base": {"sha": base}}}}}
    texts = {name: str(value).lower() if value is True else str(value) for name, value in step["with"].items()}
    return {name: evaluated(text, contexts) for name, text in texts.items()}


def test_it_installs_itself_and_says_that_there_is_no_catalog(installed: Run) -> None:
    assert installed.ran == ["Install Pentaprism", "Validate the catalog"]
    assert installed.code == 1
    assert "pentaprism 0.1.0\n" in installed.log
    assert "::error file=catalog,title=no-catalog::there is no such folder or file" in installed.log
    assert installed.outputs["findings"] == installed.outputs["errors"] == "1"


def test_the_workflow_of_the_page_shows_what_the_page_shows(repository: Path, job: Job) -> None:
    run = job(repository, **with_of(file(".github/workflows/catalog.yml"), git(repository, "rev-parse", "HEAD~1")))
    assert run.code == 0, run.log
    assert run.ran == ["Validate the catalog", "Compare the catalog", "Prove the catalog"]
    assert follows(varying(shown("markdown")[0]), varying(run.summary)), run.summary
    assert "::" not in run.log
    report = Path(run.outputs.pop("report")).read_text(encoding="utf-8")
    assert report == run.summary
    assert run.outputs == {"findings": "0", "errors": "0"}


def test_a_push_compares_and_proves_what_it_is_told_to(repository: Path, job: Job) -> None:
    run = job(repository, **with_of(file(".github/workflows/catalog.yml"), ""))
    assert run.ran == ["Validate the catalog", "Prove the catalog"]
    assert job(repository).summary == "### Catalog: sound\n"


def test_a_broken_catalog_fails_beside_its_line(repository: Path, job: Job) -> None:
    write(repository, MODEL, file(MODEL, 2))
    run = job(repository, diff="HEAD", prove="400")
    assert (run.code, run.ran) == (1, ["Validate the catalog"])
    assert run.log.startswith(shown("text")[0])
    assert run.summary.startswith("### Catalog: 1 error\n")
    assert (run.outputs["findings"], run.outputs["errors"]) == ("1", "1")


def test_warnings_fail_a_strict_job(repository: Path, job: Job) -> None:
    write(repository, MODEL, file(MODEL).replace('"0.02"', '"200"'))
    relaxed = job(repository)
    assert (relaxed.code, relaxed.outputs["errors"], relaxed.outputs["findings"]) == (0, "0", "1")
    assert "::warning file=catalog/models/flux.1/flux.1-dev.yaml,line=4," in relaxed.log
    assert "title=implausible-price::" in relaxed.log
    assert job(repository, strict="true").code == 1
    assert "The input strict is true or false, not 'yes'." in job(repository, strict="yes").log


def test_a_base_that_a_shallow_checkout_lacks_is_fetched(repository: Path, job: Job, tmp_path: Path) -> None:
    base = git(repository, "rev-parse", "HEAD~1")
    git(repository, "branch", "release", base)
    for number, name in enumerate((base, "release")):
        shallow = tmp_path / f"shallow-{number}"
        git(tmp_path, "clone", "-q", "--depth=1", "--branch=main", repository.as_uri(), str(shallow))
        run = job(shallow, diff=name)
        assert run.code == 0, run.log
        assert "$0.03 per megapixel (rounded up) instead of $0.02 (+50%)" in run.summary


def test_a_catalog_may_be_the_whole_repository_or_lie_deep_in_it(repository: Path, job: Job) -> None:
    """Revisions name files from the top of their repository, wherever that is checked out."""
    (repository / "deep").mkdir()
    git(repository, "mv", "catalog", "deep/catalog")
    git(repository, "commit", "-qm", "moved")
    write(repository, f"deep/{MODEL}", file(MODEL))
    assert "instead of $0.03 (-33%)" in job(repository, catalog="deep/catalog", diff="HEAD").summary
    assert "instead of $0.03 (-33%)" in job(repository.parent, catalog="repository/deep/catalog", diff="HEAD").summary
    whole = repository / "deep" / "catalog"
    git(whole, "init", "-q", "-b", "main", ".")
    git(whole, "add", "-A")
    git(whole, "commit", "-qm", "alone")
    write(repository, f"deep/{MODEL}", file(MODEL, 1))
    run = job(whole, catalog=".", diff="HEAD")
    assert "instead of $0.02 (+50%)" in run.summary, run.log


def test_a_base_without_the_catalog_is_no_fault(repository: Path, job: Job) -> None:
    shutil.copytree(repository / "catalog", repository / "second")
    run = job(repository, catalog="second", diff="HEAD")
    assert run.code == 0
    assert "### Catalog: new\n" in run.summary


def test_a_base_with_faults_does_not_hold_up_its_repair(repository: Path, job: Job) -> None:
    write(repository, MODEL, file(MODEL, 2))
    git(repository, "commit", "-qam", "broken")
    write(repository, MODEL, file(MODEL))
    run = job(repository, diff="HEAD")
    assert run.code == 0
    assert "::warning title=pentaprism::The catalog of" in run.log
    assert ":catalog/models/flux.1/flux.1-dev.yaml:4:38: wrong-type: 'usd' must b" in run.log
    assert run.summary == "### Catalog: sound\n"


@pytest.mark.parametrize(
    ("inputs", "code", "told"),
    [
        ({"diff": "nowhere"}, 128, "nowhere"),
        ({"diff": "HEAD", "replay": "none.jsonl"}, 2, "none.jsonl cannot be read"),
        ({"prove": "many"}, 2, "Invalid value for '--cases'"),
        ({"prove": "1"}, 1, "::error title=pentaprism::Not every endpoint is proved; the summary says where."),
    ],
)
def test_what_cannot_be_done_fails_and_says_why(
    repository: Path, job: Job, inputs: dict[str, str], code: int, told: str
) -> None:
    git(repository, "remote", "add", "origin", repository.as_uri())
    run = job(repository, **inputs)
    assert run.code == code, run.log
    assert told in run.log


def test_a_line_without_a_request_fails_and_is_in_the_summary(repository: Path, job: Job) -> None:
    write(repository, REQUESTS, file(REQUESTS) + "nonsense\n")
    run = job(repository, diff="HEAD~1", replay=REQUESTS)
    assert run.code == 1
    assert "::error title=pentaprism::requests.jsonl has lines that hold no request" in run.log
    assert "no request, and not replayed: line 3" in run.summary


def test_an_input_is_never_part_of_a_script(repository: Path, job: Job) -> None:
    run = job(repository, catalog='"; touch planted; "', diff="--output=planted", strict="$(touch planted)")
    assert run.code == 2
    run = job(repository, diff="--output=planted", replay="$(touch planted)")
    assert run.code != 0
    assert job(repository, catalog="--fix").code == 1
    assert not (repository / "planted").exists()


def test_everything_used_is_pinned() -> None:
    workflow = yaml.safe_load(file(".github/workflows/catalog.yml"))
    steps = [*ACTION["runs"]["steps"], *(step for one in workflow["jobs"].values() for step in one["steps"])]
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 3
    assert all(PINNED.fullmatch(name) or name == f"OWNER/pentaprism@{TAG}" for name in used)
    assert {step["shell"] for step in steps if "run" in step} == {"bash"}


def test_the_page_tells_every_input_and_output() -> None:
    text = (DOCS / PAGE).read_text(encoding="utf-8")
    for name, stated in ACTION["inputs"].items():
        default = f"`{stated['default']}`" if stated["default"] else ""
        assert f"\n| `{name}` | {default} | {stated['description'].strip()} |\n" in text
    for name, stated in ACTION["outputs"].items():
        assert f"\n| `{name}` | {stated['description'].strip()} |\n" in text


def test_the_commands_for_any_ci_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository, "branch", "-f", "before", "HEAD~1")
    monkeypatch.chdir(repository)
    install, *commands = shown("console")[2].splitlines()
    assert install.startswith('$ pip install "pentaprism[lint] @ git+https://')
    assert len(commands) == 3
    for command in commands:
        assert command.startswith("$ pentaprism ")
        assert main(shlex.split(command.replace("main:", "before:"))[2:]) == 0


# pre-commit -----------------------------------------------------------------------------------------------------------


def test_the_hooks_of_the_page_do_what_the_page_shows(
    repository: Path, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's configuration, but for where the hooks are fetched from."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PRE_COMMIT_COLOR", "never")
    config = file(".pre-commit-config.yaml")
    assert f"rev: {TAG}" in config
    fetched = config.replace("https://github.com/OWNER/pentaprism", checkout.as_uri())
    assert fetched != config
    write(repository, ".pre-commit-config.yaml", fetched)
    git(repository, "add", "-A")

    passing, failing = (block.splitlines() for block in shown("console")[:2])
    assert follows(passing[1:], _hooked(repository, passing[0], 0))
    write(repository, MODEL, file(MODEL, 2))
    git(repository, "add", "-A")
    assert follows(failing[1:], _hooked(repository, failing[0], 1))
    write(repository, MODEL, file(MODEL))
    write(repository, "notes.yaml", "a: 1\n")
    git(repository, "add", "-A")
    (skipped,) = _hooked(repository, "$ pre-commit run --files notes.yaml", 0)
    assert skipped.endswith("(no files to check)Skipped")


def test_the_hooks_run_for_every_file_of_a_catalog() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["pentaprism-validate", "pentaprism-prove"]
    kept = [path.relative_to(ROOT) for path in (ROOT / "catalog").rglob("*.*") if path.suffix in (".yaml", ".json")]
    names = [path.as_posix() for path in kept if "schema" not in path.parts]
    assert len(names) > 20
    for hook in hooks:
        assert all(re.search(hook["files"], name) for name in (*names, "mine/catalog.yaml", "catalog.yaml"))
        assert not any(
            re.search(hook["files"], name) for name in ("README.md", "src/models.py", "data/catalog.yaml.bak")
        )


def _hooked(folder: Path, command: str, code: int) -> list[str]:
    """What a pre-commit command prints, but for how it makes its environments and for empty last lines."""
    assert command.startswith("$ pre-commit run ")
    arguments = [sys.executable, "-m", "pre_commit", *command.split()[2:]]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    lines = [line.rstrip() for line in done.stdout.strip().splitlines() if not line.startswith(("[INFO]", "[WARNING]"))]
    return lines
