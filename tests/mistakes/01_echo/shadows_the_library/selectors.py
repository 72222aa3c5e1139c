"""What I want to remember about selectors."""

READ = "somebody has said something"
