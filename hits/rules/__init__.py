"""Quality control: what a rule looks at, what it found, and what becomes of what it proposes.

    collect (facts) -> condition (looks) -> proposal (a Finding) -> a person or policy releases it (deciding)

Rules never pay or reject by themselves: what they propose is asked for by a person, or in the name of the person who
let the rule release itself.
"""
