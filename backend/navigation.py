"""The admin's sidebar."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.text import format_lazy


def admin_link(title: str, *, icon: str, page: str, permission: str, query: str = "") -> dict[str, Any]:
    """Return a line of the admin's sidebar, for people with the permission."""
    return {
        "title": title,
        "icon": icon,
        "link": format_lazy("{}{}", reverse_lazy(f"admin:{page}_changelist"), query),
        "permission": lambda request: request.user.has_perm(permission),
    }


NAVIGATION: list[dict[str, Any]] = [
    {
        "title": "Store",
        "items": [
            {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")},
            admin_link("Orders", icon="receipt_long", page="orders_order", permission="orders.view_order"),
            admin_link(
                "Returns", icon="assignment_return", page="orders_return", permission="orders.view_return"
            ),
            admin_link(
                "Invoices",
                icon="description",
                page="orders_document",
                permission="orders.view_document",
            ),
            admin_link(
                "Products",
                icon="inventory_2",
                page="catalog_product",
                permission="catalog.view_product",
            ),
            admin_link(
                "Categories",
                icon="category",
                page="catalog_category",
                permission="catalog.view_category",
            ),
            admin_link(
                "Attributes", icon="tune", page="catalog_attribute", permission="catalog.view_attribute"
            ),
            admin_link(
                "Attribute values",
                icon="label",
                page="catalog_attributevalue",
                permission="catalog.view_attributevalue",
            ),
            admin_link(
                "Synonyms", icon="compare_arrows", page="catalog_synonym", permission="catalog.view_synonym"
            ),
            admin_link(
                "Search terms", icon="search", page="catalog_searchterm", permission="catalog.view_searchterm"
            ),
            admin_link(
                "Stock notices",
                icon="notifications",
                page="catalog_stocknotice",
                permission="catalog.view_stocknotice",
            ),
            admin_link(
                "Tasks",
                icon="task_alt",
                page="django_tasks_database_dbtaskresult",
                permission="django_tasks_database.view_dbtaskresult",
            ),
        ],
    },
    {
        "title": "Prices",
        "items": [
            admin_link(
                "Delivery",
                icon="local_shipping",
                page="pricing_deliverymethod",
                permission="pricing.view_deliverymethod",
            ),
            admin_link(
                "Discount codes",
                icon="sell",
                page="pricing_discountcode",
                permission="pricing.view_discountcode",
            ),
            admin_link(
                "Tax rates", icon="percent", page="pricing_taxrate", permission="pricing.view_taxrate"
            ),
            admin_link(
                "Tax classes", icon="label", page="catalog_taxclass", permission="catalog.view_taxclass"
            ),
        ],
    },
    {
        "title": "Texts",
        "items": [
            admin_link("Policies", icon="gavel", page="policies_policy", permission="policies.view_policy"),
            admin_link(
                "Policy versions",
                icon="history",
                page="policies_policyversion",
                permission="policies.view_policyversion",
            ),
        ],
    },
    {
        "title": "Webhooks",
        "items": [
            admin_link("Endpoints", icon="webhook", page="hooks_endpoint", permission="hooks.view_endpoint"),
            admin_link(
                "Deliveries", icon="outgoing_mail", page="hooks_delivery", permission="hooks.view_delivery"
            ),
        ],
    },
    {
        "title": "People",
        "items": [
            admin_link(
                "To moderate",
                icon="flag",
                page="reviews_comment",
                permission="reviews.view_comment",
                query="?moderation=waiting",
            ),
            admin_link("Comments", icon="reviews", page="reviews_comment", permission="reviews.view_comment"),
            admin_link("Users", icon="group", page="accounts_user", permission="accounts.view_user"),
        ],
    },
]
