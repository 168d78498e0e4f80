"""Every table of the program, for Alembic, the tests, the app and the worker: importing this module is enough."""

from ugc.accounts import models as accounts
from ugc.authenticity import models as authenticity
from ugc.catalog import models as catalog
from ugc.duplicates import models as duplicates
from ugc.galleries import models as galleries
from ugc.ingest import models as ingest
from ugc.insights import models as insights
from ugc.kit import jobs
from ugc.kit.db import Base
from ugc.library import models as library
from ugc.media import models as media
from ugc.modelling import models as modelling
from ugc.orders import models as orders
from ugc.rights import models as rights
from ugc.scoring import models as scoring
from ugc.similarity import models as similarity
from ugc.social import models as social
from ugc.submissions import models as submissions
from ugc.suggestions import models as suggestions
from ugc.texts import models as texts
from ugc.tracking import models as tracking
from ugc.triage import models as triage

__all__ = [
    "Base",
    "accounts",
    "authenticity",
    "catalog",
    "duplicates",
    "galleries",
    "ingest",
    "insights",
    "jobs",
    "library",
    "media",
    "modelling",
    "orders",
    "rights",
    "scoring",
    "similarity",
    "social",
    "submissions",
    "suggestions",
    "texts",
    "tracking",
    "triage",
]

metadata = Base.metadata
