"""All resources of REST v1, imported so that their routes are there; the application registers `doors`."""

from __future__ import annotations

from ugc.api import duplicates, galleries, imports, insights, items, mentions, models, orders, products, rights, schema, sources

doors = (schema.api, schema.documents)

__all__ = [
    "doors",
    "duplicates",
    "galleries",
    "imports",
    "insights",
    "items",
    "mentions",
    "models",
    "orders",
    "products",
    "rights",
    "sources",
]
