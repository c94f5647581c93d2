"""When a leg came to rest and when it left, to a part of a second."""
