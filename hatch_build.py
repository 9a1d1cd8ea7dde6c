"""What the wheel carries of the catalog: the one published file, made of the folder while the wheel is built.

Whoever installs the package then loads JSON, which is faster and needs no YAML. An editable install reads the folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PROGRAM = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[1]) / "engine"))
from pentaprism.catalog.documents import read_documents
from pentaprism.catalog.publish import publish

Path(sys.argv[2]).write_bytes(publish(read_documents(Path(sys.argv[1]) / "catalog")))
"""


class PublishCatalog(BuildHookInterface[Any]):
    """Publishes `catalog/` into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file and have it included; an editable wheel carries nothing."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory(prefix="pentaprism-wheel-")
        file = Path(self._folder.name) / "catalog.json"
        # In a process of its own, since a build frontend may have another version of the package loaded.
        subprocess.run([sys.executable, "-c", _PROGRAM, self.root, str(file)], check=True)
        build_data["force_include"][str(file)] = "pentaprism/data/catalog.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written for the wheel."""
        if version != "editable":
            self._folder.cleanup()
