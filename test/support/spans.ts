// An SDK of OpenTelemetry in this process, as an operator would load it with `node --import`.
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

export interface Spans {
  /** The spans that have ended, in the order of their ends. */
  ended(): ReadableSpan[];
  reset(): void;
  /** Removes the SDK. Apps that were created before keep it. */
  remove(): void;
}

/** Registers an SDK that keeps all spans in memory. Create the app afterwards. */
export function collectSpans(): Spans {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    ended: () => exporter.getFinishedSpans(),
    reset: () => exporter.reset(),
    remove() {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}
