-- Ends a membership. Another member becomes the owner, or the group is gone with its messages; its counter stays.
--
-- KEYS  group, members, roll, log
-- ARGV  user id
-- Gives the number of the user's listing (list-group.lua), or nil if the user was not in it.
--
-- The hash of members is described in join-group.lua.

local call, match = redis.call, string.match
local group, members, roll, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local user = ARGV[1]

local function longestStanding()
  local places = call('HGETALL', members)
  local first, firstOrder
  for field = 1, #places, 2 do
    local order = tonumber(match(places[field + 1], '^%d+:%d+:(%d+)'))
    if not first or order < firstOrder then first, firstOrder = places[field], order end
  end
  return first
end

local place = call('HGET', members, user)
if not place then return false end
call('HDEL', members, user)
call('ZREM', roll, user)
if call('HLEN', members) == 0 then
  call('DEL', group)
  -- Not deleted: its time to live must stay, the appends that follow may not set it (append.lua).
  call('XTRIM', log, 'MAXLEN', 0)
elseif call('HGET', group, 'owner') == user then
  call('HSET', group, 'owner', longestStanding())
end
return match(place, '%d+$')
