// The scripts of Redis. KEYS[1] is a hash: `owner` has the token of the replica that executes, `wanted` says that another
// replica waits, `result` is a result that is kept. KEYS[2] is a result that was handed over. ARGV[1] is the token. Each script
// returns texts.

/** Takes the lock for ARGV[2] ms, or asks its owner for the result. Returns { owner }, or { owner, kept result, ms left }. */
export const JOIN = `
local owner = redis.call('HGET', KEYS[1], 'owner')
if not owner then
  redis.call('HSET', KEYS[1], 'owner', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { ARGV[1] }
end
local result = redis.call('HGET', KEYS[1], 'result')
if result then return { owner, result, tostring(redis.call('PTTL', KEYS[1])) } end
redis.call('HSET', KEYS[1], 'wanted', '1')
return { owner }
`;

/** Keeps the lock for ARGV[2] ms more, if it is still held. */
export const RENEW = `
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {}
`;

/** Gives the lock up. If ARGV[2] is '1' and a replica waits, it keeps the lock and returns { '1' }: it wants the result. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {} end
if ARGV[2] == '1' and redis.call('HGET', KEYS[1], 'wanted') then return { '1' } end
redis.call('DEL', KEYS[1])
return {}
`;

/**
 * Hands the result ARGV[2] over. It stays for ARGV[3] ms for those who wait, or for ARGV[4] ms for all, if that is not 0.
 * A replica that has lost its lock hands nothing over.
 */
export const GIVE = `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {} end
if tonumber(ARGV[4]) > 0 then
  redis.call('HSET', KEYS[1], 'result', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return {}
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[1])
return {}
`;

/** Looks for the result of the owner. Returns { 'running' }, { 'ended', result, ms left }, or { 'lost' }. */
export const LOOK = `
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then
  local result = redis.call('HGET', KEYS[1], 'result')
  if not result then return { 'running' } end
  return { 'ended', result, tostring(redis.call('PTTL', KEYS[1])) }
end
local result = redis.call('GET', KEYS[2])
if result then return { 'ended', result, '0' } end
return { 'lost' }
`;
