// One replica that listens on its own port, and the ways to use it.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import { type App, createApp, type Overrides } from '../../src/app.ts';
import type {
  CreateApiKeyInput,
  CreateDaemonTokenInput,
  CreateSigningKeyInput,
} from '../../src/client/generated/graphql.ts';
import { readConfig } from '../../src/config.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Account, accountOf, type Credential, type Presented } from './account.ts';
import { type Answer, type Caller, type Calls, callsOf } from './calls.ts';
import { MASTER_KEY, PASSWORD, SETUP_TOKEN } from './constants.ts';
import { embeddedTemplate } from './embedded-template.ts';
import { migratedDatabase } from './postgres-template.ts';
import { seedAccount } from './seed.ts';
import { signedHeaders } from './signing.ts';
import { inSeconds } from './values.ts';

export type { Account, Presented } from './account.ts';
export type { Answer } from './calls.ts';
export { MASTER_KEY, PASSWORD, SETUP_TOKEN } from './constants.ts';

export interface TestAppOptions {
  /** A PostgreSQL to use; null for the embedded database. */
  databaseUrl?: string | null;
  redisUrl?: string | null;
  env?: Record<string, string>;
  overrides?: Overrides;
}

export class TestApp {
  readonly app: App;
  readonly url: string;
  /** Everything that was logged, as text. */
  readonly log: string[];
  readonly #server: Server;
  #admin: Promise<Account> | null = null;
  static #accounts = 0;

  constructor(app: App, server: Server, log: string[]) {
    this.app = app;
    this.#server = server;
    this.log = log;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Sends one GraphQL operation over HTTP. */
  async graphql(
    query: string,
    variables: object = {},
    { bearer, apiKey, headers, signedBy }: Presented = {},
    operationName?: string,
  ): Promise<Answer> {
    const sent = JSON.stringify({ query, variables, operationName });
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
        ...(signedBy && signedHeaders(signedBy, { method: 'POST', target: '/graphql', body: sent })),
        ...headers,
      },
      body: sent,
    });
    const body = (await response.json()) as { data: unknown; errors?: Answer['errors'] };
    return { status: response.status, headers: response.headers, data: body.data, errors: body.errors };
  }

  /** The typed calls of one caller. Without a caller, requests have no credential. */
  as(caller: Caller = {}): Calls {
    return callsOf((query, variables, presented) => this.graphql(query, variables, presented), caller);
  }

  /** The result of a mutation: its `__typename` and the selected fields. Throws if the response has errors. */
  async mutate(field: string, input: object | null, selection: string, credential: Presented = {}) {
    const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input`;
    const document = input
      ? `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ${selection} ... on UserError { message } } }`
      : `mutation { ${field} { __typename ${selection} ... on UserError { message } } }`;
    const answer = await this.graphql(document, input ? { input } : {}, credential);
    if (answer.errors) throw new Error(`${field}: ${JSON.stringify(answer.errors)}`);
    return answer.data[field];
  }

  /** Whether this secret authenticates a request now. Throws if the service cannot decide. */
  async accepts(secret: string): Promise<boolean> {
    const { status } = await fetch(`${this.url}/v1/verify`, { headers: { authorization: `Bearer ${secret}` } });
    if (status === 204) return true;
    if (status === 401) return false;
    throw new Error(`/v1/verify returned ${status}`);
  }

  /** The administrator of this installation, created at the first call. Tests share it and must not change it. */
  admin(): Promise<Account> {
    this.#admin ??= seedAccount(this.app, { email: 'admin@example.com', role: 'ADMIN' });
    return this.#admin;
  }

  /** Creates a new member as rows: see seed.ts. */
  async member(): Promise<Account> {
    await this.admin();
    const email = `member-${++TestApp.#accounts}-${process.pid}@example.com`;
    return seedAccount(this.app, { email, role: 'MEMBER' });
  }

  /** Registers a new member by the API, so that the password is hashed at its full cost. */
  async register(): Promise<Account> {
    const email = `registered-${++TestApp.#accounts}-${process.pid}@example.com`;
    const input = { email, password: PASSWORD, displayName: 'Ann' };
    return accountOf(await this.as().register(input).expectSuccess());
  }

  /** Creates an API key of this account. By default it may read and write API keys. */
  async apiKey(
    account: { accessToken: string },
    input: object = {},
  ): Promise<{ id: string; secret: string; hint: string }> {
    const made = { name: 'a key of the tests', scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'], ...input };
    const { apiKey, secret } = await this.as(account)
      .createApiKey(made as CreateApiKeyInput)
      .expectSuccess();
    return { id: apiKey.id, hint: apiKey.hint, secret };
  }

  /** A workspace that this account owns: its id. */
  async workspace(account: { accessToken: string }, name = 'a workspace of the tests'): Promise<string> {
    return (await this.as(account).createWorkspace({ name }).expectSuccess()).workspace.id;
  }

  /** Creates a daemon token for this workspace. By default it lasts an hour and has no scope. */
  async daemonToken(
    caller: Caller,
    workspaceId: string,
    input: object = {},
  ): Promise<{ id: string; secret: string; hint: string }> {
    const made = { workspaceId, daemonId: 'daemon-1', expiresAt: inSeconds(3600), ...input };
    const { daemonToken, secret } = await this.as(caller)
      .createDaemonToken(made as CreateDaemonTokenInput)
      .expectSuccess();
    return { id: daemonToken.id, hint: daemonToken.hint, secret };
  }

  /** Creates a signing key for this workspace. By default it has no scope. */
  async signingKey(caller: Caller, workspaceId: string, input: object = {}): Promise<Credential> {
    const made = { workspaceId, ...input } as CreateSigningKeyInput;
    const { signingKey, secret } = await this.as(caller).createSigningKey(made).expectSuccess();
    return { id: signingKey.id, secret };
  }

  /** Runs one statement directly on the database and returns its rows. */
  // biome-ignore lint/suspicious/noExplicitAny: any selection
  sql(text: string, values: unknown[] = []): Promise<any[]> {
    return this.app.database.fork().execute(text, values);
  }

  /** Changes credentials by plain SQL. This replica has applied the change when it resolves. */
  async changeBySql(text: string, values: unknown[] = []): Promise<void> {
    await this.sql(text, values);
    await this.app.replica.sync();
  }

  /** Closes every connection over HTTP, as clients that leave. */
  closeConnections(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.app.drain();
    this.closeConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.app.close();
  }
}

/** The environment of a test app. Limits are off, the cache is small, and registration is open, unless a test sets them. */
export function testEnvironment({ databaseUrl, redisUrl, env }: TestAppOptions): Record<string, string> {
  return {
    REKEY_SETUP_TOKEN: SETUP_TOKEN,
    REKEY_REGISTRATION: 'open',
    REKEY_LOGIN_PER_MINUTE: '0',
    REKEY_REGISTER_PER_MINUTE: '0',
    REKEY_FAILED_AUTH_PER_MINUTE: '0',
    REKEY_LEDGER_PER_MINUTE: '0',
    REKEY_CACHE_ENTRIES: '1000', // Its memory is allocated at the start.
    REKEY_LOG_LEVEL: 'debug',
    ...(databaseUrl ? { DATABASE_URL: databaseUrl, REKEY_MASTER_KEY: MASTER_KEY } : {}),
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
    ...env,
  };
}

/** Starts one replica in this process. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const log: string[] = [];
  const config = readConfig(testEnvironment(options));
  const app = await createApp(config, {
    logger: createLogger({ level: config.logLevel, destination: { write: (line) => void log.push(line) } }),
    ...(config.databaseUrl ? {} : { inMemory: true, embeddedTemplate: await embeddedTemplate() }),
    ...options.overrides,
  });
  try {
    await app.start();
  } catch (error) {
    await app.close(); // Otherwise its connections would keep the process running.
    throw error;
  }
  const server = createHttpServer(app.handle, app.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new TestApp(app, server, log);
}

/** A database on which the tests run. */
export interface Backend {
  name: string;
  start(options?: TestAppOptions): Promise<TestApp>;
}

/** The embedded database, and PostgreSQL with Redis if those are installed. CI requires them. */
export function backends(): Backend[] {
  const postgresUrl = inject('postgresUrl');
  const redisUrl = inject('redisUrl');
  const embedded: Backend = { name: 'the embedded database', start: startTestApp };
  if (!postgresUrl || !redisUrl) return [embedded];
  return [
    embedded,
    {
      name: 'PostgreSQL and Redis',
      start: async (options = {}) => startTestApp({ databaseUrl: await migratedDatabase(), redisUrl, ...options }),
    },
  ];
}

/** Two ways to the same data: the replica of a test, and another one if the database allows several. */
export interface Pair {
  name: string;
  start(options?: TestAppOptions): Promise<{ near: TestApp; far: TestApp; close(): Promise<void> }>;
}

/** The embedded database, whose only replica is both, and two replicas on PostgreSQL with Redis. */
export function pairs(): Pair[] {
  const [embedded, postgres] = backends() as [Backend, Backend?];
  const one: Pair = {
    name: embedded.name,
    async start(options) {
      const app = await embedded.start(options);
      return { near: app, far: app, close: () => app.close() };
    },
  };
  if (!postgres) return [one];
  const two: Pair = {
    name: `two replicas on ${postgres.name}`,
    async start(options) {
      const shared = { ...options, databaseUrl: await migratedDatabase() };
      const near = await postgres.start(shared);
      const far = await postgres.start(shared);
      return {
        near,
        far,
        async close() {
          await near.close();
          await far.close();
        },
      };
    },
  };
  return [one, two];
}
