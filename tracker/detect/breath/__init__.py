"""The breath inside a hold, and how much deeper the leg is in the end."""
