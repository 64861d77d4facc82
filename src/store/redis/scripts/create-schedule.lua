-- Stores a schedule, unless its id is in use.
--
-- KEYS  due, payloads, sent
-- ARGV  member, payload, delay in ms
-- Gives 1, or 0 if the id is in use.

local due, payloads, sent = KEYS[1], KEYS[2], KEYS[3]
local member = ARGV[1]
if redis.call('ZSCORE', due, member) or redis.call('EXISTS', sent) == 1 then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', due, time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3]), member)
redis.call('HSET', payloads, member, ARGV[2])
return 1
