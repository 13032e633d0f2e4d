import type { ConcreteRequest } from 'relay-runtime';

const field = (name: string, concreteType: string, selections: object[]) => ({
  ...{ kind: 'LinkedField', name, alias: null, args: null, concreteType, plural: false, storageKey: null },
  selections,
});
const SELECTIONS = [
  field('viewer', 'Viewer', [
    field('user', 'User', [{ kind: 'ScalarField', name: 'id', alias: null, args: null, storageKey: null }]),
  ]),
];

/** What the Relay compiler writes for `query Viewer { viewer { user { id } } }`. */
export const RELAY_VIEWER = {
  kind: 'Request',
  fragment: {
    ...{ kind: 'Fragment', name: 'Viewer', type: 'Query', metadata: null },
    ...{ abstractKey: null, argumentDefinitions: [], selections: SELECTIONS },
  },
  operation: { kind: 'Operation', name: 'Viewer', argumentDefinitions: [], selections: SELECTIONS },
  params: {
    ...{ cacheID: 'viewer', id: null, metadata: {}, name: 'Viewer', operationKind: 'query' },
    text: 'query Viewer { viewer { user { id } } }',
  },
} as unknown as ConcreteRequest;
