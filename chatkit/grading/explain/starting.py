"""Starting: programs that cannot be talked to, and files that Python cannot read."""
