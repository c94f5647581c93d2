"""A band on the ankle: bytes become samples, samples holds and breaths, and the house hears."""
