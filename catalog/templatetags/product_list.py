"""A template filter that removes Unfold's classes from the list of products. They are two thirds of the page."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

CELL = re.compile(r' class="(\S+) align-middle [^"]*?(nowrap)?( group errors)?"')


@register.filter
def slim(cell: SafeString) -> SafeString:
    """Replace the classes of a cell of the admin's list by those of catalog/products.css."""
    return mark_safe(CELL.sub(r' class="\1 list-cell\3"', cell, count=1))  # markup in, markup out
