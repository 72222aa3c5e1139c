"""Commands that anybody may use without a lesson."""
