"""What holds for every test: no bound on how long an example of Hypothesis takes."""

from hypothesis import HealthCheck, settings

# Time is measured by benchmarks; on a busy machine a deadline fails what is right.
settings.register_profile(
    "stretchband", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("stretchband")
