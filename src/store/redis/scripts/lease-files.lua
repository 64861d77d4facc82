-- Leases files whose bytes are to be removed.
--
-- KEYS  expiry
-- ARGV  limit, lease in ms
-- Gives {'<owner>.<id>', …}, those that expired first.

-- include time.lua
local leased = redis.call('ZRANGE', KEYS[1], '-inf', nowMs, 'BYSCORE', 'LIMIT', 0, ARGV[1])
for _, member in ipairs(leased) do
  redis.call('ZADD', KEYS[1], nowMs + tonumber(ARGV[2]), member)
end
return leased
