-- Reads some fields of a hash, in the order of their bytes.
--
-- KEYS  the hash, a sorted set of its fields
-- ARGV  behind which one ('-': from the first), how many at most
-- Gives 1 if there are more, and of each its name and value.

local found = redis.call('ZRANGE', KEYS[2], ARGV[1], '+', 'BYLEX', 'LIMIT', 0, tonumber(ARGV[2]) + 1)
local isMore = #found > tonumber(ARGV[2])
if isMore then found[#found] = nil end
local reply = { isMore and 1 or 0 }
for _, field in ipairs(found) do
  reply[#reply + 1] = field
  reply[#reply + 1] = redis.call('HGET', KEYS[1], field)
end
return reply
