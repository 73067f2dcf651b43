"""The admin's page of tasks. The staff read them, and let failed ones run again."""

from typing import Any

import django_tasks_db.admin  # noqa: F401  # registers its own page first, which the one below replaces
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from core.admin import ModelAdmin
from core.worker import late_tasks, try_again

Row = DBTaskResult[Any, Any]
COLOURS = {
    TaskResultStatus.READY: "info",
    TaskResultStatus.RUNNING: "warning",
    TaskResultStatus.FAILED: "danger",
    TaskResultStatus.SUCCESSFUL: "success",
}


class Late(admin.SimpleListFilter):
    title = parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Waiting for a worker")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> QuerySet[Row]:
        return late_tasks(queryset, now=timezone.now()) if self.value() else queryset


admin.site.unregister(DBTaskResult)


@admin.register(DBTaskResult)
class TaskAdmin(ModelAdmin):
    list_display = ("name", "state", "attempts", "enqueued_at", "next_attempt", "error")
    list_filter = (("status", ChoicesDropdownFilter), Late)
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-enqueued_at",)
    fields = readonly_fields = (
        *("task_path", "state", "args_kwargs", "attempts", "enqueued_at", "started_at", "next_attempt"),
        *("finished_at", "return_value", "traceback"),
    )
    actions = ("run_again",)

    @display(description="Task", ordering="task_path")
    def name(self, task: Row) -> str:
        return task.task_path.rpartition(".")[2].replace("_", " ").capitalize()

    @display(description="Status", ordering="status", label=COLOURS)
    def state(self, task: Row) -> tuple[str, str]:
        return task.status, task.get_status_display()

    @display(description="Attempts")
    def attempts(self, task: Row) -> int:
        return len(task.worker_ids)

    @display(description="Next attempt", empty_value="–")
    def next_attempt(self, task: Row) -> Any:
        waits = task.status == TaskResultStatus.READY and task.run_after != get_date_max()
        return task.run_after if waits else None

    @display(description="Last error", empty_value="–")
    def error(self, task: Row) -> str | None:
        return task.traceback.strip().rpartition("\n")[2] or None

    @action(description="Try again", permissions=["change_tasks"])
    def run_again(self, request: HttpRequest, tasks: QuerySet[Row]) -> None:
        failed = list(tasks.filter(status=TaskResultStatus.FAILED))
        number = try_again(tasks, now=timezone.now())
        self.log_action_on(request, failed, "Tried again")
        tasks_run = "task runs" if number == 1 else "tasks run"
        self.message_user(request, f"{number} failed {tasks_run} again.")

    def has_change_tasks_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_tasks_database.change_dbtaskresult")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False
