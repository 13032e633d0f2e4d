// One replica in its own process, with its own proxy in front of each server that it uses.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { reapAtExit } from './ports.ts';
import { startProxy, type TcpProxy } from './proxy.ts';
import { type Exit, NODE, SERVER, ServerProcess } from './server-process.ts';

/**
 * The priority of the process, below that of PostgreSQL and of the test. All of the traffic goes through the proxies in the
 * test, so on a busy machine a test that had to wait for the replicas would look like an outage of PostgreSQL.
 */
const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;
/** How often a replica whose start fails for a temporary reason is started. */
const START_ATTEMPTS = 3;

export interface ReplicaOptions {
  name: string;
  postgres: { port: number; url: string };
  /** A pooler before PostgreSQL; null without one. */
  pooler?: { port: number } | null;
  redis: { port: number; url: string };
  environment: Record<string, string>;
  /** The `server.ts` of another version of the service. */
  server?: string | undefined;
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

export class ReplicaProcess {
  readonly name: string;
  /** The direct way to PostgreSQL. */
  readonly postgres: TcpProxy;
  /** The way to the pooler; null without one. */
  readonly pooler: TcpProxy | null;
  readonly redis: TcpProxy;
  readonly #server: ServerProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #cleanUp: () => void;

  private constructor(
    name: string,
    server: ServerProcess,
    proxies: { postgres: TcpProxy; redis: TcpProxy; pooler: TcpProxy | null },
  ) {
    this.name = name;
    this.#server = server;
    this.postgres = proxies.postgres;
    this.redis = proxies.redis;
    this.pooler = proxies.pooler;
    const directory = mkdtempSync(join(tmpdir(), 'rekey-replica-'));
    const pidFile = join(directory, 'replica.pid');
    writeFileSync(pidFile, String(server.pid));
    const cancelReaper = reapAtExit(directory, pidFile, 'KILL');
    this.#cleanUp = () => {
      rmSync(directory, { recursive: true, force: true });
      cancelReaper();
    };
  }

  /** Resolves when it reports that it is ready. */
  static async start({
    name,
    postgres,
    pooler = null,
    redis,
    environment,
    server: file = SERVER,
  }: ReplicaOptions): Promise<ReplicaProcess> {
    const proxyTo = ({ port }: { port: number }) => startProxy({ host: '127.0.0.1', port });
    const [toPostgres, toRedis] = await Promise.all([proxyTo(postgres), proxyTo(redis)]);
    const toPooler = pooler && (await proxyTo(pooler));
    const direct = toPostgres.url(postgres.url);
    const startServer = () =>
      new ServerProcess({
        command: [...NODE, file],
        environment: {
          HOST: '127.0.0.1',
          DATABASE_URL: toPooler?.url(postgres.url) ?? direct,
          ...(toPooler ? { DATABASE_DIRECT_URL: direct } : {}),
          REDIS_URL: toRedis.url(redis.url),
          // A previous version may not know this variable. An empty one counts as not set.
          ...(file === SERVER ? {} : { REKEY_STOP_DELAY_SECONDS: '' }),
          ...environment,
        },
        preload: 'skew-clock.ts',
      });
    const proxies = { postgres: toPostgres, redis: toRedis, pooler: toPooler };
    for (let attempt = 1; ; attempt++) {
      const server = startServer();
      setPriority(server.pid, PRIORITY);
      const replica = new ReplicaProcess(name, server, proxies);
      try {
        await server.ready();
        return replica;
      } catch (error) {
        // A busy machine may be too slow for a start. A supervisor would start it again.
        const isTemporary = !server.isRunning && (await server.exited()).code === 1;
        if (isTemporary && attempt < START_ATTEMPTS) {
          replica.#cleanUp();
          continue;
        }
        await replica.kill();
        throw error;
      }
    }
  }

  get isRunning(): boolean {
    return this.#server.isRunning;
  }

  /** The address on which it listens. */
  get url(): string {
    return this.#server.url;
  }

  /** Sends one request over a kept connection. Rejects if the connection ends before the response. */
  ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
    const reply = Promise.withResolvers<Reply>();
    const asked = request(new URL(path, this.#server.url), { agent: this.#agent, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => reply.resolve({ status: answer.statusCode!, headers: answer.headers, text }));
      answer.on('error', reply.reject);
    });
    asked.on('error', reply.reject);
    asked.end(body);
    return reply.promise;
  }

  // biome-ignore lint/suspicious/noExplicitAny: any selection
  async graphql(query: string, variables: object, bearer?: string): Promise<any> {
    const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) };
    const reply = await this.ask('POST', '/graphql', headers, JSON.stringify({ query, variables }));
    return JSON.parse(reply.text);
  }

  /** The result of one mutation. Throws if the response has no data. */
  // biome-ignore lint/suspicious/noExplicitAny: any selection
  async mutate(field: string, input: object | null, selection: string, bearer?: string): Promise<any> {
    const type = `${field[0]!.toUpperCase()}${field.slice(1)}`;
    const [declared, given] = input ? [`($input: ${type}Input!)`, '(input: $input)'] : ['', ''];
    const document = `mutation ${declared} { ${field}${given} { __typename ... on ${type}Success { ${selection} } } }`;
    const answer = await this.graphql(document, { input }, bearer);
    const result = answer.data?.[field];
    if (result?.__typename !== `${type}Success`) throw new Error(`${this.name}, ${field}: ${JSON.stringify(answer)}`);
    return result;
  }

  /** The sum of a metric over the series whose labels contain this text. */
  async metric(name: string, labels = ''): Promise<number> {
    const { text } = await this.ask('GET', '/metrics');
    return text
      .split('\n')
      .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Returns when the replica has read everything that was sent to it before. */
  async untilRequestsAreRead(): Promise<void> {
    for (let trips = 0; trips < 3; trips++) await this.ask('GET', '/livez');
  }

  /** Sets its clocks; see skew-clock.ts. */
  async skewClock(skew: { wallOffsetMs?: number; monotonicStands?: boolean }): Promise<void> {
    await this.#server.ask(skew);
  }

  /** Pauses the process at any point. Its connections stay open. */
  freeze(): void {
    this.#server.pause();
  }

  thaw(): void {
    this.#server.resume();
  }

  /** Ends the process without deregistration. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the process with SIGTERM, so that it deregisters. */
  async leave(): Promise<void> {
    const { code, signal } = await this.#end('SIGTERM');
    if (code !== 0) throw new Error(`${this.name} exited with ${code ?? signal} instead of 0.`);
  }

  async #end(signal: NodeJS.Signals): Promise<Exit> {
    this.#server.kill(signal);
    const exit = await this.#server.exited();
    this.#agent.destroy();
    await Promise.all([this.postgres.close(), this.redis.close(), this.pooler?.close()]);
    this.#cleanUp();
    return exit;
  }
}
