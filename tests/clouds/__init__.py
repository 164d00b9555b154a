"""Clouds for tests: the providers' schema as their SDKs hold it, mocks, and stand-in provider plugins."""
