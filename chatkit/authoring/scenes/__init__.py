"""Scenes: what went over the wire in a check, recorded with a right and with a wrong program.

- `scenes`      the recordings as data; `recordings` makes them
- `storyboard`  the steps of a scene, each in words
- `drawing`     a scene as SVG; `pages` puts it on the site
"""
