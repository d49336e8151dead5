from workers.views.bonuses import bonus
from workers.views.people import record

__all__ = ["bonus", "record"]
