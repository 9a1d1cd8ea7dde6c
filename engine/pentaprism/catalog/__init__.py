"""Read, check, resolve and publish catalogs. Row 3, and the only part of the engine that reads files.

`yaml_source` and `json_source` text to data · `document` data with positions · `documents` the files of a catalog ·
`layers` catalogs laid over each other · `version` the day of its newest fact · `content_hash` and `lock` which catalog
it is · `node` typed reading with findings · `vocabulary`,
`providers`, `contracts`, `rules`, `forms` the parts of a catalog, each read and checked · `resolve` the rule of each
parameter · `build` documents to `Model`, `Provider`, `Parameter` · `schema`, `schema_faults` and `lint`, with `scene`
to look at, what authors are told · `validate` all of it at once · `publish` the JSON others load · `contract_source`,
`contract_merge`, `contract_import`, `contract_format` a provider's schema to a contract's file · `contract_drift` what
changed since · `diff` what two catalogs say differently · `draft` a first model file out of a contract.
It must not know how a request is parsed or compiled.
"""
