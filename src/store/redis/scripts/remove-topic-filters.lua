-- Takes filters from the list of their session.
--
-- KEYS  sessions of the owner: client id → how many filters; filters of the session → options
-- ARGV  client id, filters
-- Gives how many are left.

local call = redis.call
local sessions, own = unpack(KEYS)
for at = 2, #ARGV do call('HDEL', own, ARGV[at]) end
local left = call('HLEN', own)
if left == 0 then call('HDEL', sessions, ARGV[1]) else call('HSET', sessions, ARGV[1], left) end
return left
