"""The groups and values that rows are made for, and by which they are looked for."""

MATCHES = 100
"""How many READY items are addressed to `STEADY`, and how many cases have it in their meta."""
FEW_MATCHES = 5

BUSY = "clerks"
"""Three items in ten are addressed to it."""
RETIRED = "archive"
"""One closed item in ten was addressed to it, and no open one."""
STEADY, FEW, NOBODY = "steady", "few", "nobody"
RARE_UNITS = [f"rare-{number}" for number in range(10)]
"""Each has `FEW_MATCHES` READY items."""
BUSY_UNITS = [f"unit-{number * number}" for number in range(10)]
