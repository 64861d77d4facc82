-- The first step of an invitation: lists it with its user. What counts is what the group has (change-group.lua).
--
-- KEYS  the user's invitations, watchers
-- ARGV  group, who invites, invitationsMax
-- Gives 1, or 0: the account was deleted.
--
-- The hash of a user's invitations: name of the group → "time in microseconds:who invites". Of an account that was deleted there is
-- none (delete-account.lua).

local call, match = redis.call, string.match
local list = KEYS[1]
if call('GET', KEYS[2]) == '[]' then return 0 end
-- include time.lua
call('HSET', list, ARGV[1], string.format('%d:%s', nowMicros, ARGV[2]))
if call('HLEN', list) <= tonumber(ARGV[3]) then return 1 end
local all = call('HGETALL', list)
local oldest, oldestAt
for item = 1, #all, 2 do
  local at = tonumber(match(all[item + 1], '^%d+'))
  if not oldest or at < oldestAt then oldest, oldestAt = all[item], at end
end
call('HDEL', list, oldest)
return 1
