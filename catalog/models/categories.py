"""Category, a node of the tree, and OldCategorySlug."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat, Length, Replace

from catalog.models.columns import slug_field
from core.slugs import SlugField
from core.text import LineField, SortKeyField, sort_key

# The levels of the tree of categories.
MAX_LEVELS = 5
# A path of MAX_LEVELS keys of 19 digits.
MAX_PATH_LENGTH = 120
# The path above the categories at the top.
TOP = "/"
# Stands between the names of a path in a file of products: `Clothes > Shirts`.
SEPARATOR = ">"
NAME_TAKEN = "There is already a category with this name."
validate_no_separator = RegexValidator(
    SEPARATOR,
    f"Leave out “{SEPARATOR}”, which separates the levels of categories in files.",
    inverse_match=True,
)


class PathField(models.CharField[str, str]):
    """Keys of categories from the top down, each between slashes: `/12/57/`.

    The slashes keep 14 from being a prefix of 146. PostgreSQL compares paths by code points, as SQLite does, so that
    everything below a path is a range of an index.
    """

    def db_parameters(self, connection: Any) -> Any:
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}


class AboveField(PathField):
    """The path of the parent, taken over when the row is inserted. After that, only `move_category` changes it."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        category = model_instance
        assert isinstance(category, Category)
        if add:
            category.above = category.parent.path if category.parent else TOP
        return category.above


class Category(models.Model):
    """A category. Categories are a tree of MAX_LEVELS levels, which changes only through catalog.categories."""

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="children",
        null=True,
        blank=True,
        db_index=False,  # the constraint on the names of siblings has one
    )
    name = LineField(max_length=100, validators=[validate_no_separator])
    sort_name = SortKeyField()
    slug = slug_field()
    position = models.PositiveIntegerField(default=0, help_text="Among its siblings. Equals follow by name.")
    description = models.TextField(blank=True, validators=[MaxLengthValidator(10_000)])
    image = models.ImageField(upload_to="categories", blank=True)
    image_width = models.PositiveIntegerField(null=True, editable=False)
    image_height = models.PositiveIntegerField(null=True, editable=False)
    image_placeholder = models.TextField(blank=True, editable=False)
    seo_title = LineField(
        "title for search engines", max_length=200, blank=True, help_text="The name, if left blank."
    )
    seo_description = LineField(
        "description for search engines",
        max_length=500,
        blank=True,
        help_text="The beginning of the description, if left blank.",
    )
    above = AboveField(max_length=MAX_PATH_LENGTH, default=TOP, editable=False)
    # Whatever is below a category has a path that begins with the category's.
    path = models.GeneratedField(
        expression=Concat("above", Cast("id", models.CharField()), Value("/")),
        output_field=PathField(max_length=MAX_PATH_LENGTH),
        db_persist=True,
    )

    # 1 at the top.
    level = models.GeneratedField(
        expression=Length("above") - Length(Replace("above", Value("/"), Value(""))),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["level", "position", "sort_name", "pk"]
        constraints = [
            # No two siblings have names that differ in case alone. No database compares a parent that is null.
            models.UniqueConstraint(fields=["parent", "sort_name"], name="category_name_once_below_a_parent"),
            models.UniqueConstraint(
                fields=["sort_name"], condition=Q(parent=None), name="category_name_once_at_the_top"
            ),
            models.CheckConstraint(
                condition=Q(parent=None, above=TOP)
                | Q(
                    parent__isnull=False,
                    above__endswith=Concat(Value("/"), Cast("parent", models.CharField()), Value("/")),
                ),
                name="category_path_ends_in_its_parent",
            ),
            models.CheckConstraint(
                condition=~Q(above__contains=Concat(Value("/"), Cast("id", models.CharField()), Value("/"))),
                name="category_not_below_itself",
            ),
            models.CheckConstraint(condition=Q(level__lte=MAX_LEVELS), name="category_level_in_range"),
        ]
        indexes = [models.Index(fields=["path"], name="category_by_path")]

    def __str__(self) -> str:
        return self.name

    @property
    def keys_above(self) -> list[int]:
        """The keys of the categories above, from the top down."""
        return keys_in(self.above)

    def clean(self) -> None:
        """Refuse a sibling's name with a message for the form, before the database refuses it."""
        namesakes = Category.objects.filter(parent=self.parent_id, sort_name=sort_key(self.name or ""))
        if namesakes.exclude(pk=self.pk).exists():
            raise ValidationError({"name": NAME_TAKEN})


def keys_in(path: str) -> list[int]:
    """Return the keys in a path of categories, from the top down."""
    return [int(key) for key in path.split("/") if key]


class OldCategorySlug(models.Model):
    """A slug that a category had before. `catalog.slugs` keeps it."""

    slug = SlugField()
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="old_slugs")

    def __str__(self) -> str:
        return self.slug
