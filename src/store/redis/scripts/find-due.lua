-- Finds what is due.
--
-- KEYS  per shard: due
-- ARGV  limit per shard
-- Gives per shard: {member, due, member, due, …}, oldest first.

-- include time.lua
local replies = {}
for shard, due in ipairs(KEYS) do
  replies[shard] = redis.call('ZRANGE', due, '-inf', nowMs, 'BYSCORE', 'LIMIT', 0, ARGV[1], 'WITHSCORES')
end
return replies
