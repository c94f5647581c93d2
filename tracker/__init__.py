"""A band on the ankle: bytes become samples, samples become holds and breaths, and the house hears of them."""
