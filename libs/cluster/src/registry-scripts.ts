import type { RedisClient } from "@parley/bus";
import type { Result } from "ioredis";

// All times are Redis' own (TIME): the clocks of the nodes never meet. "%.0f", since Lua would print 1.7e+12.
const shared = `
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function number_of(text) return text and tonumber(string.match(text, '^(%d+)')) or 0 end
`;

/**
 * Renews leases and shows everything, in one step. ARGV: new generation, lease ms, then node, epoch, json for each
 * lease. A lease is refused ("lost") when somebody has acted on its end (fenced), when a newer incarnation holds it,
 * or when the node said goodbye; one that merely ran out unnoticed is taken up again. Outcome of a lease: 0 lost,
 * 1 renewed, 2 renewed and asked to drain.
 */
const beat = `${shared}
local meta, nodes, leases, left, fenced, incarnations = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local drains = KEYS[7]
local now = now_ms()
if redis.call('HSETNX', meta, 'generation', ARGV[1]) == 1 then
  redis.call('HSET', meta, 'since', string.format('%.0f', now))
end
local outcomes = {}
for i = 3, #ARGV, 3 do
  local node, epoch, json = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local isLost = number_of(redis.call('HGET', fenced, node)) >= epoch
    or number_of(redis.call('HGET', nodes, node)) > epoch
  if isLost then
    table.insert(outcomes, 0)
  else
    redis.call('HSET', nodes, node, ARGV[i + 1] .. ' ' .. json)
    redis.call('ZADD', leases, string.format('%.0f', now + ARGV[2]), node)
    redis.call('ZREM', left, node)
    redis.call('SADD', incarnations, node .. ' ' .. ARGV[i + 1])
    if epoch > tonumber(redis.call('HGET', meta, 'epoch') or 0) then redis.call('HSET', meta, 'epoch', ARGV[i + 1]) end
    table.insert(outcomes, redis.call('HGET', drains, node) == ARGV[i + 1] and 2 or 1)
  end
end
local all = {}
local held = redis.call('HGETALL', nodes)
for i = 1, #held, 2 do
  local untilMs = tonumber(redis.call('ZSCORE', leases, held[i]) or 0)
  table.insert(all, held[i])
  table.insert(all, untilMs > now and 1 or 0)
  table.insert(all, held[i + 1])
end
local age = now - (tonumber(redis.call('HGET', meta, 'since')) or now)
return {redis.call('HGET', meta, 'generation'), age, outcomes, all, redis.call('ZRANGE', left, 0, -1)}
`;

/** A new epoch and the lease with it. ARGV: node, json, lease ms, an epoch that it must exceed. */
const take = `${shared}
local meta, nodes, leases, left, fenced, incarnations = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local now = now_ms()
local last = tonumber(redis.call('HGET', meta, 'epoch') or 0)
-- The clock, so that epochs grow also across a Redis that lost its memory; the counter, should the clock go back.
local epoch = string.format('%.0f', math.max(now, last + 1, tonumber(ARGV[4]) + 1))
redis.call('HSET', meta, 'epoch', epoch)
redis.call('HSET', nodes, ARGV[1], epoch .. ' ' .. ARGV[2])
redis.call('ZADD', leases, string.format('%.0f', now + ARGV[3]), ARGV[1])
redis.call('ZREM', left, ARGV[1])
redis.call('HDEL', fenced, ARGV[1])
redis.call('HDEL', KEYS[7], ARGV[1])
redis.call('SADD', incarnations, ARGV[1] .. ' ' .. epoch)
return epoch
`;

/** A goodbye. ARGV: node, epoch. Goodbyes are remembered for a minute, until every view has seen them. */
const leave = `${shared}
local nodes, leases, left = KEYS[2], KEYS[3], KEYS[4]
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', left, '-inf', string.format('%.0f', now - 60000))
if number_of(redis.call('HGET', nodes, ARGV[1])) ~= tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', nodes, ARGV[1])
redis.call('ZREM', leases, ARGV[1])
redis.call('ZADD', left, string.format('%.0f', now), ARGV[1])
redis.call('HDEL', KEYS[7], ARGV[1])
return 1
`;

/**
 * Makes the death of nodes final. ARGV: step ms, then role, node, epoch for each. KEYS[8..] are the step keys, one a
 * death: all observers together bury only one batch a role and step. Answers 1 for each that is now dead.
 */
const fence = `${shared}
local nodes, leases, fenced = KEYS[2], KEYS[3], KEYS[5]
local now = now_ms()
local mayBury, outcomes = {}, {}
for i = 2, #ARGV, 3 do
  local role, node, epoch = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local isOver = number_of(redis.call('HGET', nodes, node)) == epoch
    and tonumber(redis.call('ZSCORE', leases, node) or 0) <= now
  if isOver and mayBury[role] == nil then
    local stepKey = KEYS[8 + (i - 2) / 3]
    mayBury[role] = redis.call('SET', stepKey, '1', 'NX', 'PX', ARGV[1]) and true or false
  end
  if isOver and mayBury[role] then
    redis.call('HDEL', nodes, node)
    redis.call('ZREM', leases, node)
    redis.call('HDEL', KEYS[7], node)
    redis.call('HSET', fenced, node, ARGV[i + 2] .. ' ' .. string.format('%.0f', now))
    table.insert(outcomes, 1)
  else
    table.insert(outcomes, 0)
  end
end
local known = redis.call('HGETALL', fenced)
for i = 1, #known, 2 do
  local at = tonumber(string.match(known[i + 1], ' (%d+)$')) or 0
  if now - at > 86400000 then redis.call('HDEL', fenced, known[i]) end
end
return outcomes
`;

/** Asks the living incarnation of a node to drain. ARGV: node. Answers its epoch, or "" where there is none. */
const askDrain = `${shared}
local epoch = number_of(redis.call('HGET', KEYS[2], ARGV[1]))
if epoch == 0 or tonumber(redis.call('ZSCORE', KEYS[3], ARGV[1]) or 0) <= now_ms() then return '' end
redis.call('HSET', KEYS[7], ARGV[1], string.format('%.0f', epoch))
return string.format('%.0f', epoch)
`;

/** Whether these incarnations hold a lease now. ARGV: node, epoch, … */
const holds = `${shared}
local nodes, leases = KEYS[2], KEYS[3]
local now, outcomes = now_ms(), {}
for i = 1, #ARGV, 2 do
  local isHeld = number_of(redis.call('HGET', nodes, ARGV[i])) == tonumber(ARGV[i + 1])
    and tonumber(redis.call('ZSCORE', leases, ARGV[i]) or 0) > now
  table.insert(outcomes, isHeld and 1 or 0)
end
return outcomes
`;

/** Incarnations that are surely over (gone or replaced, not merely late). ARGV: none. */
const dead = `${shared}
local nodes, incarnations = KEYS[2], KEYS[6]
local over = {}
for _, entry in ipairs(redis.call('SMEMBERS', incarnations)) do
  local node, epoch = string.match(entry, '^(%S+) (%d+)$')
  if node == nil or number_of(redis.call('HGET', nodes, node)) ~= tonumber(epoch) then table.insert(over, entry) end
end
return over
`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    parleyBeat(
      ...args: (string | number)[]
    ): Result<[string, number, number[], (string | number)[], string[]], Context>;
    parleyTake(...args: (string | number)[]): Result<string, Context>;
    parleyLeave(...args: (string | number)[]): Result<number, Context>;
    parleyFence(...args: (string | number)[]): Result<number[], Context>;
    parleyAskDrain(...args: (string | number)[]): Result<string, Context>;
    parleyHolds(...args: (string | number)[]): Result<number[], Context>;
    parleyDead(...args: (string | number)[]): Result<string[], Context>;
  }
}

export function defineRegistryScripts(client: RedisClient): void {
  client.defineCommand("parleyBeat", { numberOfKeys: 7, lua: beat });
  client.defineCommand("parleyTake", { numberOfKeys: 7, lua: take });
  client.defineCommand("parleyLeave", { numberOfKeys: 7, lua: leave });
  // The number of keys goes first: one step key a death.
  client.defineCommand("parleyFence", { lua: fence });
  client.defineCommand("parleyAskDrain", { numberOfKeys: 7, lua: askDrain });
  client.defineCommand("parleyHolds", { numberOfKeys: 7, lua: holds });
  client.defineCommand("parleyDead", { numberOfKeys: 7, lua: dead });
}
