"""A provider's own pages, all under /providers/<provider>/. Views here never see the number: the gate does."""

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint

bp = Blueprint("provider", __name__, url_prefix="/providers/<int:provider>")

AREAS = ("home", "payments", "purchase_orders")

for area in AREAS:
    if find_spec(f"{__name__}.{area}"):  # while they are being written
        bp.register_blueprint(import_module(f"{__name__}.{area}").bp)
