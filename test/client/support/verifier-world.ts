// A verifier, a service of three replicas and a network that loses, delays, holds and repeats answers. It knows when each
// revocation was answered, and checks every yes of the verifier against it.
import fc from 'fast-check';
import type { Verify } from '../../../src/client/verifier.ts';
import { FakeService, refusal, UNREACHABLE } from './fake-service.ts';
import { settle, VirtualTime } from './virtual-time.ts';

export type VerifierCode = typeof import('../../../src/client/verifier.ts');

const REPLICAS = 3;
const HONOURED_WITHIN_MS = 1000;
/** A verifier that is not used for so long stops following. In production it is ten times as long. */
export const IDLE_MS = 3000;

/** One key of each kind of owner, and the event that ends it. */
const KEYS = [
  { secret: 'rka_1', credentialId: 'key_1', userId: 'usr_1', kind: 'API_KEY', subject: 'key_1' },
  { secret: 'rka_2', credentialId: 'key_2', userId: 'usr_2', kind: 'USER', subject: 'usr_2' },
  { secret: 'rkd_3', credentialId: 'dmn_3', workspaceId: 'wsp_3', kind: 'DAEMON', subject: 'host-3' },
  { secret: 'rka_4', credentialId: 'key_4', userId: 'usr_4', kind: 'ALL', subject: '*' },
] as const;

const key = fc.nat({ max: KEYS.length - 1 });
const replica = fc.nat({ max: REPLICAS - 1 });
const endpoint = fc.constantFrom('poll', 'verify');

const command = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: fc.constant('verify'), key, replica }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait'), milliseconds: fc.constantFrom(1, 30, 260, 1100) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke'), key, appliedBy: fc.subarray([0, 1, 2]) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('apply'), replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('another event'), appliedBy: fc.subarray([0, 1, 2]) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('poll another replica'), replica }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('hold', 'release'), endpoint }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('cut', 'repeat', 'release'), endpoint: fc.constant('poll') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose the lease'), replica }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('trim the log', 'narrow the view', 'widen the view', 'rest') }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** The property that a revocation is honoured within 1 s of its answer. */
export function honoured({ verifierOf }: VerifierCode) {
  return fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 40, size: 'max' }), async (commands) => {
    const world = new World();
    world.start(verifierOf);
    for (const each of commands) await world.perform(each);
    await world.end();
  });
}

class World {
  readonly #time = new VirtualTime();
  readonly #service = new FakeService(this.#time, { replicas: REPLICAS, position: 5 });
  /** The answers that are held, by endpoint. */
  readonly #held: Record<'poll' | 'verify', (() => void)[]> = { poll: [], verify: [] };
  readonly #lastPage: { response?: Response } = {};
  /** When each key was revoked, and when its revocation was answered. */
  readonly #revoked = new Map<string, { sequence: number; answeredAt: number }>();
  readonly #running = new Set<Promise<void>>();
  #verify!: Verify;
  #violation: string | null = null;

  start(verifierOf: VerifierCode['verifierOf']): void {
    this.#service.pageSize = 1;
    for (const { secret, kind, subject, ...credential } of KEYS) this.#service.credential(secret, credential);
    const { monotonic, pause } = this.#time;
    this.#service.interference.poll = (answer) => this.#noting(answer());
    this.#verify = verifierOf(
      { url: 'http://rekey.internal', credential: 'rka_introspection' },
      { fetch: this.#service.fetch, monotonic, pause },
    );
  }

  async perform(command: Command): Promise<void> {
    const service = this.#service;
    const {
      replica = 0,
      appliedBy = [],
      endpoint = 'poll',
      key = 0,
    } = command as {
      replica?: number;
      appliedBy?: number[];
      endpoint?: 'poll' | 'verify';
      key?: number;
    };
    switch (command.do) {
      case 'verify':
        service.route.verify = replica;
        this.#start(KEYS[key]!.secret);
        break;
      case 'wait':
        await this.#time.advance((command as { milliseconds: number }).milliseconds);
        break;
      case 'rest':
        await this.#time.advance(IDLE_MS + 300);
        break;
      case 'revoke':
        await this.#revoke(KEYS[key]!, appliedBy);
        break;
      case 'answer':
        await this.#answer();
        break;
      case 'apply':
        service.replicas[replica]!.hasLease = true;
        service.apply(replica);
        break;
      case 'another event':
        await service.append('USER', 'usr_another', { appliedBy });
        break;
      case 'poll another replica':
        service.route.poll = replica;
        break;
      case 'lose the lease':
        service.replicas[replica]!.hasLease = false;
        break;
      case 'trim the log':
        service.trimmedBefore = service.log.length;
        break;
      case 'narrow the view':
        service.view = 'user';
        break;
      case 'widen the view':
        service.view = 'all';
        break;
      default:
        this.#disturb(command.do, endpoint);
    }
    await settle();
    if (this.#violation) throw new Error(this.#violation);
  }

  /** Delivers everything that is held, and waits for every verification. */
  async end(): Promise<void> {
    for (const endpoint of ['poll', 'verify'] as const) this.#disturb('release', endpoint);
    await settle();
    await Promise.all(this.#running);
    this.#verify.close();
    await settle();
    if (this.#violation) throw new Error(this.#violation);
  }

  #start(secret: string): void {
    const startedAt = this.#time.monotonic();
    const running = this.#verify(secret).then(
      ({ ok }) => {
        const { answeredAt = Number.POSITIVE_INFINITY } = this.#revoked.get(secret) ?? {};
        if (ok && startedAt >= answeredAt + HONOURED_WITHIN_MS) {
          this.#violation = `${secret} was accepted ${startedAt - answeredAt} ms after the answer to its revocation.`;
        }
      },
      () => undefined,
    );
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async #revoke({ secret, kind, subject, ...owner }: (typeof KEYS)[number], appliedBy: number[]): Promise<void> {
    if (this.#revoked.has(secret)) return;
    this.#service.end(secret);
    this.#revoked.set(secret, { sequence: this.#service.log.length + 1, answeredAt: Number.POSITIVE_INFINITY });
    const workspaceId = 'workspaceId' in owner ? owner.workspaceId : null;
    await this.#service.append(kind, subject, { workspaceId, appliedBy });
  }

  /** Answers the revocations: every replica applies the log, or has no lease. */
  async #answer(): Promise<void> {
    for (const [index, { hasLease }] of this.#service.replicas.entries()) if (hasLease) this.#service.apply(index);
    for (const each of this.#revoked.values()) each.answeredAt = Math.min(each.answeredAt, this.#time.monotonic());
  }

  #disturb(what: string, endpoint: 'poll' | 'verify'): void {
    const { interference } = this.#service;
    const held = this.#held[endpoint];
    const honest = endpoint === 'poll' ? (answer: () => Response) => this.#noting(answer()) : undefined;
    if (what === 'hold') {
      interference[endpoint] = async (answer) => {
        await new Promise<void>((resolve) => held.push(resolve));
        return answer();
      };
    } else if (what === 'cut') {
      interference[endpoint] = UNREACHABLE;
    } else if (what === 'repeat') {
      interference[endpoint] = () => this.#lastPage.response?.clone() ?? refusal(502, 'nothing');
    } else {
      interference[endpoint] = honest;
      for (const release of held.splice(0)) release();
    }
  }

  #noting(response: Response): Response {
    this.#lastPage.response = response.clone();
    return response;
  }
}
