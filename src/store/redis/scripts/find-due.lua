-- Finds what is due.
--
-- KEYS  per shard: due
-- ARGV  limit per shard
-- Gives per shard: {member, due, member, due, …}, oldest first.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local replies = {}
for shard, due in ipairs(KEYS) do
  replies[shard] = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1], 'WITHSCORES')
end
return replies
