// One replica as a process of its own, with a proxy of its own before each server it talks to.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { reapWhenWeAreGone } from './ports.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
const MOST_LOGGED = 200;

export interface ReplicaOptions {
  name: string;
  postgres: { port: number; url: string };
  redis: { port: number; url: string };
  environment: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

export class Replica {
  readonly name: string;
  readonly postgres: TcpProxy;
  readonly redis: TcpProxy;
  /** The last lines that it wrote, whatever to. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #forget: () => void;
  #port = 0;

  private constructor(name: string, child: ChildProcess, proxies: [TcpProxy, TcpProxy]) {
    this.name = name;
    this.#child = child;
    [this.postgres, this.redis] = proxies;
    const directory = mkdtempSync(join(tmpdir(), 'rekey-replica-'));
    const pidFile = join(directory, 'replica.pid');
    writeFileSync(pidFile, String(child.pid));
    const cancelReaper = reapWhenWeAreGone(directory, pidFile, 'KILL');
    this.#forget = () => {
      rmSync(directory, { recursive: true, force: true });
      cancelReaper();
    };
  }

  /** Resolves when it says that it is ready. */
  static async start({ name, postgres, redis, environment }: ReplicaOptions): Promise<Replica> {
    const proxies = await Promise.all([postgres, redis].map(({ port }) => startProxy({ host: '127.0.0.1', port })));
    const [toPostgres, toRedis] = proxies as [TcpProxy, TcpProxy];
    const env = {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: toPostgres.url(postgres.url),
      REDIS_URL: toRedis.url(redis.url),
      ...environment,
    };
    const preload = new URL('skew-clock.ts', import.meta.url).href;
    const child = spawn(process.execPath, ['--import', preload, join(ROOT, 'src', 'server.ts')], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const replica = new Replica(name, child, [toPostgres, toRedis]);
    try {
      await replica.#ready();
    } catch (error) {
      await replica.kill();
      throw error;
    }
    return replica;
  }

  async #ready(): Promise<void> {
    const ready = Promise.withResolvers<number>();
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface(stream).on('line', (line) => {
        this.log.push(line);
        if (this.log.length > MOST_LOGGED) this.log.shift();
        const port = /^Rekey is ready: http:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
        if (port) ready.resolve(Number(port));
      });
    }
    this.#child.once('exit', () => ready.reject(new Error(`${this.name} ended at once:\n${this.log.join('\n')}`)));
    this.#port = await ready.promise;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** One request over a kept connection. Rejects where the connection ends before the answer. */
  ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
    const reply = Promise.withResolvers<Reply>();
    const asked = request(
      { agent: this.#agent, host: '127.0.0.1', port: this.#port, method, path, headers },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => reply.resolve({ status: answer.statusCode!, headers: answer.headers, text }));
        answer.on('error', reply.reject);
      },
    );
    asked.on('error', reply.reject);
    asked.end(body);
    return reply.promise;
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the document asked for
  async graphql(query: string, variables: object, bearer?: string): Promise<any> {
    const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) };
    const reply = await this.ask('POST', '/graphql', headers, JSON.stringify({ query, variables }));
    return JSON.parse(reply.text);
  }

  /** The result of one mutation. Throws where it was not answered with data. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever was selected
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

  /** Returns once everything that was sent to it before has been read. */
  async hasReadItsRequests(): Promise<void> {
    for (let trips = 0; trips < 3; trips++) await this.ask('GET', '/livez');
  }

  /** Sets its clocks; see skew-clock.ts. */
  async skewClock(skew: { wallOffsetMs?: number; monotonicStands?: boolean }): Promise<void> {
    const done = once(this.#child, 'message');
    this.#child.send(skew);
    await done;
  }

  /** Stands still in the middle of whatever it does, its connections open. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Is gone, without a word. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Is asked to leave, and has left. */
  async leave(): Promise<void> {
    await this.#end('SIGTERM');
    if (this.#child.exitCode !== 0) throw new Error(`${this.name} left with ${this.#child.exitCode ?? 'a signal'}.`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.isAlive) {
      const exit = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exit;
    }
    this.#agent.destroy();
    await Promise.all([this.postgres.close(), this.redis.close()]);
    this.#forget();
  }
}
