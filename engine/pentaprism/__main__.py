"""`python -m pentaprism`: the command line. Row 8."""

from .cli import main

main()
