-- Finds how far members of a group have got.
--
-- KEYS  members, delivered, read
-- ARGV  number, namedMax
-- Gives members, members that have got so far, members that have read so far, and, if these are not too many, {user id, delivered, …}
--       and {user id, read, …}.
--
-- The sorted sets are described in mark-member.lua.

local call = redis.call
local members, delivered, read = call('HLEN', KEYS[1]), KEYS[2], KEYS[3]
local reply = { members, call('ZCOUNT', delivered, ARGV[1], '+inf'), call('ZCOUNT', read, ARGV[1], '+inf') }
if members <= tonumber(ARGV[2]) then
  reply[4] = call('ZRANGE', delivered, 0, -1, 'WITHSCORES')
  reply[5] = call('ZRANGE', read, 0, -1, 'WITHSCORES')
end
return reply
