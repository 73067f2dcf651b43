from django.db import migrations

CODENAMES = ("add_product", "change_product", "delete_product")


def make_group(apps, schema_editor):
    """Django makes permissions only after all migrations, so those that the group needs are made here."""
    alias = schema_editor.connection.alias
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    groups = apps.get_model("auth", "Group").objects.using(alias)

    product, _ = content_types.get_or_create(app_label="catalog", model="product")
    sellers, _ = groups.get_or_create(name="Sellers")
    for codename in CODENAMES:
        name = f"Can {codename.replace('_', ' ')}"
        permission, _ = permissions.get_or_create(
            content_type=product, codename=codename, defaults={"name": name}
        )
        sellers.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    # The group stays when this is undone: people may be in it.
    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
