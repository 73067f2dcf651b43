"""The URLs of the project."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from backend.dev import mail_list, mail_sample
from backend.http import views
from backend.http.health import health, live, ready
from catalog.views import stop_notices
from orders import dev
from orders.downloads import document_pdf
from orders.payments.gateway import is_fake_in_use
from orders.webhooks import stripe_webhook

handler404 = views.not_found

urlpatterns: list[URLPattern | URLResolver] = [
    path("graphql/", views.graphql, name="graphql"),
    path("graphql", views.graphql),
    path("graphiql/", views.graphiql, name="graphiql"),
    path("admin/", admin.site.urls),
    path("notices/stop/", stop_notices, name="stop-notices"),
    path("stripe/webhook/", stripe_webhook, name="stripe-webhook"),
    path("documents/<str:token>/", document_pdf, name="order-document"),
    # The middleware `probes` answers these three, before the checks of host and scheme.
    path("healthz", health, name="health"),
    path("livez", live, name="live"),
    path("readyz", ready, name="ready"),
    path("", views.index, name="index"),
    path("docs/<str:name>", views.document, name="document"),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]

if settings.MAIL_SAMPLES_SHOWN:
    urlpatterns += [
        path("dev/mail/", mail_list, name="dev-mail"),
        path("dev/mail/<slug:name>.<str:form>", mail_sample, name="dev-mail-sample"),
    ]

if is_fake_in_use():
    urlpatterns += [
        path("dev/stripe/", dev.stripe_page, name="dev-stripe"),
        path("dev/stripe/<uuid:order_uuid>/", dev.stripe_act, name="dev-stripe-act"),
    ]
