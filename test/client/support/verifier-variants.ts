// Copies of the verifier with one mistake each. Every mistake looks reasonable, and lets a revoked key live.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IDLE_MS, type VerifierCode } from './verifier-world.ts';

interface Edit {
  file: string;
  /** Must occur exactly once, so that an edit that no longer matches is an error. */
  find: string;
  replace: string;
}

const memory = (find: string, replace: string): Edit => ({ file: 'answer-memory.ts', find, replace });
const follower = (find: string, replace: string): Edit => ({ file: 'follower.ts', find, replace });
const subjects = (find: string, replace: string): Edit => ({ file: 'subjects.ts', find, replace });

const POSITION = "const position = positionOf(headers.get('x-rekey-position'));";

/** The seeds only save time: with another seed, the search finds the same mistake some hundred runs later. */
export const VARIANTS: { variant: string; edits: Edit[]; seed?: number }[] = [
  { variant: 'the feed is trusted for ever', edits: [follower('const FRESH_MS = 1000;', 'const FRESH_MS = 1e9;')] },
  {
    variant: 'the feed is trusted from the arrival of an answer on',
    seed: 7,
    edits: [follower('this.#currentAt = sentAt;', 'this.#currentAt = this.#options.runtime.monotonic();')],
  },
  { variant: 'an answer that has more is trusted', seed: 85, edits: [follower('if (more) return;', '')] },
  {
    variant: 'a narrower view is trusted',
    seed: 19,
    edits: [follower("if (view !== 'all') {", "if (view === 'nothing') {")],
  },
  {
    variant: 'the verifier starts again and forgets nothing',
    edits: [
      follower('if (after === null) memory.restart(position);', ''),
      memory('if (this.#beginning === null || position < this.#beginning) return false;', ''),
      memory('this.#kept.clear();', ''),
    ],
  },
  {
    variant: 'events are not compared when an answer is given again',
    edits: [memory('if (now < kept.endsAt && this.#isAdmissible(kept))', 'if (now < kept.endsAt)')],
  },
  {
    variant: 'events are not compared with an answer that arrives after them',
    seed: 10,
    edits: [
      memory(
        'this.#version++;\n    this.#events.delete(subject);',
        'this.#version++;\n    this.#kept.clear();\n    this.#events.delete(subject);',
      ),
      memory('if (subjects.some((subject) => (this.#events.get(subject) ?? -1n) > position)) return false;', ''),
    ],
  },
  {
    variant: 'an answer counts as new as the feed, not as the replica that gave it',
    seed: 10,
    edits: [
      memory(
        POSITION,
        'const position = headers.get("x-rekey-position") === null ? null : ([...this.#events.values()].at(-1) ?? this.#beginning);',
      ),
    ],
  },
  {
    variant: 'an answer without a position is kept',
    seed: 110,
    edits: [memory(POSITION, POSITION.replace(';', ' ?? 10n ** 18n;'))],
  },
  {
    variant: 'an answer from before the beginning is kept',
    seed: 24,
    edits: [memory('if (this.#beginning === null || position < this.#beginning) return false;', '')],
  },
  {
    variant: 'a newer event of a subject is lost',
    edits: [
      memory(
        'this.#events.set(subject, event.sequence);',
        'if (!this.#events.has(subject)) this.#events.set(subject, -1n);',
      ),
    ],
  },
  {
    variant: 'ALL is a subject like others',
    seed: 4,
    edits: [subjects('default:\n      return null;', 'default:\n      return credentialId;')],
  },
  {
    variant: 'an event about a daemon is about an id',
    edits: [
      subjects("    case 'DAEMON_TOKEN':\n", "    case 'DAEMON_TOKEN':\n    case 'DAEMON':\n"),
      subjects("    case 'DAEMON':\n      return workspaceId === null ? null : daemonsOf(workspaceId);\n", ''),
    ],
  },
  {
    variant: 'the user of a key is forgotten',
    seed: 11,
    edits: [subjects('if (userId !== null) subjects.push(userId);', '')],
  },
];

// A run rests now and then, and each poll of that time costs as much as a command.
const SMALLER: Edit[] = [follower('const IDLE_MS = 30_000;', `const IDLE_MS = ${IDLE_MS};`)];

/** Loads the verifier with these edits, and deletes the copy after use. */
export async function withEdits<T>(edits: readonly Edit[], use: (code: VerifierCode) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-verifier-'));
  try {
    cpSync(join(import.meta.dirname, '..', '..', '..', 'src', 'client'), directory, { recursive: true });
    for (const { file, find, replace } of [...SMALLER, ...edits]) {
      const source = readFileSync(join(directory, file), 'utf8');
      const count = source.split(find).length - 1;
      if (count !== 1) throw new Error(`src/client/${file} has this ${count} times, not once: ${find}`);
      writeFileSync(
        join(directory, file),
        source.replace(find, () => replace),
      );
    }
    return await use(await import(pathToFileURL(join(directory, 'verifier.ts')).href));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
