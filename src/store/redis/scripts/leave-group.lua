-- Ends a membership: src/store/decisions/membership.ts. Another member becomes the owner, or the group is gone with its messages; its
-- counter stays for headMs.
--
-- KEYS  group, members, roll, log, talk, head, standing
-- ARGV  user id, headMs
-- Gives the number of the user's listing (list-group.lua), or nil if the user was not in it.
--
-- The hash of members is described in join-group.lua.

local call, match = redis.call, string.match
local group, members, roll, log, talk, standing = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[7]
local user = ARGV[1]

local place = call('HGET', members, user)
if not place then return false end
call('HDEL', members, user)
call('ZREM', roll, user)
call('ZREM', standing, user)
if call('HLEN', members) == 0 then
  call('DEL', group, talk)
  -- Not deleted: its time to live must stay, the appends that follow may not set it (append.lua).
  call('XTRIM', log, 'MAXLEN', 0)
  call('PEXPIRE', KEYS[6], ARGV[2])
elseif call('HGET', group, 'owner') == user then
  call('HSET', group, 'owner', call('ZRANGE', standing, 0, 0)[1])
end
return match(place, '%d+$')
