-- Stores a schedule, unless its id is in use: src/store/decisions/schedule.ts.
--
-- KEYS  due, payloads, plan, sent
-- ARGV  member, id, payload, delay in ms, schedules per owner
-- Gives 'created', 'known' (the id is in use) or 'too-many'.

local due, payloads, plan, sent = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, id = ARGV[1], ARGV[2]
if redis.call('ZSCORE', due, member) or redis.call('EXISTS', sent) == 1 then return 'known' end
if redis.call('ZCARD', plan) >= tonumber(ARGV[5]) then return 'too-many' end
-- include time.lua
local dueAt = nowMs + tonumber(ARGV[4])
redis.call('ZADD', due, dueAt, member)
redis.call('ZADD', plan, dueAt, id)
redis.call('HSET', payloads, member, ARGV[3])
return 'created'
