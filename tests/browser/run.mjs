// Runs tests/portable_program.py in a browser's Python: node run.mjs NODE_MODULES ARCHIVE
// The archive holds the program, the package's pure rows and the published catalog; what was seen is printed as JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, archive] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(modules, "pyodide", "pyodide.mjs")));
try {
  const python = await loadPyodide();
  python.unpackArchive(new Uint8Array(readFileSync(archive)), "zip", { extractDir: "/portable" });
  console.log(python.runPython(`
import json, sys
sys.path.insert(0, "/portable")
import portable_program
json.dumps({"platform": sys.platform, "seen": portable_program.run("/portable/catalog.json")})
`));
} catch (error) {
  // Left uncaught, it would come with the line it was thrown in: one of Pyodide's, of a megabyte.
  console.error(error.message);
  process.exitCode = 1;
}
