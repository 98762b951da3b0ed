import type { RedisClient } from "@parley/bus";
import type { Result } from "ioredis";

// KEYS[1] is the bucket's name ("{…}"), from which a script makes its keys: all of one slot.
//   :claims        hash  user → "node epoch"
//   :claimed:N:E   set   users claimed for that incarnation
//   :user:U        hash  connection → json
//   :at:N:E        set   users with a connection under that incarnation
//   :online        sorted set of users with a connection, in the order of their names
//   :seen:U        string, ms; kept for 30 days

/** ARGV: user, node, epoch, claim to replace or "". Answers the claim that stands. */
const claim = `
local claims = KEYS[1] .. ':claims'
local wanted = ARGV[2] .. ' ' .. ARGV[3]
local standing = redis.call('HGET', claims, ARGV[1])
if standing and standing ~= ARGV[4] then return standing end
if standing then
  local node, epoch = string.match(standing, '^(%S+) (%d+)$')
  redis.call('SREM', KEYS[1] .. ':claimed:' .. node .. ':' .. epoch, ARGV[1])
end
redis.call('HSET', claims, ARGV[1], wanted)
redis.call('SADD', KEYS[1] .. ':claimed:' .. ARGV[2] .. ':' .. ARGV[3], ARGV[1])
return wanted
`;

/** ARGV: user, node, epoch. */
const release = `
local claims = KEYS[1] .. ':claims'
if redis.call('HGET', claims, ARGV[1]) ~= ARGV[2] .. ' ' .. ARGV[3] then return 0 end
redis.call('HDEL', claims, ARGV[1])
redis.call('SREM', KEYS[1] .. ':claimed:' .. ARGV[2] .. ':' .. ARGV[3], ARGV[1])
return 1
`;

/** ARGV: user, connection, json, node, epoch. A user without a claim is claimed for the node of the connection. */
const put = `
redis.call('HSET', KEYS[1] .. ':user:' .. ARGV[1], ARGV[2], ARGV[3])
redis.call('SADD', KEYS[1] .. ':at:' .. ARGV[4] .. ':' .. ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[1] .. ':online', 0, ARGV[1])
if redis.call('HSETNX', KEYS[1] .. ':claims', ARGV[1], ARGV[4] .. ' ' .. ARGV[5]) == 1 then
  redis.call('SADD', KEYS[1] .. ':claimed:' .. ARGV[4] .. ':' .. ARGV[5], ARGV[1])
end
return 1
`;

const dropIfOffline = `
local function drop_if_offline(bucket, user, at)
  if redis.call('EXISTS', bucket .. ':user:' .. user) == 1 then return end
  redis.call('ZREM', bucket .. ':online', user)
  local seen = bucket .. ':seen:' .. user
  local before = tonumber(redis.call('GET', seen) or 0)
  redis.call('SET', seen, string.format('%.0f', math.max(before, tonumber(at))), 'EX', 2592000)
end
local function has_other(connections, node, epoch)
  for _, json in ipairs(redis.call('HVALS', connections)) do
    local held = cjson.decode(json)
    if held.node == node and string.format('%.0f', held.epoch) == epoch then return true end
  end
  return false
end
`;

/** ARGV: user, connection, at ms. Answers 1 if the entry was there. The claim goes with its last connection. */
const remove = `${dropIfOffline}
local connections = KEYS[1] .. ':user:' .. ARGV[1]
local json = redis.call('HGET', connections, ARGV[2])
if not json then return 0 end
redis.call('HDEL', connections, ARGV[2])
local held = cjson.decode(json)
local epoch = string.format('%.0f', held.epoch)
if not has_other(connections, held.node, epoch) then
  redis.call('SREM', KEYS[1] .. ':at:' .. held.node .. ':' .. epoch, ARGV[1])
  if redis.call('HGET', KEYS[1] .. ':claims', ARGV[1]) == held.node .. ' ' .. epoch then
    redis.call('HDEL', KEYS[1] .. ':claims', ARGV[1])
    redis.call('SREM', KEYS[1] .. ':claimed:' .. held.node .. ':' .. epoch, ARGV[1])
  end
end
drop_if_offline(KEYS[1], ARGV[1], ARGV[3])
return 1
`;

/** ARGV: users. Answers for each: its connections as a list of json, and last seen or "". */
const query = `
local answer = {}
for _, user in ipairs(ARGV) do
  table.insert(answer, redis.call('HVALS', KEYS[1] .. ':user:' .. user))
  table.insert(answer, redis.call('GET', KEYS[1] .. ':seen:' .. user) or '')
end
return answer
`;

/** ARGV: the user after whom to go on or "", how many. Answers user, connections, seen, … */
const online = `
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local answer = {}
for _, user in ipairs(redis.call('ZRANGE', KEYS[1] .. ':online', from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])) do
  table.insert(answer, user)
  table.insert(answer, redis.call('HVALS', KEYS[1] .. ':user:' .. user))
  table.insert(answer, redis.call('GET', KEYS[1] .. ':seen:' .. user) or '')
end
return answer
`;

/** Removes what a dead incarnation left behind, a bounded piece at a time. ARGV: node, epoch, at ms, how many. */
const reap = `${dropIfOffline}
local node, epoch = ARGV[1], ARGV[2]
local reaped = 0
for _, user in ipairs(redis.call('SPOP', KEYS[1] .. ':at:' .. node .. ':' .. epoch, ARGV[4])) do
  local connections = KEYS[1] .. ':user:' .. user
  local entries = redis.call('HGETALL', connections)
  for i = 1, #entries, 2 do
    local held = cjson.decode(entries[i + 1])
    if held.node == node and string.format('%.0f', held.epoch) == epoch then
      redis.call('HDEL', connections, entries[i])
    end
  end
  drop_if_offline(KEYS[1], user, ARGV[3])
  reaped = reaped + 1
end
for _, user in ipairs(redis.call('SPOP', KEYS[1] .. ':claimed:' .. node .. ':' .. epoch, ARGV[4])) do
  if redis.call('HGET', KEYS[1] .. ':claims', user) == node .. ' ' .. epoch then
    redis.call('HDEL', KEYS[1] .. ':claims', user)
  end
  reaped = reaped + 1
end
return reaped
`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    parleyClaim(bucket: string, user: string, node: string, epoch: number, replaced: string): Result<string, Context>;
    parleyRelease(bucket: string, user: string, node: string, epoch: number): Result<number, Context>;
    parleyPut(
      bucket: string,
      user: string,
      connection: string,
      json: string,
      node: string,
      epoch: number,
    ): Result<number, Context>;
    parleyRemove(bucket: string, user: string, connection: string, at: number): Result<number, Context>;
    parleyQuery(bucket: string, ...users: string[]): Result<(string[] | string)[], Context>;
    parleyOnline(bucket: string, after: string, limit: number): Result<(string[] | string)[], Context>;
    parleyReap(bucket: string, node: string, epoch: number, at: number, limit: number): Result<number, Context>;
  }
}

export function defineUserScripts(client: RedisClient): void {
  const scripts = {
    parleyClaim: claim,
    parleyRelease: release,
    parleyPut: put,
    parleyRemove: remove,
    parleyQuery: query,
    parleyOnline: online,
    parleyReap: reap,
  };
  for (const [name, lua] of Object.entries(scripts)) client.defineCommand(name, { numberOfKeys: 1, lua });
}
