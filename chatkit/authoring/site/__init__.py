"""The pages of the site that are made from sources, and the pictures on them.

- `pages`, `changes`, `commands`, `mistakepage`, `api`  one page or one kind of page each
- `cataloguepage`  what the kit can explain, for the pages about mistakes and errors
- `blocks`, `annotations`  the code in a text, and the numbered notes on it
- `markdown`    headings, code blocks and links
- `picture`, `screenshots`  a verdict as an image, and the windows of the finished chat
"""
