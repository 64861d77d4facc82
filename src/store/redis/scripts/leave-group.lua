-- Ends a membership: src/store/decisions/membership.ts. Another member becomes the owner, or the group is gone with its messages; its
-- counter stays for headMs.
--
-- KEYS  group, members, roll, log, talk, head, standing, invited, removed, delivered, read
-- ARGV  user id, headMs, changesMax
-- Gives the number of the user's listing (list-group.lua), or nil if the user was not in it.
--
-- The hash of members is described in join-group.lua.

local call, match, format = redis.call, string.match, string.format
local group, members, roll, log, talk, standing = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[7]
local user = ARGV[1]
-- include admins.lua
-- include group-keys.lua

-- The longest-standing of the admins, without them of the members.
local function heirOf(admins)
  local heir, first
  for admin in string.gmatch(admins, '%d+') do
    local order = tonumber(call('ZSCORE', standing, admin))
    if not first or order < first then heir, first = admin, order end
  end
  return heir or call('ZRANGE', standing, 0, 0)[1]
end

local place = call('HGET', members, user)
if not place then return false end
call('HDEL', members, user)
call('ZREM', roll, user)
call('ZREM', standing, user)
call('ZREM', KEYS[10], user)
call('ZREM', KEYS[11], user)
call('HDEL', talk, '=' .. user)
if call('HLEN', members) == 0 then
  endKeys(user)
  call('DEL', group, talk, KEYS[8], KEYS[9])
  -- Not deleted: its time to live must stay, the appends that follow may not set it (append.lua).
  call('XTRIM', log, 'MAXLEN', 0)
  call('PEXPIRE', KEYS[6], ARGV[2])
  return match(place, '%d+$')
end
local isChanged = leaveKeys(ARGV[3], 'left', user, user)
local admins, isOwner = call('HGET', group, 'admins') or '', call('HGET', group, 'owner') == user
if isOwner or isAmong(admins, user) then
  local others = without(admins, user)
  if isOwner then
    local heir = heirOf(others)
    others = without(others, heir)
    call('HSET', group, 'owner', heir)
  end
  call('HSET', group, 'admins', others)
  isChanged = true
end
if isChanged then call('HINCRBY', group, 'version', 1) end
return match(place, '%d+$')
