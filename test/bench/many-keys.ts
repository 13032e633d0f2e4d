// Databases with a thousand and with a million API keys that differ in nothing else.
import { SEALED } from '../support/constants.ts';
import { ID_OF_I, MILLION } from './access-tokens.ts';
import type { Servers } from './servers.ts';

export const THOUSAND_KEYS = 1000;
export const MILLION_KEYS = MILLION;
/** How many keys the member of the benchmarks has, in a workspace of which the member is the owner. */
export const OWN_KEYS = 1000;
/** How many keys are unlike all others: never used, without an expiry, found by a search, about to expire. */
export const RARE = 20;
export const MEMBER = 'usr_01K00000000000000000000001';
export const WORKSPACE = 'wsp_01K00000000000000000000001';
/** A word in the names of the rare keys. */
export const RARE_WORD = 'needle';

const USERS = 1000;
const user = (i: string) => `'usr_01K0000000000000000000' || lpad((1000 + ${i} % ${USERS})::text, 4, '0')`;
const workspace = (i: string) => `'wsp_01K0000000000000000000' || lpad((1000 + ${i} % ${USERS})::text, 4, '0')`;
const COLUMNS = `id, user_id, workspace_id, created_by, name, description, hint, secret_hash, scopes, permissions,
  created_at, dated_at, expires_at, revoked_at, revocation_reason`;

/**
 * The keys, the oldest first, created evenly over two years. A quarter of them belongs to workspaces. One in twenty is
 * revoked. `$1` is their number.
 */
const INSERT_KEYS = `insert into api_keys (${COLUMNS})
  select 'key_' || ${ID_OF_I}, case when n % 4 = 0 then null else ${user('n')} end,
    case when n % 4 < 2 then ${workspace('n')} end, ${user('n')},
    (case when is_rare then '${RARE_WORD} ' else 'service ' end) || md5(n::text),
    case when n % 3 = 0 then 'runs in region ' || n % 97 end, 'rka_…' || lpad((n % 10000)::text, 4, '0'), 'hash of ' || n,
    '{API_KEYS_READ}', '{orders:read}', created_at, created_at,
    case when is_rare and n / ($1::int / ${RARE}) % 2 = 0 then null when is_rare then now() + interval '1 hour'
      else now() + make_interval(days => 30 + (n % 300)) end,
    case when n % 20 = 7 and not is_rare then now() end, case when n % 20 = 7 and not is_rare then 'UNSPECIFIED' end
  from (select n, n * (${MILLION} / $1::int) as i, n % ($1::int / ${RARE}) = 0 as is_rare,
      now() - interval '2 years' * (1 - n::float8 / $1::int) as created_at
    from generate_series(1, $1::int - 1) as n) as keys
  where i % ${MILLION / OWN_KEYS} <> ${MILLION / OWN_KEYS - 1}`;

/** The keys of the member are between the others. */
const INSERT_OWN_KEYS = `insert into api_keys (${COLUMNS})
  select 'key_' || ${ID_OF_I}, '${MEMBER}', '${WORKSPACE}', '${MEMBER}', 'own ' || n, null, 'rka_…0000',
    'hash of own ' || n, '{API_KEYS_READ}', '{}', now(), now(), now() + interval '40 days', null, null
  from (select n, n * ${MILLION / OWN_KEYS} - 1 as i from generate_series(1, ${OWN_KEYS}) as n) as keys`;

/** All but the rare keys were used within the last ten days. */
const INSERT_USES = `insert into credential_usage (credential_id, last_used_at)
  select id, now() - make_interval(mins => (hashtext(id) & 16383)) from api_keys where name not like '${RARE_WORD}%'
  on conflict (credential_id) do update set last_used_at = excluded.last_used_at`;

/** Makes a database with this many keys. Returns the environment of a replica on it. */
export async function databaseWithKeys(servers: Servers, size: number): Promise<Record<string, string>> {
  const name = `keys_${size}`;
  const environment = await servers.database(name);
  await servers.fill(name, [
    [
      `insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
      select id, '${SEALED}', id::bytea, '${SEALED}', 'MEMBER', '', now() from (
        select ${user('n')} as id from generate_series(1, ${USERS}) as n union all select '${MEMBER}') as users`,
    ],
    [
      `insert into workspaces (id, name, created_at) select id, 'x', now() from (
        select ${workspace('n')} as id from generate_series(1, ${USERS}) as n union all select '${WORKSPACE}') as workspaces`,
    ],
    [
      `insert into workspace_members (workspace_id, user_id, role, created_at)
      values ('${WORKSPACE}', '${MEMBER}', 'OWNER', now())`,
    ],
    [INSERT_KEYS, [size]],
    [INSERT_OWN_KEYS],
    [INSERT_USES],
    ['vacuum (analyze) api_keys, credential_usage, users, workspaces, workspace_members'],
    ['checkpoint'], // Otherwise the server would still write these rows to the disk during the measurement.
  ]);
  return environment;
}
