import {
  type Attributes,
  type Context,
  context,
  ProxyTracerProvider,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

export type { Attributes, Span } from '@opentelemetry/api';

/**
 * Runs a part of a request in a span of its own. The span ends with the work, also if the work returns a promise. Work that
 * no request has started gets no span.
 *
 * @param attributes neither secrets nor values of SQL nor email addresses
 * @param work may note more attributes
 */
export type InSpan = <T>(name: string, attributes: Attributes, work: (note: Note) => T) => T;
export type Note = (attributes: Attributes) => void;

/** For a process without an SDK of OpenTelemetry. */
export const withoutSpans: InSpan = (_name, _attributes, work) => work(ignore);

const ignore: Note = () => undefined;

/** Traces through the API of OpenTelemetry. The operator's SDK decides what is kept and where it is sent. */
export interface Tracing {
  inSpan: InSpan;
  /**
   * Runs the handler of a request in a span, below the span of the client if the headers name one (`traceparent`). The
   * caller must end the span.
   */
  inRequest<T>(options: RequestSpan, work: (span: Span) => T): T;
  /** Adds attributes to the span of the current work. */
  note: Note;
}

export interface RequestSpan {
  name: string;
  attributes: Attributes;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Traces, if the process was started with an SDK (`node --import`); null otherwise. Then no code of tracing runs at all.
 */
export function createTracing(): Tracing | null {
  const provider = trace.getTracerProvider();
  // Without an SDK, the API returns a provider of its own that delegates to nothing.
  const tracer =
    provider instanceof ProxyTracerProvider ? provider.getDelegateTracer('rekey') : provider.getTracer('rekey');
  return tracer ? tracingWith(tracer) : null;
}

function tracingWith(tracer: Tracer): Tracing {
  return {
    inSpan(name, attributes, work) {
      if (!trace.getActiveSpan()) return work(ignore);
      return tracer.startActiveSpan(name, { attributes, kind: SpanKind.CLIENT }, (span) => endAfter(span, work));
    },
    inRequest({ name, attributes, headers }, work) {
      const parent = parentOf(headers);
      return tracer.startActiveSpan(name, { attributes, kind: SpanKind.SERVER }, parent, work);
    },
    note(attributes) {
      trace.getActiveSpan()?.setAttributes(attributes);
    },
  };
}

/** An instrumentation of the operator may have made a span for the request. Then that one is the parent. */
function parentOf(headers: RequestSpan['headers']): Context {
  const current = context.active();
  return trace.getSpan(current) ? current : propagation.extract(current, headers);
}

function endAfter<T>(span: Span, work: (note: Note) => T): T {
  let result: T;
  try {
    result = work((attributes) => span.setAttributes(attributes));
  } catch (error) {
    failed(span, error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then(
    (value) => {
      span.end();
      return value;
    },
    (error) => {
      failed(span, error);
      throw error;
    },
  ) as T;
}

/** The message of an error may quote a value, so the span gets only its kind. */
function failed(span: Span, error: unknown): void {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  span.setAttribute('error.type', String(code ?? name ?? 'unknown'));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Ends the span of a request with the status of its response. */
export function endWithStatus(span: Span, { status, isComplete }: { status: number; isComplete: boolean }): void {
  if (isComplete) span.setAttribute('http.response.status_code', status);
  else span.setAttribute('error.type', 'aborted');
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
