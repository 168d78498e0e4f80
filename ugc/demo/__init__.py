"""The sample brand: pictures that it draws itself, content, a small shop, visitors and orders; only under `ugc demo`."""
