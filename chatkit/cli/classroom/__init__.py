"""Commands for instructors: `chatkit class`."""
