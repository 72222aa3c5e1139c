"""What each design costs: three servers with the same outside, measured side by side.

- `figures`  what was measured, as data: docs/assets/costs.json
- `crowd`    many clients in one process; they load a server and verify every line
- `measure`  one server with one crowd, in processes of their own; all of them, one after the other
- `plots`    figures as pictures
- `page`     docs/costs.md, made from `page.md` and the figures
"""
