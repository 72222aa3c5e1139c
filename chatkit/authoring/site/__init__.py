"""The pages of the site that are made from sources, and the pictures on them.

- `pages`, `changes`, `commands`, `checkpages`  one page or one kind of page each
- `places`      what fills a place in a page that is written by hand
- `api`, `cataloguepage`  a part of the code, and what the kit can explain, for these places
- `blocks`, `annotations`  the code in a text, and the numbered notes on it
- `markdown`    headings, code blocks and links
- `picture`, `screenshots`  a verdict as an image, and the windows of the finished chat
"""
