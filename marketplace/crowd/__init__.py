"""Simulated workers for demos and tests: they take tasks, need a plausible time, and are not all good.

`people` says who they are, `answers` what they fill in (both without Django), `tasks` which HITs they take and how they
hand them in: through `work`, as a person's clicks do, by the same rules. `history` lets them live through past days or
work at once, `live` keeps them at work beside the server, `orders` reads what the outside asks of them.
"""
