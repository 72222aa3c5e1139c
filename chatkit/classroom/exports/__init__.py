"""What goes out of the kit, or comes from it: zips and results in fixed forms.

- `handin`   what `chatkit pack` makes
- `handout`  what students get: the course without solutions
- `package`  what a platform needs to grade with this kit
- `single`   one hand-in graded in one go, for such a platform
- `sendout`  feedback in the names of the platforms, letters, the class as JSON, anonymous pages
"""
