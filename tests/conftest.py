"""What every test stands on."""

from hypothesis import settings

# A kernel's first call compiles it, which no deadline should count.
settings.register_profile("watchkeeper", deadline=None, max_examples=60)
settings.load_profile("watchkeeper")
