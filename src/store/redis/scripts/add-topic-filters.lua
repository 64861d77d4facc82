-- Lists filters with their session, all or none.
--
-- KEYS  sessions of the owner: client id → how many filters; filters of the session → options
-- ARGV  client id, how many filters a session and how many sessions an owner may have, and of each filter: it, its options
-- Gives 'kept', 'too-many-filters' or 'too-many-sessions'.

local call = redis.call
local sessions, own = unpack(KEYS)
local clientId = ARGV[1]
local known = call('HLEN', own)
if known == 0 and call('HLEN', sessions) >= tonumber(ARGV[3]) then return 'too-many-sessions' end
local fresh = {}
local count = known
for at = 4, #ARGV, 2 do
  if not fresh[ARGV[at]] and call('HEXISTS', own, ARGV[at]) == 0 then
    fresh[ARGV[at]] = true
    count = count + 1
  end
end
if count > tonumber(ARGV[2]) then return 'too-many-filters' end
for at = 4, #ARGV, 2 do call('HSET', own, ARGV[at], ARGV[at + 1]) end
call('HSET', sessions, clientId, count)
return 'kept'
