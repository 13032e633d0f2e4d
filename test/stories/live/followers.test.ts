// What the position of a poll proves, with several replicas under load.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Receipt } from '../../support/history.ts';
import { inBackground } from '../../support/in-background.ts';
import { type Credential, Installation } from '../../support/installation.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { times } from '../../support/values.ts';

interface Revoked {
  tag: string;
  answeredAt: number;
}

interface Polled {
  replica: string;
  sentAt: number;
  after: number;
  status: number;
  /** Null if it was not answered with a position. */
  position: number | null;
}

/** The first polls that prove less than they must, as messages. */
function violations(polls: Polled[], revoked: Revoked[], sequences: Map<string, number>): string[] {
  const wrong: string[] = [];
  for (const { replica, sentAt, after, position } of polls) {
    if (position === null) continue;
    if (position < after) wrong.push(`${replica}: position ${position} is before \`after\`, ${after}`);
    for (const { tag, answeredAt } of revoked) {
      const sequence = sequences.get(tag)!;
      if (answeredAt < sentAt && position < sequence)
        wrong.push(`${replica}: position ${position} is before ${tag} at ${sequence}, answered before it was sent`);
    }
  }
  return wrong.slice(0, 10);
}

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('followers', { timeout: 180_000 }, () => {
  let rekey: Installation;
  beforeAll(async () => {
    rekey = await Installation.start({ leaseMs: 1000 });
  });
  afterAll(() => rekey?.destroy());

  const polls: Polled[] = [];
  const revoked: Revoked[] = [];

  async function revoke(by: ReplicaProcess, { id }: Credential): Promise<Receipt> {
    const { accessToken } = rekey.admin;
    const { receipt } = await by.mutate('revokeApiKey', { apiKeyId: id }, 'receipt { propagation }', accessToken);
    revoked.push({ tag: `key:${id}`, answeredAt: performance.now() });
    return receipt;
  }

  /** Three writers revoke these, through these replicas in turn. Returns how each one became certain. */
  async function revokeAll(keys: Credential[], by: ReplicaProcess[]): Promise<Set<string>> {
    const propagation = new Set<string>();
    const write = async (first: number) => {
      for (let turn = first; turn < keys.length; turn += 3)
        propagation.add((await revoke(by[turn % by.length]!, keys[turn]!)).propagation);
    };
    await Promise.all(times(3, write));
    return propagation;
  }

  /** Polls one replica after the other from the last position on, and waits for events every second time. */
  async function follow(first: number, isOver: () => boolean): Promise<void> {
    const { accessToken } = rekey.admin;
    let after = 0;
    for (let turn = first; !isOver(); turn++) {
      const replica = rekey.replicas[turn % rekey.replicas.length]!;
      const wait = turn % 2 ? 100 : 0;
      const sentAt = performance.now();
      const asked = `/v1/revocations?after=${after}&wait=${wait}`;
      const { status, text } = await replica.ask('GET', asked, { authorization: `Bearer ${accessToken}` });
      const page = status === 200 ? JSON.parse(text) : null;
      // Where there is more, the position is that of the last event, and it proves nothing yet.
      const position = page && !page.more ? Number(page.position) : null;
      polls.push({ replica: replica.name, sentAt, after, status, position });
      if (page) after = Number(page.position);
    }
  }

  test('every revocation that was answered before a poll was sent is at or before its position, also on replicas that lag', async () => {
    const [near, silent, slow] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const keys = await rekey.apiKeys(90);
    slow.postgres.delay(30);
    let isOver = false;
    const following = inBackground(Promise.all(times(6, (first) => follow(first, () => isOver))));
    try {
      expect(await revokeAll(keys.splice(0, 30), [near, silent, slow])).toContain('ACKNOWLEDGED');

      // Its syncs are not answered any more, so it applies nothing, and its lease ends.
      const held = silent.postgres.holdReplies();
      await held;
      expect(await revokeAll(keys.splice(0, 30), [near, slow])).toContain('LEASE_EXPIRED');

      await silent.postgres.heal();
      await slow.postgres.heal();
      await revokeAll(keys.splice(0), [near, silent, slow]);
    } finally {
      isOver = true;
      await Promise.all([silent.postgres.heal(), slow.postgres.heal()]);
      await following;
    }

    const sequences = new Map((await rekey.log()).map(({ tag, seq }) => [tag, seq]));
    expect(revoked.map(({ tag }) => sequences.has(tag))).not.toContain(false);
    expect(violations(polls, revoked, sequences)).toEqual([]);
    expect(new Set(polls.map(({ status }) => status))).toEqual(new Set([200, 503]));
    for (const { name } of rekey.replicas) {
      const answered = polls.filter(({ replica, position }) => replica === name && position !== null);
      expect(answered.length, name).toBeGreaterThan(10);
    }
  });
});
