"""My login: which e-mails one gets, and when."""

from flask import url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.pages import done, render
from forms.notifications import NotificationForm
from models.accounts.notification import When, are_digests_sent, choices_of, choose, in_force, news_for


@bp.route("/account/e-mails", methods=["GET", "POST"])
@requires(SIGNED_IN)
def notifications():
    kinds, chosen = news_for(me()), choices_of([me().id])[me().id]
    offered = [when for when in When if are_digests_sent() or when is not When.DAILY]
    form = NotificationForm(kinds, offered, {news: in_force(news, chosen) for news in kinds})
    if kinds and form.validate_on_submit():
        choose(me(), form.wanted)
        return done("Your choice is saved", then=url_for(".account"))
    return render("auth/notifications.html", form=form, email=me().email)
