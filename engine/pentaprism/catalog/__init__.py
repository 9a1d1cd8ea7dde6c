"""Read, check, resolve and publish catalogs. Row 3, and the only part of the engine that reads files.

`yaml_source` text to data with positions · `documents` the files of a catalog and layers of catalogs · `node` typed
reading with findings · `forms` size forms and pixel tables · `resolve` the rule of each parameter · `build` documents
to `Model`, `Provider`, `Parameter` · `schema` and `lint` what authors are told · `publish` the JSON others load.
It must not know how a request is parsed or compiled.
"""
