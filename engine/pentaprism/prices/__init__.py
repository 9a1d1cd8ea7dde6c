"""What a request costs: an endpoint's dated prices applied to what is asked of it, or to what came back.

Row 2: imports only the nouns. It computes in `Decimal`, exactly and whatever the program's decimal context; it reads
no file and no clock, and knows nothing of providers. `usage` what is billed · `rates` the rows in force · `bill` one
metric applied · `words` how it was worked out · `tariff` all of it · `single_rate` the short way for one flat rate.
The rules are CATALOG section 3:

- Of rows with the same metric (`per` and `of`), `when` and `first`, the latest in force counts; a flat rate that a
  table replaces is ended by a row of `usd: "0"`. Rows that match the request add up.
- A field that a `when` names, and that is unset or `auto`, makes the cost an interval over the rows it may select.
  Rows of a metric that list different values of a field are a table: one of them applies, and a value that none of
  them lists has no price. A value listed alone is a surcharge: it may also not apply.
- A row with `first: k` counts the first k units, its sibling without (same metric, same `when` fields) the others.
- What no row prices is unknown. Unknown is None, never 0.
"""

from .tariff import Tariff, cost_of, tariff
from .usage import Usage

__all__ = ["Tariff", "Usage", "cost_of", "tariff"]
