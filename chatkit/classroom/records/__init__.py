"""What a gradebook keeps beside verdicts: points and words of people, and what changed over time.

- `people`   adjustments and notes
- `history`  regrades, and how many failed which check in each run

What never lives here: verdicts and hand-ins, which the gradebook itself keeps.
"""
