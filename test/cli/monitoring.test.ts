// The dashboard and the alert rules, compared with what a replica exports.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../../src/cli', path), 'utf8');

interface Dashboard {
  panels: { id: number; title: string; description?: string; targets?: { expr: string }[]; gridPos: Place }[];
  templating: { list: { name: string; query: string }[] };
}
type Place = { x: number; y: number; w: number; h: number };

const dashboard: Dashboard = JSON.parse(read('monitoring/grafana-dashboard.json'));
const rules = read('monitoring/prometheus-alerts.yaml');
const alerts = [...rules.matchAll(/- alert: (\w+)\n\s+expr: '(.*)'\n/g)].map(([, name, expr]) => ({
  name: name!,
  expr: expr!,
}));
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr] as const),
  ),
  ...dashboard.templating.list
    .filter(({ name }) => name !== 'datasource')
    .map(({ name, query }) => [`variable ${name}`, query] as const),
  ...alerts.map(({ name, expr }) => [`alert ${name}`, expr] as const),
];

/** The metrics in a query, each with its label matchers. */
function selectorsIn(
  expr: string,
): { metric: string; matchers: { label: string; operator: string; value: string }[] }[] {
  return [...expr.matchAll(/\b((?:rekey|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(([, metric, inside = '']) => ({
    metric: metric!,
    matchers: [...inside.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].map(([, label, operator, value]) => ({
      ...{ label: label!, operator: operator!, value: value! },
    })),
  }));
}

/** What the process above the workers adds, with the labels (`process/workers.ts`). */
const OF_WORKERS: Record<string, string[]> = { rekey_worker_restarts_total: ['worker'] };

let app: TestApp;
/** The labels of each metric, by its name in the text format: those of a histogram have three names. */
const labelsOf = new Map<string, readonly string[]>();
let text = '';
beforeAll(async () => {
  app = await startTestApp();
  collectDefaultMetrics({ register: app.app.registry });
  for (const metric of app.app.registry.getMetricsAsArray()) {
    const { name, labelNames, type } = metric as unknown as { name: string; labelNames: string[]; type?: string };
    const isHistogram = type === 'histogram' || 'buckets' in metric;
    for (const suffix of isHistogram ? ['_bucket', '_sum', '_count'] : [''])
      labelsOf.set(`${name}${suffix}`, labelNames);
  }
  for (const [name, labels] of Object.entries(OF_WORKERS)) labelsOf.set(name, labels);
  text = (await send(app.url, '/metrics')).text;
});
afterAll(() => app.close());

test('there are many of both', () => {
  expect(queries.length).toBeGreaterThan(40);
  expect(alerts.length).toBe([...rules.matchAll(/- alert:/g)].length);
  expect(alerts.length).toBeGreaterThan(10);
});

describe.each(queries)('%s', (_of, expr) => {
  test('uses metrics that a replica exports, and labels that they have', () => {
    const selectors = selectorsIn(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, matchers } of selectors) {
      expect([...labelsOf.keys()], metric).toContain(metric);
      const known = ['job', 'instance', 'le', ...labelsOf.get(metric)!];
      for (const { label } of matchers) expect(known, metric).toContain(label);
    }
    const known = ['job', 'instance', 'le', ...selectors.flatMap(({ metric }) => labelsOf.get(metric)!)];
    for (const [, by] of expr.matchAll(/by \(([^)]*)\)/g)) {
      for (const label of by!.split(', ')) expect(known).toContain(label);
    }
  });
});

// Prometheus sees an increase only between two samples of one series.
const watched = alerts.filter(({ expr }) => expr.startsWith('increase('));
test.each(watched)('the alert $name finds its series before anything has happened', ({ expr }) => {
  const [{ metric, matchers }] = selectorsIn(expr) as [ReturnType<typeof selectorsIn>[number]];
  const series = text.split('\n').filter((line) => line.startsWith(metric) && /[{ ]/.test(line[metric.length] ?? ''));
  const found = series.filter((line) => matchers.every(({ label, value }) => line.includes(`${label}="${value}"`)));
  expect(found.length).toBeGreaterThan(0);
});

test('every metric of Rekey is in the dashboard, and every one of it is in the table of the documentation', () => {
  const names = [...app.app.registry.getMetricsAsArray().map(({ name }) => name), ...Object.keys(OF_WORKERS)];
  const ours = names.filter((name) => name.startsWith('rekey_'));
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => selectorsIn(expr)));
  const inDashboard = new Set(shown.map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')));
  expect(ours.filter((name) => !inDashboard.has(name))).toEqual([]);
  const documented = [...read('README.md').matchAll(/^\| `(rekey_\w+)` \|/gm)].map(([, name]) => name!);
  expect(documented.toSorted()).toEqual(ours.toSorted());
});

test('the panels have their own ids, a description, and places that do not overlap', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { description, targets } of panels) if (targets) expect(description).toMatch(/\.$/);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});
