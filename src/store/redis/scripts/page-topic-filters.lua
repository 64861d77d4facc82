-- Reads some filters of a shard, in the order of their bytes.
--
-- KEYS  filters of the shard, changes, version, order (keys.ts)
-- ARGV  behind which one ('-': from the first), how many at most
-- Gives 1 if there are more, and of each the session and filter, and its options.

local found = redis.call('ZRANGE', KEYS[4], ARGV[1], '+', 'BYLEX', 'LIMIT', 0, tonumber(ARGV[2]) + 1)
local isMore = #found > tonumber(ARGV[2])
if isMore then found[#found] = nil end
local reply = { isMore and 1 or 0 }
for _, key in ipairs(found) do
  reply[#reply + 1] = key
  reply[#reply + 1] = redis.call('HGET', KEYS[1], key)
end
return reply
