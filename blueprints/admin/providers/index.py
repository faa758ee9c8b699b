"""The list of providers."""

from flask import request

from blueprints.access import requires
from blueprints.admin.providers import bp
from blueprints.lookups import page_of
from blueprints.pages import render
from forms.people import ProviderSearch
from models.accounts import directory
from models.permissions import Permission


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form = ProviderSearch(request.args)
    page = page_of(directory.providers(**form.chosen)) if form.validate() else None
    return render("admin/providers/index.html", partial="admin/providers/_list.html", form=form, page=page)
