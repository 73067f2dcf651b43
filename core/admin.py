"""Optimistic locking for the admin's pages: two people who edit the same row do not undo each other's work.

A form sends back the values that it showed, in Django's hidden initial fields. Only the fields that a person changed
are written. Where somebody else has changed the same field since the page was opened, nothing is written: the page
shows both values, and a second save overwrites the other's.
"""

from collections.abc import Collection
from functools import cached_property
from typing import Any, cast

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connections, models
from django.http import HttpRequest, QueryDict
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline


class EditForm(forms.ModelForm[Any]):
    """A form for an existing row. Fields that were not edited are not written."""

    # Counters, whose difference is written. If the page showed 7, 2 are sold, and somebody types 12, the row gets 10.
    counted: Collection[str] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            for field in self.fields.values():
                field.show_hidden_initial = not field.disabled

    def is_carried(self, name: str) -> bool:
        """Whether the request carries the value that the page showed. A script's does not, and overwrites the row."""
        field, key = self.fields[name], self.add_initial_prefix(name)
        if isinstance(field, forms.ModelMultipleChoiceField):  # an empty choice sends no hidden field
            return any(self.add_initial_prefix(other) in self.data for other in self.fields)
        return key in self.data or f"{key}_0" in self.data

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in self.fields if self.was_edited(name)]

    def was_edited(self, name: str) -> bool:
        field, bound = self.fields[name], self[name]
        if field.disabled:
            return False
        if isinstance(field, forms.FileField):
            return field.has_changed(None, bound.data)
        base = self.read_shown(name) if self.is_carried(name) else bound.initial
        return is_different(field, base, bound.data)

    def read_shown(self, name: str) -> Any:
        """Return the value that the page showed, as the browser sends it back."""
        field = self.fields[name]
        value = self._widget_data_value(field.hidden_widget(), self.add_initial_prefix(name))  # type: ignore[attr-defined]
        return [key for key in value if key] if isinstance(value, list) else value

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.instance.pk is not None:
            self.ask_about_conflicts()
            self.keep_what_was_empty()

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # Django's own step between the fields and the row
        if self.instance.pk is None:
            return
        for name in self.counted:
            if name in self.changed_data and name in self.cleaned_data and self.is_carried(name):
                self.add_difference(name)
        for name in self.fields.keys() - {*self.changed_data}:
            self.cleaned_data.pop(name, None)

    def add_difference(self, name: str) -> None:
        typed, field = self.cleaned_data[name], self.fields[name]
        try:
            before = field.clean(self.read_shown(name))
        except forms.ValidationError:
            return  # not from our page: the typed number is written
        now = getattr(self.instance, name)
        if before == now:
            return
        if now + typed - before < 0:
            self.add_error(
                name,
                f"This was {before} when you opened the page and is {now} now, so it cannot go down by "
                f"{before - typed}. Enter a number again.",
            )
        else:
            self.cleaned_data[name] = now + typed - before

    def ask_about_conflicts(self) -> None:
        """Add an error to each field that somebody else has changed as well.

        The page then carries the row's current value, so that a second save goes through.
        """
        for name in self.changed_data:
            field, bound = self.fields[name], self[name]
            if name in self.counted or not self.is_carried(name):
                continue
            now = bound.initial
            shown = self.read_shown(name)
            if not is_different(field, shown, now) or (
                not isinstance(field, forms.FileField) and not is_different(field, now, bound.data)
            ):
                continue
            self.add_error(
                name,
                f"Somebody else changed this from {display_value(field, shown)} to {display_value(field, now)} "
                "while you were editing. Save again to replace it with your value.",
            )
            self.carry(name, field.prepare_value(now))

    def carry(self, name: str, value: Any) -> None:
        """Make this the value that the next page says it has shown."""
        data = cast(QueryDict, self.data).copy()
        key, widget = self.add_initial_prefix(name), self.fields[name].hidden_widget()
        if isinstance(widget, forms.SplitHiddenDateTimeWidget):
            for place, part in enumerate(widget.decompress(value) or ()):
                data[f"{key}_{place}"] = str(part or "")
        else:
            values = value if isinstance(value, list | tuple) else [value]
            data.setlist(key, ["" if part is None else str(part) for part in values])
        self.data = data

    def keep_what_was_empty(self) -> None:
        """Carry the lists that the page showed empty.

        Django gives them no hidden field, and would then take the new choice for the value shown.
        """
        for name, field in self.fields.items():
            key = self.add_initial_prefix(name)
            if (
                isinstance(field, forms.ModelMultipleChoiceField)
                and self.is_carried(name)
                and key not in self.data
            ):
                self.carry(name, [""])

    @property
    def edited_columns(self) -> list[str]:
        """The edited fields that are columns. Many-to-many relations have rows of their own."""
        columns = {field.name for field in self.instance._meta.concrete_fields}
        return [name for name in self.changed_data if name in columns]

    def save(self, commit: bool = True) -> Any:
        if not commit or self.instance.pk is None:
            return super().save(commit=commit)
        self.instance.save(update_fields=self.edited_columns)
        self._save_m2m()  # type: ignore[attr-defined]  # Django's own, which it postpones for commit=False
        return self.instance


def is_different(field: forms.Field, one: Any, other: Any) -> bool:
    """Whether two values of a field differ. Each may come from the row or from a browser."""
    if isinstance(field, forms.FileField):
        return str(one or "") != str(other or "")
    one, other = normalize_line_ends(field, one), normalize_line_ends(field, other)
    if isinstance(field, forms.SplitDateTimeField):
        try:
            return bool(join(field, one) != join(field, other))
        except forms.ValidationError:
            return True
    if isinstance(field, forms.ModelChoiceField):
        return field.has_changed(one, other)  # by keys: to_python would read the rows
    try:
        one = field.to_python(one)
    except forms.ValidationError:
        return True
    return field.has_changed(one, other)


def join(field: forms.SplitDateTimeField, value: Any) -> Any:
    """Return the instant of a row, or that of the parts that a browser sends; None for none."""
    return field.clean(value) if isinstance(value, list) else value


def normalize_line_ends(field: forms.Field, value: Any) -> Any:
    """Prepare a value for comparison: a text gets one kind of line ends, because browsers send another."""
    value = field.prepare_value(value)
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def display_value(field: forms.Field, value: Any) -> str:
    """Format a value for a person, with the labels of choices instead of their keys."""
    value = field.prepare_value(value)
    if isinstance(field, forms.ModelChoiceField):
        keys = value if isinstance(value, list | tuple) else [value] if value not in (None, "") else []
        names = [str(chosen) for chosen in field.queryset.filter(pk__in=keys)] if field.queryset else []
        return f"“{', '.join(names)}”" if names else "empty"
    return "empty" if value in (None, "") else f"“{value}”"


def edit_form(
    form: type[forms.ModelForm[Any]], *, counted: Collection[str] = ()
) -> type[forms.ModelForm[Any]]:
    """Make the form an EditForm."""
    return form if issubclass(form, EditForm) else type(form.__name__, (EditForm, form), {"counted": counted})


class ModelAdmin(UnfoldModelAdmin):
    """The base of every page of the admin."""

    # Columns that shoppers also change, even while somebody edits the row.
    counted: Collection[str] = ()

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **options: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **options)
        return edit_form(form, counted=self.counted) if obj else form

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        options.setdefault("form", edit_form(forms.ModelForm, counted=self.counted))
        return super().get_changelist_form(request, **options)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Lock the row before a write, so that it cannot change between the comparison and the save."""
        using = self.get_queryset(request).db
        if request.method != "POST" or not connections[using].in_atomic_block:
            return super().get_object(request, object_id, from_field)
        self.lock(object_id)
        return super().get_object(request, object_id, from_field)

    def lock(self, object_id: str) -> None:
        try:
            key = self.model._meta.pk.to_python(object_id)
        except forms.ValidationError:
            return
        list(self.model._default_manager.select_for_update().filter(pk=key).values_list("pk"))

    def log_action_on(self, request: HttpRequest, rows: Collection[models.Model], done: str) -> None:
        """Write the admin's log of an action on many rows, such as "Published". Django logs only what forms save."""
        if rows:
            LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, done)  # type: ignore[arg-type]  # a list, too

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
        elif form.edited_columns:
            obj.save(update_fields=form.edited_columns)

    def get_inlines(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """Hide the inlines while adding: they show rows that belong to an existing one."""
        return super().get_inlines(request, obj) if obj else ()


class EditInline:
    """Mixin of an inline whose rows are saved like those of a ModelAdmin."""

    form: type[forms.ModelForm[Any]]

    def get_formset(self, request: HttpRequest, obj: models.Model | None = None, **options: Any) -> Any:
        options.setdefault("form", edit_form(self.form))
        return super().get_formset(request, obj, **options)  # type: ignore[misc]  # the inline's


class StackedInline(EditInline, UnfoldStackedInline):
    pass


class TabularInline(EditInline, UnfoldTabularInline):
    pass


class ReadOnlyInline(UnfoldTabularInline):
    """Rows below another one, which the page only shows."""

    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
