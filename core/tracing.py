"""Spans for OpenTelemetry: what a request did and how long each part took, but not for whom.

Without the extra `telemetry`, or without a variable that switches it on, a span is nothing and costs next to nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

Value = str | int
# Sets an attribute of the open span.
Tell = Callable[[str, Value], object]

MAX_SQL = 2000


class Tracer:
    """Records spans. Only it imports OpenTelemetry."""

    def __init__(self, processor: "SpanProcessor | None") -> None:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        if processor is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            processor = BatchSpanProcessor(OTLPSpanExporter())
        provider = TracerProvider()
        provider.add_span_processor(processor)
        self.api = trace
        self.tracer = provider.get_tracer("store")
        self.propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, Value], *, kind: str, headers: Mapping[str, str] | None
    ) -> Iterator[Tell]:
        # The text of an exception can hold an address: PostgreSQL quotes the values that break a constraint.
        with self.tracer.start_as_current_span(
            name,
            context=self.propagator.extract(headers) if headers else None,
            kind=self.api.SpanKind[kind],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as current:
            try:
                yield current.set_attribute
            except BaseException as error:
                current.set_attribute("error.type", type(error).__qualname__)
                current.set_status(self.api.StatusCode.ERROR)
                raise

    def is_inside(self) -> bool:
        """Whether a span is open."""
        return bool(self.api.get_current_span().get_span_context().is_valid)


_tracer: Tracer | None = None


def switch_on(processor: "SpanProcessor | None" = None) -> None:
    """Record spans from now on, and give them to the processor; by default they are sent as the OTEL_ variables say.

    Raises:
        ImproperlyConfigured: the extra is not installed.
    """
    global _tracer
    try:
        _tracer = Tracer(processor)
    except ImportError as error:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed. Install it: "
            "pip install --requirement requirements-telemetry.txt"
        ) from error


def switch_off() -> None:
    """Record no more spans."""
    global _tracer
    _tracer = None


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, Value] | None = None,
    *,
    kind: str = "INTERNAL",
    headers: Mapping[str, str] | None = None,
) -> Iterator[Tell]:
    """Record a span around the block, whose value sets further attributes.

    Names and attributes are the store's own words: never a value that somebody has typed, nor an address with a query.
    `headers` are those of the request, whose `traceparent` names the span that this one is part of.
    """
    if _tracer is None:
        yield tell_nobody
    else:
        with _tracer.span(name, attributes or {}, kind=kind, headers=headers) as tell:
            yield tell


def tell_nobody(name: str, value: Value) -> None:
    pass


def trace_statements(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Record the statements of a new connection: a receiver of `connection_created`."""
    if trace_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(trace_statement)


def trace_statement(
    execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Execute the statement in a span, which has its text with placeholders and none of its parameters.

    The statements by which a worker looks for tasks are part of nothing, and not recorded.
    """
    if _tracer is None or not _tracer.is_inside():
        return execute(sql, parameters, many, context)
    text = sql if isinstance(sql, str) else type(sql).__name__  # psycopg's own have values in them
    attributes = {"db.system.name": context["connection"].vendor, "db.query.text": text[:MAX_SQL]}
    with span(text.split(None, 1)[0].upper(), attributes, kind="CLIENT"):
        return execute(sql, parameters, many, context)
