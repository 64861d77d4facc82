-- How many files there are, and who has most.
--
-- KEYS  bytes of all, owners, expiry
-- ARGV  owners that are named
-- Gives {files, bytes, owner, bytes, owner, bytes, …}, those with most first.

local call = redis.call
local counts = { call('ZCARD', KEYS[3]), tonumber(call('GET', KEYS[1]) or 0) }
for _, value in ipairs(call('ZRANGE', KEYS[2], 0, ARGV[1] - 1, 'REV', 'WITHSCORES')) do
  counts[#counts + 1] = value
end
return counts
