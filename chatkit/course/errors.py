"""What is raised when a course cannot be used."""


class CourseError(Exception):
    """Something about the course is not as it must be; the message says what to do."""
