"""All resources of REST v1, imported so that their routes are there; the application registers `doors`."""

from __future__ import annotations

from ugc.api import (
    duplicates,
    flags,
    galleries,
    imports,
    insights,
    items,
    mentions,
    models,
    orders,
    products,
    rights,
    schema,
    scoring,
    sources,
    suggestions,
    triage,
)

doors = (schema.api, schema.documents)

__all__ = [
    "doors",
    "duplicates",
    "flags",
    "galleries",
    "imports",
    "insights",
    "items",
    "mentions",
    "models",
    "orders",
    "products",
    "rights",
    "scoring",
    "sources",
    "suggestions",
    "triage",
]
